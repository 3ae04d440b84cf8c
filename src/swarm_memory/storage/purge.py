"""Takes memories out of the store and out of its bytes."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import anyio

from swarm_memory.models.values import to_json
from swarm_memory.storage.database import Database
from swarm_memory.storage.local import LocalDatabase
from swarm_memory.storage.queries import load_queries

_SQL = load_queries("purge")
_ROWS: Final = 200
_BYTES: Final = 1_000_000
"""What one batch purges ends with the memory that reaches so many bytes."""
_BATCH: Final = (
    "purge_words",
    "purge_tags",
    "purge_vectors",
    "purge_versions",
    "purge_outcomes",
    "purge_lesson_stats",
    "purge_lesson_uses",
    "record_purge",
    "purge_changes",
    "empty_last",
    "purge_memories",
)
_WAL_SECONDS: Final = 10.0
"""To wait for readers of the WAL."""
_WAL_RETRY: Final = 0.02


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to go: what fits all that is given.

    Attributes:
        keys: A JSON list.
        before: Not written since, in milliseconds since 1970 UTC.
    """

    project: str | None = None
    namespace: str | None = None
    keys: str | None = None
    id: str | None = None
    tag: str | None = None
    before: int | None = None
    agent: str | None = None


@dataclass(frozen=True, slots=True)
class Doomed:
    """A memory that fits a wish."""

    num: int
    size: int
    project: str
    namespace: str
    name: str


class PurgeStore:
    """Selects and purges, in batches of bounded size; each is done whole or not at all, and may be done twice."""

    def __init__(self, database: Database) -> None:
        """Purge from ``database``."""
        self._database = database

    async def selected(self, wish: Wish, after: int) -> list[Doomed]:
        """The first memories behind a row number that fit, for one batch."""
        query = _SQL["selected"].bind(after=after, limit=_ROWS, **asdict(wish))
        [rows] = await self._database.at("primary").read(query)
        found = [Doomed(*row) for row in rows]  # pyright: ignore[reportArgumentType] - columns of a STRICT table
        size = 0
        for number, one in enumerate(found, 1):
            size += one.size
            if size >= _BYTES:
                return found[:number]
        return found

    async def selected_versions(self, wish: Wish, after: tuple[int, int]) -> list[tuple[int, int]]:
        """(Row number, version) of the first past versions behind ``after`` that the wish's agent wrote."""
        page = {"after": after[0], "after_version": after[1], "limit": _ROWS}
        [rows] = await self._database.at("primary").read(_SQL["selected_versions"].bind(**page, **asdict(wish)))
        return [(int(str(num)), int(str(version))) for num, version in rows]

    async def purge(self, nums: Sequence[int]) -> None:
        """Purge these memories, with all that is kept of them."""
        given = to_json(list(nums))
        await self._database.write([_SQL[name].bind(nums=given) for name in _BATCH])

    async def purge_versions(self, pairs: Sequence[tuple[int, int]], agent: str) -> None:
        """Purge these past versions, and who wrote them from the change sequence."""
        given = to_json([list(pair) for pair in pairs])
        await self._database.write(
            [_SQL["forget_actor"].bind(pairs=given, agent=agent), _SQL["purge_some_versions"].bind(pairs=given)]
        )

    async def begin(self) -> None:
        """Before the first batch."""
        if isinstance(self._database, LocalDatabase):
            await self._database.alone(_SQL["overwrite_freed"].bind())

    async def scrub(self) -> bool:
        """Leave nothing behind: neither in the index's segments, nor, of a local file, in any of its bytes.

        Returns:
            False where a process reads the WAL all the time, so that it could not be emptied.
        """
        await self._database.write([_SQL["merge_words"].bind()])
        if not isinstance(self._database, LocalDatabase):
            return True
        await self._database.alone(_SQL["write_file_anew"].bind())
        deadline = time.monotonic() + _WAL_SECONDS
        while await self._reads_wal():
            if time.monotonic() >= deadline:
                return False
            await anyio.sleep(_WAL_RETRY)
        return True

    async def _reads_wal(self) -> bool:
        rows: Any = await self._database.read(_SQL["empty_wal"].bind())
        return bool(rows[0][0][0])
