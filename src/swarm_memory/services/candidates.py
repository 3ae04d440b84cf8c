"""Who could answer a query: asked of the index, term by term, and of the vectors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from swarm_memory.models.search import Filters
from swarm_memory.models.terms import Term
from swarm_memory.services.landscape import Landscape
from swarm_memory.services.ranking import Asked, Floats, Ints, best_by_words, idf_of
from swarm_memory.services.scope import scope_of, within
from swarm_memory.storage.search import SearchReads

_ROWS: Final = 10_000
_LEAST_ROWS: Final = 64
_MOST_ROWS: Final = 1_500
"""Row numbers that are asked of the index: of all terms together, and of one. A term that more memories have is common:
its newest are looked at, and those of others that have a rarer term too."""
_WITH_TITLES: Final = 12
"""Terms up to which it is asked whether they stand in titles or tags."""
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
    asked = await _ask(reads, landscape, search, clauses, allowed)
    found = best_by_words(asked, landscape, _BY_WORDS) if search.by_words else np.zeros(0, np.int64)
    if search.question is not None and landscape.vectors is not None:
        near, _ = landscape.vectors.nearest(search.question, allowed, _BY_MEANING)
        found = np.union1d(found, landscape["num"][near])
    passing = await reads.passing(found.tolist(), search.filters, own=search.own)
    nums = np.array(sorted(passing), np.int64)
    return Gathered(asked, nums, _cosines(landscape, search.question, nums))


async def _allowed(
    reads: SearchReads, landscape: Landscape, search: Search, clauses: Sequence[str]
) -> NDArray[np.bool_]:
    """Which positions the search may find; by the index where more than the project narrows it."""
    mine = landscape.of_project(search.filters.project)
    allowed = mine if search.own else landscape["alive"] & ~mine
    if len(clauses) <= search.own:
        return allowed
    [rows] = await reads.matching([" AND ".join(clauses)], _IN_SCOPE)
    positions = landscape.positions(np.array(rows, np.int64))
    narrowed = np.zeros(landscape.count, np.bool_)
    narrowed[positions[positions >= 0]] = True
    return allowed & narrowed


async def _ask(
    reads: SearchReads,
    landscape: Landscape,
    search: Search,
    clauses: Sequence[str],
    allowed: NDArray[np.bool_],
) -> Asked:
    terms = search.terms
    limit = max(_LEAST_ROWS, min(_MOST_ROWS, _ROWS // max(1, len(terms))))
    expressions = [within(term.expression, clauses) for term in terms]
    in_titles = [within(f"{{title tags attributes}} : ({term.expression})", clauses) for term in terms[:_WITH_TITLES]]
    found = await reads.matching([*expressions, *in_titles], limit)
    rows, titled = [_sorted(one) for one in found[: len(terms)]], [_sorted(one) for one in found[len(terms) :]]
    common = [len(one) >= limit for one in rows]
    whole = int(np.count_nonzero(allowed))
    counts = [
        _count(one, landscape, allowed) if is_common else len(one) for one, is_common in zip(rows, common, strict=True)
    ]
    if any(common):
        rows = await _with_rarer(reads, expressions, rows, common, limit)
    if not search.own:
        rows = [_of_others(one, landscape, search.filters.project) for one in rows]
    idf = idf_of(np.array(counts, np.float64), max([whole, *counts]))
    return Asked(
        tuple(term.name for term in terms),
        idf,
        np.array([term.worth for term in terms], np.float32),
        np.array([term.counted for term in terms], np.bool_),
        tuple(rows),
        (*titled, *([_sorted([])] * (len(terms) - len(titled)))),
        landscape.agents_named(term.name for term in terms),
        max([whole, *counts]),
    )


async def _with_rarer(
    reads: SearchReads, expressions: Sequence[str], rows: list[Ints], common: Sequence[bool], limit: int
) -> list[Ints]:
    """For each common term also those memories, however old, that have a rarer term, or else every common one."""
    rare = [expression for expression, is_common in zip(expressions, common, strict=True) if not is_common]
    rest = " OR ".join(f"({one})" for one in rare)
    wanted = [number for number, is_common in enumerate(common) if is_common]
    if not rest and len(wanted) < 2:
        return rows
    together = " AND ".join(f"({expressions[number]})" for number in wanted)
    asked = [f"({expressions[number]}) AND ({rest})" for number in wanted] if rest else [together] * len(wanted)
    found = await reads.matching(asked, limit)
    return [
        np.union1d(one, _sorted(found[wanted.index(number)])) if number in wanted else one
        for number, one in enumerate(rows)
    ]


def _count(rows: Ints, landscape: Landscape, allowed: NDArray[np.bool_]) -> int:
    """How many memories have a common term, from how densely its newest stand."""
    nums = landscape["num"][allowed]
    newer = int(np.count_nonzero(nums >= rows[0]))
    return int(len(rows) * len(nums) / newer) if newer else len(rows)


def _of_others(rows: Ints, landscape: Landscape, project: str) -> Ints:
    """Without those that are known to be the project's own."""
    positions = landscape.positions(rows)
    mine = landscape.of_project(project)
    return rows[~((positions >= 0) & mine[positions])] if len(mine) else rows


def _cosines(landscape: Landscape, question: Floats | None, nums: Ints) -> Floats:
    if question is None or landscape.vectors is None:
        return np.full(len(nums), np.nan, np.float32)
    return landscape.vectors.likeness(question, landscape.positions(nums))


def _sorted(rows: Sequence[int]) -> Ints:
    """Newest first, as the index gives them, turned round."""
    return np.array(rows[::-1], np.int64)
