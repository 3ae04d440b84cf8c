"""The stores on one database, as short calls, with a clock that tests can move."""

import json
from collections.abc import Sequence
from typing import Any, Self

from swarm_memory.models.caller import Caller, Origin, Request
from swarm_memory.models.knowledge import Knowledge
from swarm_memory.models.memory import Memory
from swarm_memory.models.operations import Append, Delete, Increment, Operation, Store
from swarm_memory.models.replication import Replication
from swarm_memory.models.search import Filters
from swarm_memory.models.values import encode
from swarm_memory.storage.database import Database, Location
from swarm_memory.storage.freshness import Freshness
from swarm_memory.storage.memories import MemoryStore, add_knowledge, change_of, replace_knowledge
from swarm_memory.storage.migrate import Schema
from swarm_memory.storage.queries import Row, SqlValue, Statement
from swarm_memory.storage.search import SearchReads
from swarm_memory.storage.writer import Writer

PROJECT = "here"
NAMESPACE = "default"
ORIGIN = Origin("ann", "session-1", "host-1", "main", "abc")
DAY = 86_400_000


def store(key: str, value: Any = ..., **given: Any) -> Store:
    """A store operation; without a value it publishes the key again."""
    return Store(NAMESPACE, key, None if value is ... else encode(value), **given)


def delete(key: str, **given: Any) -> Delete:
    """A deletion by key."""
    return Delete(NAMESPACE, key, **given)


def increment(key: str, by: float) -> Increment:
    """An addition; an integer stays one."""
    return Increment(NAMESPACE, key, by)


def append(key: str, item: Any) -> Append:
    """An item for a list."""
    return Append(NAMESPACE, key, encode([item]))


class MovedClock:
    """A database whose time is ``offset`` milliseconds ahead, for reads; ``Bench.move_clock`` moves that of writes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.offset = 0
        self.mode = database.mode
        self.engine = database.engine

    async def read(self, *statements: Statement) -> list[list[Row]]:
        return await self._database.read(*statements)

    async def write(self, statements: Sequence[Statement]) -> list[list[Row]]:
        return await self._database.write(statements)

    def now(self) -> int:
        return self._database.now() + self.offset

    def close(self) -> None:
        self._database.close()

    async def aclose(self) -> None:
        await self._database.aclose()

    async def prepare(self) -> Schema:
        return await self._database.prepare()

    def at(self, location: Location) -> Self:
        return self if location == "auto" else type(self)(self._database.at(location))

    def pulse(self) -> object:
        return self._database.pulse()

    def freshness(self) -> Freshness:
        return self._database.freshness()

    async def replication(self) -> Replication | None:
        return await self._database.replication()

    async def synchronise(self, seconds: float) -> bool:
        return await self._database.synchronise(seconds)


class Bench:
    """One database with its stores. A new writer purges with its first write, so ``fresh_writer`` makes it due."""

    def __init__(self, database: Database) -> None:
        self.database = MovedClock(database)
        self.memories = MemoryStore(self.database)
        self.search = SearchReads(self.database)
        self.writer = Writer(self.database)

    async def apply(
        self, *operations: Operation, request: Request | None = None, project: str = PROJECT
    ) -> list[dict[str, Any]]:
        caller = Caller(project, ORIGIN)
        return await self.writer.apply([change_of(one, caller) for one in operations], request)

    async def add(self, piece: Knowledge, project: str = PROJECT) -> dict[str, Any]:
        [outcome] = await self.writer.apply([add_knowledge(piece, Caller(project, ORIGIN))])
        return outcome

    async def replace(self, id_: str, piece: Knowledge, if_version: int | None = None) -> dict[str, Any]:
        [outcome] = await self.writer.apply([replace_knowledge(id_, piece, if_version, Caller(PROJECT, ORIGIN))])
        return outcome

    async def get(self, key: str) -> Memory | None:
        return await self.memories.by_key(PROJECT, NAMESPACE, key)

    async def value(self, key: str) -> Any:
        """The value; ... where there is none."""
        memory = await self.get(key)
        return ... if memory is None else memory.value

    async def found(self, word: str, **filters: Any) -> set[str]:
        """Keys or topics that a word finds, in any project."""
        [nums] = await self.search.matching([f'"{word}"'], 200)
        passing = await self.search.passing(nums, Filters(PROJECT, **filters), own=None)
        memories = await self.memories.by_nums(passing)
        return {str(memory.key or memory.topic) for memory in memories.values()}

    async def tagged(self, *tags: str, **filters: Any) -> set[str]:
        """Keys or topics with these tags."""
        candidates = await self.search.by_tags(Filters(PROJECT, tags=tags, **filters), own=None, limit=200)
        memories = await self.memories.by_nums([one.num for one in candidates])
        return {str(memory.key or memory.topic) for memory in memories.values()}

    async def keys(self) -> list[str]:
        return [one.key for one in await self.memories.entries(PROJECT, NAMESPACE, "", "", 1_000)]

    async def history(self, key: str) -> list[tuple[int, Any, bool]]:
        """(version, value, deleted), newest first."""
        found = await self.memories.history((PROJECT, NAMESPACE, key), 2**53, 1_000, 1_000_000)
        assert found is not None
        return [(one.version, None if one.deleted else _value(one), bool(one.deleted)) for one in found[1]]

    async def sql(self, text: str, *args: SqlValue) -> list[Row]:
        """Rows of any statement, run as a write."""
        [rows] = await self.database.write([Statement("test", text, args)])
        return rows

    async def seq(self) -> int:
        [[(seq,)]] = await self.database.read(Statement("test", "SELECT coalesce(max(seq), 0) FROM changes"))
        return int(str(seq))

    async def check_index(self) -> None:
        """Raise if the index differs from the table that it indexes, or tags from those of the live rows."""
        await self.sql("INSERT INTO memory_index (memory_index, rank) VALUES ('integrity-check', 1)")
        kept = await self.sql("SELECT tag, memory FROM memory_tags ORDER BY 1, 2")
        true = await self.sql(
            "SELECT DISTINCT value, num FROM memories, json_each(tags) WHERE buried = 0 ORDER BY 1, 2"
        )
        assert kept == true

    async def move_clock(self, milliseconds: int) -> None:
        """Let the database's time be so much later than now, for writes and reads."""
        self.database.offset = milliseconds
        now = f"CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER) + {milliseconds}"
        await self.database.write(
            [Statement("test", "DROP VIEW clock"), Statement("test", f"CREATE VIEW clock AS SELECT {now} AS now")]
        )

    def fresh_writer(self) -> None:
        self.writer = Writer(self.database)


def _value(version: Any) -> Any:
    return version.content if version.format == "text" else json.loads(version.content)
