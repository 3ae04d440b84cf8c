"""From one store to another: reads of the local file, and repeatable writes where it goes.

The rules are those of ``services/transfer.py`` and ``services/intake.py``.
"""

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Final

from swarm_memory.config import Settings
from swarm_memory.errors import SchemaMismatch
from swarm_memory.models.hints import hints_of
from swarm_memory.models.record import LessonRecord, Past, Record, SwarmRecord
from swarm_memory.models.values import to_json
from swarm_memory.storage.database import Database
from swarm_memory.storage.export import ExportReads
from swarm_memory.storage.local import open_local
from swarm_memory.storage.primary import Primary
from swarm_memory.storage.queries import Row, Statement, load_queries
from swarm_memory.storage.remote import RemoteDatabase

_SQL = load_queries("transfer")
_HAS_MIGRATIONS: Final = load_queries("migrate")["has_migrations"]
_STATEMENT_BYTES: Final = 1_500
"""About what a statement takes in a request besides its values."""
REQUEST_SECONDS: Final = 30.0
"""A request of half a megabyte may take so long at least: a person waits, and lines may be slow."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a memory is told by; ``num`` is its row in the file, ``record`` it itself where it is at hand."""

    num: int
    id: str
    project: str
    namespace: str
    key: str | None
    digest: str | None
    record: Record | None = None

    @classmethod
    def of(cls, record: Record) -> "Head":
        """Of a record that comes from no store."""
        return cls(0, record.id, record.project, record.namespace, record.key, record.digest, record)

    @property
    def wanted(self) -> list[str | None]:
        """For the query ``look``."""
        own = self.record
        compared = [None] * 5 if own is None else [own.format, own.content, own.topic, own.tags, own.attributes]
        return [self.id, self.project, self.namespace, self.key, self.digest, *compared]


@dataclass(frozen=True, slots=True)
class Found:
    """What the store has where a memory would go.

    Attributes:
        version: Of the memory with its id; 0: it is dead; None: there is none.
        past: Past versions of that memory, where it lives.
        is_held: A living memory has its key.
        is_known: The same knowledge lives there.
        is_taken: Something has its key, a tombstone perhaps.
        is_same: What lives with its id, or else under its key, is equal to it, where that was asked.
    """

    version: int | None
    past: frozenset[int]
    is_held: bool
    is_known: bool
    is_taken: bool
    is_same: bool


@dataclass(frozen=True, slots=True)
class Parcel:
    """One record on its way: statements that may be run twice, and about how many bytes they take in a request."""

    statements: tuple[Statement, ...]
    bytes: int


class Source:
    """The local store; it is only read."""

    def __init__(self, database: Database) -> None:
        """Read from ``database``."""
        self._database = database
        self._reads = ExportReads(database)

    async def last_num(self) -> int:
        """Row number of the newest memory; 0: there is none."""
        return await self._reads.last_num()

    async def heads(self, after: int, limit: int) -> list[Head]:
        """Living memories behind this row number, in the order in which they were made."""
        query = _SQL["heads"].bind(after=after, limit=limit, now=self._database.now())
        [rows] = await self._database.read(query)
        return [Head(*row) for row in rows]  # pyright: ignore[reportArgumentType] - columns of a STRICT table

    async def memory(self, num: int) -> Parcel | None:
        """The whole memory; None where it has died meanwhile."""
        found = await self._reads.memories(num - 1, num)
        return moving_memory(found[0][1]) if found and not found[0][1].buried else None

    async def past(self, num: int) -> list[int]:
        """Its past versions, oldest first."""
        [rows] = await self._database.read(_SQL["past"].bind(num=num, now=self._database.now()))
        return [int(str(version)) for (version,) in rows]

    async def version(self, head: Head, version: int) -> Parcel | None:
        """One past version; None where it is gone meanwhile."""
        found = await self._reads.versions((head.num, version - 1), head.num, limit=1)
        return moving_version(found[0][1]) if found and found[0][1].version == version else None

    async def swarms(self, after: int) -> list[tuple[int, SwarmRecord]]:
        """The first swarms behind this row number, each with its own."""
        return await self._reads.swarms(after)


