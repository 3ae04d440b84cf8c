"""Reads all that a store holds for others, in pages whose size is bounded."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Final

from swarm_memory.models.record import LessonRecord, Past, Record, SwarmRecord
from swarm_memory.storage.database import Database
from swarm_memory.storage.queries import Row, Statement, load_queries

_SQL = load_queries("export")
_ROWS: Final = 200
_BYTES: Final = 500_000
"""A page ends with the row that reaches so many bytes of content."""

# Each dataclass has the columns of its query, in the same order.
_RECORD: Final = tuple(field.name for field in fields(Record))
_PAST: Final = tuple(field.name for field in fields(Past))
_LESSON: Final = tuple(field.name for field in fields(LessonRecord))
_SWARM: Final = tuple(field.name for field in fields(SwarmRecord))


class ExportReads:
    """Pages of memories, versions and swarms, each with the row number behind which the next page begins."""

    def __init__(self, database: Database, project: str | None = None) -> None:
        """Read from ``database``, all projects or one."""
        self._database = database
        self._project = project

    async def last_num(self) -> int:
        """Row number of the newest memory; 0: there is none."""
        [[(num,)]] = await self._database.read(_SQL["last_num"].bind())
        return int(str(num))

    async def memories(self, after: int, last: int) -> list[tuple[int, Record]]:
        """The first memories, dead ones too, of the row numbers ``after`` < num ≤ ``last``."""
        query = _SQL["memories"].bind(after=after, last=last, **self._page())
        return [(num, Record(**fields)) for num, fields in await self._rows(query, _RECORD)]

    async def versions(self, after: tuple[int, int], last: int, limit: int = _ROWS) -> list[tuple[int, Past]]:
        """The first past versions behind (row number of a memory, version), up to the memory ``last``."""
        page = self._page() | {"limit": limit}
        query = _SQL["versions"].bind(after=after[0], after_version=after[1], last=last, **page)
        return [(num, Past(**fields)) for num, fields in await self._rows(query, _PAST)]

    async def lessons(self, after: int) -> list[tuple[int, LessonRecord]]:
        """What the first lessons behind this row number of a memory did."""
        query = _SQL["lessons"].bind(after=after, project=self._project, limit=_ROWS)
        return [(num, LessonRecord(**fields)) for num, fields in await self._rows(query, _LESSON)]

    async def swarms(self, after: int) -> list[tuple[int, SwarmRecord]]:
        """The first swarms behind this row number."""
        query = _SQL["swarms"].bind(after=after, project=self._project, limit=_ROWS)
        return [(num, SwarmRecord(**fields)) for num, fields in await self._rows(query, _SWARM)]

    def _page(self) -> dict[str, Any]:
        return {"project": self._project, "limit": _ROWS, "bytes": _BYTES, "now": self._database.now()}

    async def _rows(self, query: Statement, names: Sequence[str]) -> list[tuple[int, dict[str, Any]]]:
        [rows] = await self._database.read(query)
        return [_named(row, names) for row in rows]


def _named(row: Row, names: Sequence[str]) -> tuple[int, dict[str, Any]]:
    num, *values = row
    return int(str(num)), dict(zip(names, values, strict=True))
