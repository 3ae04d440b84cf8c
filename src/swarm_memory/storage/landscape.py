"""Reads of all memories without their texts, in slices and as changes."""

from dataclasses import dataclass
from typing import NamedTuple

from swarm_memory.storage.database import Database
from swarm_memory.storage.queries import load_queries

_SQL = load_queries("landscape")


class Place(NamedTuple):
    """A memory without its text. ``vectors`` are those of ``model``; both None where there are none yet."""

    num: int
    project: str
    conversation: str | None
    source: str | None
    agent: str | None
    size: int
    expires_at: int
    model: str | None
    vectors: bytes | None

    @property
    def is_buried(self) -> bool:
        """It is deleted, or expired and purged."""
        return self.expires_at == 0


@dataclass(frozen=True, slots=True)
class Position:
    """The store's epoch, its last change, and the first one that it still tells of."""

    epoch: str
    last: int
    first: int


class LandscapeReads:
    """What a process keeps of all memories."""

    def __init__(self, database: Database) -> None:
        """Read from ``database``."""
        self._database = database

    async def position(self) -> Position:
        """Where the store is now."""
        [[(epoch, last, first)]] = await self._database.read(_SQL["position"].bind())
        return Position(str(epoch), int(str(last)), int(str(first)))

    async def rows_after(self, num: int, limit: int) -> list[Place]:
        """The next memories behind a row number."""
        [rows] = await self._database.read(_SQL["rows_after"].bind(after=num, limit=limit))
        return [Place(*row) for row in rows]  # pyright: ignore[reportArgumentType] - columns as the STRICT table has them

    async def changed(self, after: int, until: int) -> list[Place]:
        """The memories that changed behind one position up to another, as they are now, by row number."""
        [rows] = await self._database.read(_SQL["rows_changed"].bind(after=after, until=until))
        return [Place(*row) for row in rows]  # pyright: ignore[reportArgumentType] - see rows_after
