"""Counts and sizes for a person who asks: each read goes through the whole store."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from swarm_memory.storage.database import Database
from swarm_memory.storage.queries import load_queries

_SQL = load_queries("stats")
_DAY: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class Totals:
    """Rows of the whole store.

    Attributes:
        tombstones: What was deleted, or has expired and was purged: the number of its version is kept.
        expired: What has expired and is not purged yet.
        first_change: When the oldest change happened that is kept, in milliseconds since 1970 UTC; 0: none is.
    """

    memories: int
    tombstones: int
    expired: int
    versions: int
    changes: int
    first_change: int
    requests: int


class StatsReads:
    """Reads of one store."""

    def __init__(self, database: Database) -> None:
        """Use ``database``."""
        self._database = database

    async def totals(self) -> Totals:
        """Rows of the whole store."""
        [[row]] = await self._database.read(_SQL["totals"].bind(now=self._database.now()))
        return Totals(*_integers(row))

    async def projects(self) -> list[tuple[str, list[int]]]:
        """Each project, the largest first: memories, bytes, newest change, and how many of each kind."""
        [rows] = await self._database.read(_SQL["projects"].bind(now=self._database.now()))
        return [(str(project), _integers(numbers)) for project, *numbers in rows]

    async def histories(self) -> dict[str, tuple[int, int]]:
        """Past versions of each project, and their bytes."""
        [rows] = await self._database.read(_SQL["histories"].bind())
        return {str(project): (int(str(count)), int(str(size))) for project, count, size in rows}

    async def days(self, number: int) -> list[int]:
        """Changes of each of the last days (UTC), today's last; only of those that are kept."""
        today = self._database.now() // _DAY
        [rows] = await self._database.read(_SQL["days"].bind(since=(today - number + 1) * _DAY))
        counts = {int(str(day)): int(str(count)) for day, count in rows}
        return [counts.get(today - ago, 0) for ago in reversed(range(number))]

    async def pages(self) -> tuple[int, int]:
        """Bytes of the database, and of its pages that hold nothing."""
        [[row]] = await self._database.read(_SQL["pages"].bind())
        size, free = _integers(row)
        return size, free


def _integers(row: Sequence[Any]) -> list[int]:
    return [int(one) for one in row]
