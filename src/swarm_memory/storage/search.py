"""Finding memories: by words in the index, by tags, by time."""

from dataclasses import dataclass

from swarm_memory.models.search import Filters
from swarm_memory.models.values import to_json
from swarm_memory.storage.database import Database
from swarm_memory.storage.queries import load_queries

_SQL = load_queries("search")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A memory that matched: its row number, its bm25 (larger is better), and whether it is of the project."""

    num: int
    bm25: float
    own: bool


@dataclass(frozen=True, slots=True)
class InProject:
    """Where a result must be: in one of these projects, or among what matches the FTS5 expression ``words``."""

    projects: tuple[str, ...]
    words: str


class SearchReads:
    """Candidates for a query. Expired memories never match."""

    def __init__(self, database: Database) -> None:
        """Read from ``database``."""
        self._database = database

    async def by_words(
        self, match: str, filters: Filters, *, own: bool | None, limit: int, place: InProject | None = None
    ) -> list[Candidate]:
        """The best matches of an FTS5 expression.

        Args:
            match: The expression; its words must be quoted.
            filters: What a result must be; the project is that of the caller.
            own: True: of the project only; False: of all others only; None: of any.
            limit: At most so many.
            place: Where a result must be besides.
        """
        where = {"projects": None, "project_words": None}
        if place is not None:
            where = {"projects": to_json(list(place.projects)), "project_words": place.words}
        return await self._candidates("match_words", filters, own=own, limit=limit, match=match, **where)

    async def projects(self) -> list[str]:
        """Names of projects that have memories, by name; at most 10,000."""
        [rows] = await self._database.read(_SQL["projects"].bind())
        return [str(row[0]) for row in rows]

    async def by_tags(self, filters: Filters, *, own: bool | None, limit: int) -> list[Candidate]:
        """The newest memories with the tags of the filters."""
        return await self._candidates("match_tags", filters, own=own, limit=limit)

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

    async def _candidates(
        self, name: str, filters: Filters, *, own: bool | None, limit: int, **match: str | None
    ) -> list[Candidate]:
        tags = filters.tags
        [rows] = await self._database.read(
            _SQL[name].bind(
                project=filters.project,
                only_own=None if own is None else int(own),
                namespace=filters.namespace,
                kind=filters.kind,
                since=filters.since,
                tags=to_json(list(tags)) if tags else None,
                tags_needed=len(tags) if filters.all_tags else 1,
                limit=limit,
                now=self._database.now(),
                **match,
            )
        )
        return [Candidate(int(num), -float(rank), bool(is_own)) for num, rank, is_own in rows]  # pyright: ignore[reportArgumentType] - numbers