class Target:
    """The store that takes."""

    def __init__(self, database: Database, *, is_empty: bool = False) -> None:
        """Write to this one; nothing is asked yet.

        Args:
            database: Where it goes.
            is_empty: There is no store yet, and none shall be made: it is not asked what is there.
        """
        self._database = database
        self._is_empty = is_empty

    async def ready(self) -> None:
        """Bring the schema up.

        Raises:
            SchemaMismatch: It is newer than this program may write.
            StorageError: The store cannot be asked.
        """
        if not self._is_empty and not (await self._database.prepare()).writable:
            raise SchemaMismatch(
                "The store that takes was made by a newer version, which this one may only read.",
                next_step="install a newer swarm-memory.",
            )

    async def look(self, heads: Sequence[Head]) -> list[Found]:
        """What is there already, for each of them."""
        if self._is_empty:
            return [_NOTHING for _ in heads]
        wanted = to_json([head.wanted for head in heads])
        [rows] = await self._database.at("primary").read(_SQL["look"].bind(wanted=wanted))
        return [_found(row) for row in rows]

    async def deliver(self, parcels: Sequence[Parcel], ids: Sequence[str]) -> set[str]:
        """Write them in one batch; those of the memories' ``ids`` that are there now."""
        present = _SQL["present"].bind(ids=to_json(list(ids)))
        statements = [statement for parcel in parcels for statement in parcel.statements]
        *_, rows = await self._database.write([*statements, present])
        return {str(id_) for (id_,) in rows}

    async def present_swarms(self, ids: Sequence[str]) -> set[str]:
        """Those of the swarms that are there."""
        if self._is_empty:
            return set()
        [rows] = await self._database.at("primary").read(_SQL["present_swarms"].bind(ids=to_json(list(ids))))
        return {str(id_) for (id_,) in rows}


@asynccontextmanager
async def open_ends(settings: Settings, address: str, *, dry_run: bool) -> AsyncGenerator[tuple[Source, Target]]:
    """Open the local file, which must exist, and connect to the primary at this address.

    A primary that is empty is left so in a dry run.

    Raises:
        StorageError: The file cannot be opened, is damaged, or was made by a newer version; or the primary cannot be
            asked.
    """
    local = await open_local(
        settings.database_path,
        busy_timeout=settings.busy_timeout,
        durability=settings.durability,
        engine=settings.engine,
    )
    remote = RemoteDatabase(Primary(address, settings.token, max(settings.primary_timeout, REQUEST_SECONDS)))
    try:
        await local.prepare()
        is_empty = dry_run and not await holds_store(remote.primary)
        yield Source(local), Target(remote, is_empty=is_empty)
    finally:
        local.close()
        remote.close()


async def holds_store(primary: Primary) -> bool:
    """Whether the primary holds a store of this program; nothing is made.

    Raises:
        StorageError: It cannot be asked.
    """
    [[(count,)]] = await primary.read(_HAS_MIGRATIONS.bind())
    return bool(count)


async def check_writable(primary: Primary) -> None:
    """Have the primary say whether this token may write; nothing is changed.

    Raises:
        StorageReadOnly: It may not.
        StorageError: The primary cannot be asked.
    """
    await primary.write([_SQL["may_write"].bind()])


def moving_memory(record: Record, *, replacing: bool = False) -> Parcel:
    """A living memory to where nothing lives, or over what is there."""
    hints = hints_of(record.key, record.topic, record.tags, record.attributes, record.body or record.content)
    fields = asdict(record) | {"size": record.size, "body": record.body, "hints": hints}
    del fields["buried"]
    if replacing:
        del fields["born"], fields["created_at"]
    return _parcel(_SQL["replace_memory" if replacing else "move_memory"].bind(**fields))


def moving_tombstone(record: Record) -> Parcel:
    """A tombstone to where nothing is."""
    fields = asdict(record)
    grave = {name: fields[name] for name in _SQL["make_grave"].params}
    place = {"id": record.id, "version": record.version}
    return _parcel(
        _SQL["make_grave"].bind(**grave),
        _SQL["bury"].bind(buried=record.buried, **place),
        _SQL["forget_grave"].bind(**place),
    )


def moving_version(past: Past) -> Parcel:
    """A past version behind its memory."""
    fields = asdict(past) | {"size": past.size, "id": past.memory}
    del fields["memory"], fields["kind"]
    return _parcel(_SQL["move_version"].bind(**fields))


def moving_lesson(lesson: LessonRecord) -> Parcel:
    """What a lesson did, behind its memory, where nothing is known of it yet."""
    return _parcel(_SQL["move_lesson"].bind(**asdict(lesson)))


def moving_swarm(swarm: SwarmRecord) -> Parcel:
    """A swarm to where none has its id."""
    return _parcel(_SQL["move_swarm"].bind(**asdict(swarm)))


def _parcel(*statements: Statement) -> Parcel:
    return Parcel(statements, sum(len(json.dumps(one.args)) + _STATEMENT_BYTES for one in statements))


_NOTHING: Final = Found(None, frozenset(), is_held=False, is_known=False, is_taken=False, is_same=False)


def _found(row: Row) -> Found:
    version, past, is_held, is_known, is_taken, is_same = row
    known: list[int] = json.loads(str(past))
    return Found(
        None if version is None else int(str(version)),
        frozenset(known),
        is_held=bool(is_held),
        is_known=bool(is_known),
        is_taken=bool(is_taken),
        is_same=bool(is_same),
    )
