"""What outcomes say of a lesson: bounds of its true rate, its rank for a task, and when it is retired. Pure.

A lesson's outcomes are weights: 1.0 for one that another agent's review or evidence has verified, 0.3 for an agent's
own word. They lose half of their weight in 30 days.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

VERIFIED: Final = 1.0
OWN_WORD: Final = 0.3
HALF_LIFE: Final = 30 * 86_400_000
"""Milliseconds in which an outcome loses half of its weight."""
MOST_OWN_WORDS: Final = 3.0
"""What all outcomes that rest on an agent's own word count for together, at most."""
UNPROVEN: Final = 0.5
"""The most that a lesson without a verified outcome ranks for."""
RETIRED_BELOW: Final = 0.35
RETIRED_FROM: Final = 5.0
"""A lesson is retired when the upper bound of its rate is lower, and its outcomes count for so much."""
EXPLORES: Final = 8
"""One claim in so many shows what may be good before what has proved to be."""

Z: Final = 1.96
"""Standard deviations of the bounds: 95 % confidence."""
_BEGIN: Final = 1_767_225_600_000
"""2026-01-01: outcomes are kept with the weight that they would have had then, grown by their age."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """How attempts ended: with lessons, or without."""

    number: int = 0
    successes: int = 0
    verified: int = 0


@dataclass(frozen=True, slots=True)
class Record:
    """A lesson's outcomes as the store keeps them: weights times ``growth`` of their times."""

    helpful: float = 0.0
    harmful: float = 0.0
    own_helpful: float = 0.0
    own_harmful: float = 0.0

    def at(self, now: int) -> "Weighed":
        """What they count for at this time in milliseconds since 1970 UTC."""
        shrink = 1 / growth(now)
        own = (self.own_helpful + self.own_harmful) * shrink
        kept = shrink * (min(own, MOST_OWN_WORDS) / own if own else 1.0)
        return Weighed(
            self.helpful * shrink + self.own_helpful * kept,
            self.harmful * shrink + self.own_harmful * kept,
            verified=(self.helpful + self.harmful) > 0,
        )


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a lesson's outcomes count for now."""

    helpful: float
    harmful: float
    verified: bool

    @property
    def number(self) -> float:
        """All of them together."""
        return self.helpful + self.harmful

    def bounds(self) -> tuple[float, float]:
        """Wilson's bounds of the true rate with 95 % confidence; (0, 1) where nothing is known."""
        if self.number <= 0:
            return 0.0, 1.0
        rate, square = self.helpful / self.number, Z * Z / self.number
        middle = rate + square / 2
        spread = Z * math.sqrt(rate * (1 - rate) / self.number + square / (4 * self.number))
        return max(0.0, (middle - spread) / (1 + square)), min(1.0, (middle + spread) / (1 + square))

    def worth(self, *, exploring: bool) -> float:
        """What it ranks for, from 0 to 1: the lower bound, or the upper one where a claim explores."""
        low, high = self.bounds()
        if exploring:
            return high
        return low if self.verified else min(low, UNPROVEN)

    def is_retired(self) -> bool:
        """Whether enough outcomes say that it does harm."""
        return self.number >= RETIRED_FROM and self.bounds()[1] < RETIRED_BELOW


def growth(now: int) -> float:
    """By what an outcome of this time outweighs one of 2026-01-01."""
    return 2.0 ** ((now - _BEGIN) / HALF_LIFE)


def explores(seq: int, fence: int) -> bool:
    """Whether a claim explores: the same for the same claim, one in eight in the long run."""
    return (seq * 2_654_435_761 + fence * 40_503) % 2**32 < 2**32 // EXPLORES


def rank(lessons: Sequence[tuple[str, float, Record]], now: int, limit: int, *, exploring: bool) -> list[str]:
    """The best lessons for a task, best first.

    Args:
        lessons: Id, relevance from 0 to 1, and outcomes of each.
        now: Milliseconds since 1970 UTC.
        limit: At most so many.
        exploring: Rank by what may be rather than by what is proved.
    """
    weighed = [(id_, relevance, record.at(now)) for id_, relevance, record in lessons]
    kept = [(id_, relevance, one) for id_, relevance, one in weighed if not one.is_retired()]
    kept.sort(key=lambda row: (-row[1] * row[2].worth(exploring=exploring), -row[1], row[0]))
    return [id_ for id_, _, _ in kept[:limit]]
