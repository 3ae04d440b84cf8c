"""Who could answer a query: asked of the index, term by term, and of the vectors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from swarm_memory.models.rarity import rarity_of
from swarm_memory.models.search import Filters
from swarm_memory.models.terms import Term
from swarm_memory.services.landscape import Landscape
from swarm_memory.services.ranking import Asked, Floats, Ints, best_by_words
from swarm_memory.services.scope import any_of, scope_of, within
from swarm_memory.storage.search import SearchReads

_ROWS: Final = 8_000
_LEAST_ROWS: Final = 64
_FEW_ROWS: Final = 400
_MOST_ROWS: Final = 1_000
_PART: Final = 12
"""Row numbers that are asked of the index: of all terms together; of one, at least, in a small store (or a twelfth of
what is searched), and at most. A term that more memories have is common: its newest are looked at, and those of others
that have a rarer term too."""
_LARGE: Final = 0.25
"""Share of all memories from which a project is told from the others here and not by the index."""
_TOGETHER: Final = 3
"""Common terms that are looked for together, where a query has no rarer one."""
_BY_WORDS: Final = 400
_BY_MEANING: Final = 200
_IN_SCOPE: Final = 20_000
"""Memories of a narrow scope (a namespace, a kind, tags) that meaning looks at, the newest."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """Those worth ranking, and the terms with all memories that have them."""

    asked: Asked
    nums: Ints
    cosine: Floats


@dataclass(frozen=True, slots=True)
class Search:
    """One pass over the own project, or over all others.

    Attributes:
        demanded: Clauses of the index that every result must meet besides the filters.
        question: The query's vector; None: by words only.
        by_words: False: by meaning only.
    """

    terms: tuple[Term, ...]
    filters: Filters
    own: bool
    demanded: Sequence[str]
    question: Floats | None
    by_words: bool = True


async def gather(reads: SearchReads, landscape: Landscape, search: Search) -> Gathered:
    """Ask the index for each term, the vectors for the nearest, and keep who lives and passes the filters."""
    clauses = [*scope_of(search.filters, own=search.own), *search.demanded]
    allowed = await _allowed(reads, landscape, search, clauses)
    asked = await _Index(reads, landscape, search, clauses, allowed).ask()
    found = best_by_words(asked, landscape, _BY_WORDS) if search.by_words else np.zeros(0, np.int64)
    if search.question is not None and landscape.vectors is not None:
        near, _ = landscape.vectors.nearest(search.question, allowed, _BY_MEANING)
        found = np.union1d(found, landscape["num"][near])
    nums = await _passing(reads, landscape, search, allowed, found)
    return Gathered(asked, nums, _cosines(landscape, search.question, nums))


async def _allowed(
    reads: SearchReads, landscape: Landscape, search: Search, clauses: Sequence[str]
) -> NDArray[np.bool_]:
    """Which positions the search may find; by the index where more than the project narrows it."""
    mine = landscape.of_project(search.filters.project)
    allowed = landscape.living(reads.now()) & (mine if search.own else ~mine)
    if len(clauses) <= search.own:
        return allowed
    [rows] = await reads.matching([" AND ".join(clauses)], _IN_SCOPE)
    positions = landscape.positions(np.array(rows, np.int64))
    narrowed = np.zeros(landscape.count, np.bool_)
    narrowed[positions[positions >= 0]] = True
    return allowed & narrowed


class _Index:
    """The index, asked for the terms of one pass."""

    def __init__(
        self,
        reads: SearchReads,
        landscape: Landscape,
        search: Search,
        clauses: Sequence[str],
        allowed: NDArray[np.bool_],
    ) -> None:
        self._reads = reads
        self._landscape = landscape
        self._terms = search.terms
        self._allowed = allowed
        self._scope = int(np.count_nonzero(allowed))
        share = self._scope / max(1, landscape.count)
        # A large part of all is told from the rest here, by the landscape, in less time than the index takes.
        is_large = search.own and share >= _LARGE
        self._clauses = clauses[1:] if is_large else clauses
        self._surplus = 1.0 / share if is_large else 1.0
        most = max(_FEW_ROWS, min(_MOST_ROWS, self._scope // _PART))
        self._limit = max(_LEAST_ROWS, min(most, _ROWS // max(1, len(search.terms))))

    async def ask(self) -> Asked:
        """Which memories have each term, and how rare each one is."""
        terms = self._terms
        rows = await self._rows([term.expression for term in terms])
        common = [len(one) >= self._limit for one in rows]
        counts = [self._count(one) if is_common else len(one) for one, is_common in zip(rows, common, strict=True)]
        rarer = [term.expression for term, one in zip(terms, rows, strict=True) if 0 < len(one) < self._limit]
        rows = await self._with_rarer(rows, common, rarer, counts)
        scope = max([self._scope, *counts])
        return Asked(
            tuple(term.name for term in terms),
            np.array([rarity_of(count, scope) for count in counts], np.float32),
            np.array([term.worth for term in terms], np.float32),
            np.array([term.counted for term in terms], np.bool_),
            tuple(rows),
            await self._titled(rarer),
            self._landscape.agents_named(term.name for term in terms),
            scope,
        )

    async def _rows(self, expressions: Sequence[str]) -> list[Ints]:
        """Row numbers of each, ascending, without those that are known to be outside."""
        limit = int(self._limit * self._surplus)
        found = await self._reads.matching([within(one, self._clauses) for one in expressions], limit)
        return [self._inside(np.array(one[::-1], np.int64)) for one in found]

    def _inside(self, rows: Ints) -> Ints:
        positions = self._landscape.positions(rows)
        if not len(self._allowed):
            return rows
        return rows[(positions < 0) | self._allowed[positions]]

    async def _with_rarer(
        self, rows: list[Ints], common: Sequence[bool], rarer: Sequence[str], counts: Sequence[int]
    ) -> list[Ints]:
        """For each common term also memories, however old, that have a rarer one, or else the next common ones."""
        wanted = sorted((number for number, is_common in enumerate(common) if is_common), key=counts.__getitem__)
        if not wanted or (not rarer and len(wanted) == 1):
            return rows
        every = [self._terms[number].expression for number in wanted]
        together = " AND ".join(f"({one})" for one in every[:_TOGETHER])
        beside = any_of(rarer)
        asked = [f"({one}) AND {beside}" for one in every] if rarer else [together] * min(_TOGETHER, len(wanted))
        more = dict(zip(wanted, await self._rows(asked), strict=False))
        return [np.union1d(one, more[number]) if number in more else one for number, one in enumerate(rows)]

    async def _titled(self, rarer: Sequence[str]) -> Ints:
        if not rarer:
            return np.zeros(0, np.int64)
        return (await self._rows([f"{{title tags attributes}} : {any_of(rarer)}"]))[0]

    def _count(self, rows: Ints) -> int:
        """How many memories have a common term, from how densely its newest stand."""
        nums = self._landscape["num"][self._allowed]
        newer = int(np.count_nonzero(nums >= rows[0]))
        return int(len(rows) * len(nums) / newer) if newer else len(rows)


async def _passing(
    reads: SearchReads, landscape: Landscape, search: Search, allowed: NDArray[np.bool_], nums: Ints
) -> Ints:
    """Those that may be told. The landscape knows project and expiry; for more, and for what is not in it, ask."""
    positions = landscape.positions(nums)
    filters = search.filters
    if filters.namespace is filters.kind is filters.since is None and not filters.tags and (positions >= 0).all():
        return nums[allowed[positions]]
    return np.array(sorted(await reads.passing(nums.tolist(), filters, own=search.own)), np.int64)


def _cosines(landscape: Landscape, question: Floats | None, nums: Ints) -> Floats:
    if question is None or landscape.vectors is None:
        return np.full(len(nums), np.nan, np.float32)
    return landscape.vectors.likeness(question, landscape.positions(nums))
