"""What a local store holds, for a primary: reads of the file, and repeatable writes there.

The rules are those of ``services/transfer.py``.
"""

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from swarm_memory.config import Settings
from swarm_memory.errors import SchemaMismatch
from swarm_memory.models.values import to_json
from swarm_memory.storage.database import Database
from swarm_memory.storage.local import open_local
from swarm_memory.storage.primary import Primary
from swarm_memory.storage.queries import Query, Row, Statement, load_queries
from swarm_memory.storage.remote import RemoteDatabase

_SQL = load_queries("transfer")
_HAS_MIGRATIONS: Final = load_queries("migrate")["has_migrations"]
_STATEMENT_BYTES: Final = 1_500
"""About what a statement takes in a request besides its values."""
_REQUEST_SECONDS: Final = 30.0
"""A request of half a megabyte may take so long at least: a person waits, and lines may be slow."""


@dataclass(frozen=True, slots=True)
class Head:
    """What a memory of the file is told by; ``num`` is its row there."""

    num: int
    id: str
    project: str
    namespace: str
    key: str | None
    digest: str | None


@dataclass(frozen=True, slots=True)
class Found:
    """What the primary has where a memory would go.

    Attributes:
        version: Of the memory with its id; 0: it is dead; None: there is none.
        past: Past versions of that memory, where it lives.
        is_held: A living memory has its key.
        is_known: The same knowledge lives there.
    """

    version: int | None
    past: frozenset[int]
    is_held: bool
    is_known: bool


@dataclass(frozen=True, slots=True)
class Parcel:
    """One row on its way: a statement that may be run twice, and about how many bytes it takes in a request."""

    statement: Statement
    bytes: int


class Source:
    """The local store; it is only read."""

    def __init__(self, database: Database) -> None:
        """Read from ``database``."""
        self._database = database

    async def last_num(self) -> int:
        """Row number of the newest memory; 0: there is none."""
        [[(num,)]] = await self._database.read(_SQL["last_num"].bind())
        return int(str(num))

    async def heads(self, after: int, limit: int) -> list[Head]:
        """Living memories behind this row number, in the order in which they were made."""
        query = _SQL["heads"].bind(after=after, limit=limit, now=self._database.now())
        [rows] = await self._database.read(query)
        return [Head(*row) for row in rows]  # pyright: ignore[reportArgumentType] - columns of a STRICT table

    async def memory(self, num: int) -> Parcel | None:
        """The whole memory; None where it has died meanwhile."""
        [rows] = await self._database.read(_SQL["memory"].bind(num=num, now=self._database.now()))
        return _parcel(_SQL["move_memory"], rows[0]) if rows else None

    async def past(self, num: int) -> list[int]:
        """Its past versions, oldest first."""
        [rows] = await self._database.read(_SQL["past"].bind(num=num, now=self._database.now()))
        return [int(str(version)) for (version,) in rows]

    async def version(self, head: Head, version: int) -> Parcel | None:
        """One past version; None where it is gone meanwhile."""
        [rows] = await self._database.read(_SQL["version"].bind(num=head.num, version=version))
        return _parcel(_SQL["move_version"], (*rows[0], head.id)) if rows else None

    async def swarms(self, after: int, limit: int) -> list[tuple[int, str, Parcel]]:
        """Row number, id and row of the swarms behind this row number."""
        [rows] = await self._database.read(_SQL["swarms"].bind(after=after, limit=limit))
        return [(int(str(num)), str(row[0]), _parcel(_SQL["move_swarm"], row)) for num, *row in rows]


class Target:
    """The primary."""

    def __init__(self, remote: RemoteDatabase) -> None:
        """Write to this one; nothing is asked yet."""
        self._remote = remote
        self._is_empty = False

    @property
    def host(self) -> str:
        """Host and port of the primary."""
        return self._remote.primary.host

    async def ready(self, *, writes: bool) -> None:
        """Bring the primary's schema up; one that is empty is left so where nothing is to be written.

        Raises:
            SchemaMismatch: Its schema is newer than this program may write.
            StorageError: It cannot be asked.
        """
        if not writes:
            self._is_empty = not await holds_store(self._remote.primary)
            if self._is_empty:
                return
        schema = await self._remote.prepare()
        if not schema.writable:
            raise SchemaMismatch(
                "The primary's store was made by a newer version, which this one may only read.",
                next_step="install a newer swarm-memory.",
            )

    async def look(self, heads: Sequence[Head]) -> list[Found]:
        """What is there already, for each of them."""
        if self._is_empty:
            return [Found(None, frozenset(), is_held=False, is_known=False) for _ in heads]
        wanted = [[head.id, head.project, head.namespace, head.key, head.digest] for head in heads]
        [rows] = await self._remote.read(_SQL["look"].bind(wanted=to_json(wanted)))
        return [_found(row) for row in rows]

    async def deliver(self, parcels: Sequence[Parcel], ids: Sequence[str]) -> set[str]:
        """Write them in one batch; those of the memories' ``ids`` that are there now."""
        present = _SQL["present"].bind(ids=to_json(list(ids)))
        *_, rows = await self._remote.write([*(parcel.statement for parcel in parcels), present])
        return {str(id_) for (id_,) in rows}

    async def present_swarms(self, ids: Sequence[str]) -> set[str]:
        """Those of the swarms that are there."""
        if self._is_empty:
            return set()
        [rows] = await self._remote.read(_SQL["present_swarms"].bind(ids=to_json(list(ids))))
        return {str(id_) for (id_,) in rows}


@asynccontextmanager
async def open_ends(settings: Settings, address: str) -> AsyncGenerator[tuple[Source, Target]]:
    """Open the local file, which must exist, and connect to the primary at this address.

    Raises:
        StorageError: The file cannot be opened, is damaged, or was made by a newer version.
    """
    local = await open_local(
        settings.database_path,
        busy_timeout=settings.busy_timeout,
        durability=settings.durability,
        engine=settings.engine,
    )
    remote = RemoteDatabase(Primary(address, settings.token, max(settings.primary_timeout, _REQUEST_SECONDS)))
    try:
        await local.prepare()
        yield Source(local), Target(remote)
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


def _parcel(query: Query, row: Sequence[object]) -> Parcel:
    statement = Statement(query.name, query.sql, tuple(row))  # pyright: ignore[reportArgumentType] - a row's values
    return Parcel(statement, len(json.dumps(statement.args)) + _STATEMENT_BYTES)


def _found(row: Row) -> Found:
    version, past, is_held, is_known = row
    known: list[int] = json.loads(str(past))
    return Found(
        None if version is None else int(str(version)),
        frozenset(known),
        is_held=bool(is_held),
        is_known=bool(is_known),
    )
