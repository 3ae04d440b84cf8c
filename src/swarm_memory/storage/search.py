"""Finding memories: by words in the index, by tags, by time."""

from collections.abc import Sequence
from dataclasses import dataclass

from swarm_memory.models.search import Filters
from swarm_memory.models.values import to_json
from swarm_memory.storage.database import Database
from swarm_memory.storage.queries import SqlValue, load_queries

_SQL = load_queries("search")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A memory that matched: its row number, and whether it is of the project."""

    num: int
    own: bool


class SearchReads:
    """Candidates for a query. Expired memories never match."""

    def __init__(self, database: Database) -> None:
        """Read from ``database``."""
        self._database = database

    def now(self) -> int:
        """The time at which reads look, in milliseconds since 1970 UTC."""
        return self._database.now()

    async def matching(self, expressions: Sequence[str], limit: int) -> list[list[int]]:
        """Row numbers that each FTS5 expression matches, at most ``limit`` of each, newest first, on one snapshot.

        Their words must be quoted. What has expired and is not purged yet may be among them.
        """
        if not expressions:
            return []
        query = _SQL["matching"]
        found = await self._database.read(*(query.bind(match=one, limit=limit) for one in expressions))
        return [[int(row[0]) for row in rows] for rows in found]  # pyright: ignore[reportArgumentType] - a rowid

    async def passing(self, nums: Sequence[int], filters: Filters, *, own: bool | None) -> list[int]:
        """Those of the memories that live and pass the filters.

        Args:
            nums: Their row numbers.
            filters: What a result must be; the project is that of the caller.
            own: True: of the project only; False: of all others only; None: of any.
        """
        statement = _SQL["passing"].bind(nums=to_json(list(nums)), **self._filter(filters, own=own))
        [rows] = await self._database.read(statement)
        return [int(row[0]) for row in rows]  # pyright: ignore[reportArgumentType] - the INTEGER KEY

    async def num_of(self, id_: str) -> int:
        """The row number of a memory that is there; 0 where none is."""
        [rows] = await self._database.read(_SQL["num_of_id"].bind(id=id_))
        return int(str(rows[0][0])) if rows else 0

    async def projects(self) -> list[str]:
        """Names of projects that have memories, by name; at most 10,000."""
        [rows] = await self._database.read(_SQL["projects"].bind())
        return [str(row[0]) for row in rows]

    async def by_tags(self, filters: Filters, *, own: bool | None, limit: int) -> list[Candidate]:
        """The newest memories with the tags of the filters."""
        [rows] = await self._database.read(_SQL["match_tags"].bind(limit=limit, **self._filter(filters, own=own)))
        return [Candidate(int(num), bool(is_own)) for num, is_own in rows]  # pyright: ignore[reportArgumentType] - numbers

    async def newest(self, filters: Filters, *, decisions: bool, limit: int) -> list[int]:
        """Row numbers of the project's newest memories, or of those that hold a decision by tag or key."""
        query = _SQL["newest_decisions" if decisions else "newest"]
        [rows] = await self._database.read(
            query.bind(
                project=filters.project,
                namespace=filters.namespace,
                kind=filters.kind,
                since=filters.since,
                limit=limit,
                now=self._database.now(),
            )
        )
        return [int(row[0]) for row in rows]  # pyright: ignore[reportArgumentType] - the column is an INTEGER KEY

    def _filter(self, filters: Filters, *, own: bool | None) -> dict[str, SqlValue]:
        tags = filters.tags
        return {
            "project": filters.project,
            "only_own": None if own is None else int(own),
            "namespace": filters.namespace,
            "kind": filters.kind,
            "since": filters.since,
            "tags": to_json(list(tags)) if tags else None,
            "tags_needed": len(tags) if filters.all_tags else 1,
            "now": self._database.now(),
        }
