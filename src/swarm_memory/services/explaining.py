"""Why a memory has its place among the results of a query."""

import math
from dataclasses import dataclass

import numpy as np

from swarm_memory.models.memory import Memory
from swarm_memory.services.finding import Pass
from swarm_memory.services.ranking import presence_of


@dataclass(frozen=True, slots=True)
class TermOf:
    """One term of the query.

    Attributes:
        rarity: Its idf among what is searched.
        found: Memories that were found to have it; bounded.
        here: The memory has it itself.
    """

    name: str
    rarity: float
    found: int
    here: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """A memory's place, and what it is made of.

    Attributes:
        place: From 1; None: it was no candidate.
        candidates: How many were ranked in its pass: those of the own project, or those of all others.
        told: Whether a search would tell it at all: the best evidence reaches the floor.
        score: As a result tells it.
        words: Share of the query's words by rarity, with the neighbours' (``own_words``: without).
        cosine: Likeness to the query, the cosine above the model's baseline; None where there is no vector.
        weight: Of the cosine; the words have the rest.
        around: What the neighbours' scores add.
        group: What the best of the same conversation or source adds.
        evidence: What the floor looks at.
    """

    searched: str
    own_project: bool
    place: int | None
    candidates: int
    told: bool
    score: float
    words: float
    own_words: float
    cosine: float | None
    weight: float
    around: float
    group: float
    evidence: float
    floor: float
    terms: tuple[TermOf, ...]


async def explain(ready: Pass, memory: Memory, num: int) -> Explanation:
    """The numbers of one memory for a query."""
    own = memory.project == ready.asking.filters.project
    gathered, ranked = await ready.judged(own=own)
    asked = gathered.asked
    at = np.flatnonzero(ranked.nums == num)
    place = int(at[0]) if len(at) else None

    def value(name: str) -> float:
        return 0.0 if place is None else round(float(getattr(ranked, name)[place]), 4)

    cosine = value("cosine")
    terms = zip(asked.names, asked.idf, asked.rows, presence_of(asked, num), strict=True)
    return Explanation(
        searched=ready.searched,
        own_project=own,
        place=None if place is None else place + 1,
        candidates=len(ranked.nums),
        told=bool(np.isin(num, ready.above_floor(ranked, asked.scope).nums)),
        score=value("score"),
        words=value("words"),
        own_words=value("own_words"),
        cosine=None if place is None or math.isnan(cosine) else cosine,
        weight=ready.weight,
        around=value("around"),
        group=value("group"),
        evidence=value("evidence"),
        floor=round(ready.floor(asked.scope), 4),
        terms=tuple(TermOf(name, round(float(idf), 3), len(rows), here) for name, idf, rows, here in terms),
    )
