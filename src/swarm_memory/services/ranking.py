"""Which memories answer a query best: words, meaning, and what stands around them.

No row is read here: presence of each word comes from the index as row numbers, all else from the landscape.

- **Words.** A word counts by its rarity among what is searched (Robertson and Spärck Jones' idf), once a memory, a
  little less in a long one (BM25's length term with b = 0.3), a little more where title or tags have one. How often
  it stands there is not counted: on LoCoMo that loses nothing (docs/decisions/0011).
- **Window.** A word that only a neighbour in the same conversation or source has counts 0.55 of it, 0.3 at a distance
  of two. It is counted word by word, as the best of the window: a turn that answers the question above it has the
  question's words, and nothing counts twice. This is what helps most: 6 points of recall@10.
- **Meaning.** The cosine to the question, mixed in by the model's weight.
- **Context.** A tenth of the neighbours' scores, and half of the best score in the same conversation.

Everything is scaled by what a perfect answer would have, so that scores can be compared between queries.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from swarm_memory.models.rarity import ENOUGH
from swarm_memory.services.landscape import NOWHERE, Landscape

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

_SATURATION: Final = 1.2
_LENGTH: Final = 0.3
"""k1 and b of BM25, for a word that stands there once."""
_BYTES_OF_WORD: Final = 6
_TITLE: Final = 1.25
_WINDOW: Final = ((1, 0.55), (2, 0.3))
"""Distance in the group, and what a word there is worth."""
_CONTEXT: Final = ((1, 0.1), (2, 0.05))
"""Distance in the group, and what a score there adds."""
_GROUP: Final = 0.5
_LONG: Final = 0.15
_LONG_WORDS: Final = 30.0
"""A memory of 30 words or more tells more than one of three: worth 0.15."""
_AGENT: Final = 0.1
_TELLING: Final = 0.35
_HALF: Final = 0.5
"""A memory is said to match by its meaning from this cosine on, if it has less than half of the words."""
_UNKNOWN_MEANING: Final = 0.6
"""A memory without a vector yet is taken to be as near as 0.6 of its words say."""
_MOST: Final = 1.6
"""About the best score that a memory alone reaches; a score is told as a part of it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The terms of a query and the memories that have each of them.

    Attributes:
        names: As the query has them.
        idf: Rarity of each among what is searched.
        worth: A factor on it.
        counted: Whether a memory without it answers less.
        rows: Row numbers that have it, ascending.
        titled: Row numbers that have any of the rarer terms in title, tags or attributes, ascending.
        agents: Codes of agents that the query names.
        scope: How many memories are searched.
    """

    names: tuple[str, ...]
    idf: Floats
    worth: Floats
    counted: NDArray[np.bool_]
    rows: tuple[Ints, ...]
    titled: Ints
    agents: Ints
    scope: int

    @property
    def whole(self) -> float:
        """What a memory with every counted term has."""
        return float(self.idf[self.counted].sum()) or 1.0

    @property
    def enough(self) -> float:
        """What a memory with the eight rarest counted terms has: more of a long query nothing needs to have."""
        return float(np.sort(self.idf[self.counted])[-ENOUGH:].sum()) or 1.0


@dataclass(frozen=True, slots=True)
class Ranked:
    """Memories, best first, and what their scores are made of, one number each.

    Attributes:
        nums: Row numbers.
        score: 0 to 1.
        own_words: Share of the query's words, by rarity, that the memory has itself.
        words: The same with its window.
        cosine: Likeness to the question: 1 for the same, 0 for what shares nothing; NaN where there is no vector.
        evidence: How far it answers the query at all, whatever else there is: what the floor looks at.
        around: What the neighbours add.
        group: What the best of the same conversation adds.
    """

    nums: Ints
    score: Floats
    own_words: Floats
    words: Floats
    cosine: Floats
    evidence: Floats
    around: Floats
    group: Floats

    def why(self, num: int) -> tuple[str, ...]:
        """What a memory is here for besides words of its own."""
        at = int(np.flatnonzero(self.nums == num)[0])
        own, meant = float(self.own_words[at]), float(self.cosine[at]) >= _TELLING
        context = ("+context",) if not own and self.words[at] > 0 else ()
        return (*(("+meaning",) if meant and own < _HALF else ()), *context)

    def only(self, chosen: NDArray[Any]) -> "Ranked":
        """Some of them, in the order given."""
        return Ranked(*(getattr(self, name)[chosen] for name in self.__dataclass_fields__))


def best_by_words(asked: Asked, landscape: Landscape, limit: int) -> Ints:
    """The memories with the rarest and most words, without their neighbours: who is worth ranking."""
    if not any(len(rows) for rows in asked.rows):
        return np.zeros(0, np.int64)
    nums, index = np.unique(np.concatenate(asked.rows), return_inverse=True)
    weights = np.repeat(asked.idf * asked.worth, [len(rows) for rows in asked.rows])
    total = np.bincount(index, weights, len(nums)) * _brevity(landscape, landscape.positions(nums))
    # Of equal ones the newest: the order must not depend on how a partition falls.
    return nums[np.lexsort((-nums, -total))[:limit]]


def rank(asked: Asked, nums: Ints, cosine: Floats, landscape: Landscape, weight: float) -> Ranked:
    """Rank these memories.

    Args:
        asked: The query's terms, with every memory that has them, also beyond ``nums``.
        nums: Distinct row numbers.
        cosine: Likeness of each to the question, 1 at most; NaN: unknown.
        landscape: Where they stand.
        weight: Of meaning, 0 to 1; 0: by words only.
    """
    positions = landscape.positions(nums)
    own = _presence(asked, nums, positions, landscape)
    window = own.copy()
    for distance, worth in _WINDOW:
        for there in _at_distance(landscape, positions, distance):
            np.maximum(window, worth * _presence(asked, _nums_at(landscape, there), there, landscape), out=window)
    own_words, words = own.sum(axis=0) / asked.whole, window.sum(axis=0) / asked.whole
    answered = np.clip(window.sum(axis=0) / asked.enough, 0.0, 1.0)
    # Without a vector, as near as its words say.
    near = np.where(np.isnan(cosine), _UNKNOWN_MEANING * words, np.clip(cosine, 0.0, 1.0))
    base = weight * near + (1.0 - weight) * words + _extras(asked, landscape, positions)
    around = _around(base, landscape, positions)
    group = _GROUP * _best_of_group(base, landscape, positions)
    score = np.clip((base + around + group) / _MOST, 0.0, 1.0)
    evidence = near if weight == 1.0 else (answered + near) / 2 if weight else answered
    ranked = Ranked(
        nums, *(one.astype(np.float32) for one in (score, own_words, words, cosine, evidence, around, group))
    )
    return ranked.only(np.lexsort((-nums, -(base + around + group))))


def presence_of(asked: Asked, num: int) -> list[bool]:
    """Which terms a memory has itself."""
    return [bool(_among(np.array([num]), rows)[0]) for rows in asked.rows]


def _presence(asked: Asked, nums: Ints, positions: Ints, landscape: Landscape) -> Floats:
    """What each term is worth in each memory: ``(terms, memories)``."""
    found = np.zeros((len(asked.rows), len(nums)), np.float32)
    for term, rows in enumerate(asked.rows):
        found[term] = _among(nums, rows)
    rarity = (asked.idf * asked.worth)[:, None]
    title = 1.0 + (_TITLE - 1.0) * _among(nums, asked.titled)
    return (found * rarity * (title * _brevity(landscape, positions))).astype(np.float32)


def _among(nums: Ints, rows: Ints) -> NDArray[np.bool_]:
    if not len(rows):
        return np.zeros(len(nums), np.bool_)
    return rows[np.minimum(np.searchsorted(rows, nums), len(rows) - 1)] == nums


def _brevity(landscape: Landscape, positions: Ints) -> Floats:
    """BM25's length term: 1 at the mean length."""
    if not landscape.count:
        return np.ones(len(positions), np.float32)
    lengths = np.where(positions == NOWHERE, landscape.mean_size, landscape["size"][positions]) / landscape.mean_size
    brevity = (1.0 + _SATURATION) / (1.0 + _SATURATION * (1.0 - _LENGTH + _LENGTH * lengths))
    return brevity.astype(np.float32)


def _extras(asked: Asked, landscape: Landscape, positions: Ints) -> Floats:
    extra = np.zeros(len(positions), np.float32)
    known = positions != NOWHERE
    words = landscape["size"][positions[known]] / _BYTES_OF_WORD
    extra[known] = _LONG * np.minimum(1.0, np.log1p(words) / np.log(_LONG_WORDS))
    if len(asked.agents):
        extra[known] += _AGENT * np.isin(landscape["agent"][positions[known]], asked.agents)
    return extra


def _around(base: Floats, landscape: Landscape, positions: Ints) -> Floats:
    """What the scores of neighbours add, where those are ranked too."""
    total = np.zeros(len(base), np.float32)
    order = np.argsort(positions)
    for distance, worth in _CONTEXT:
        for there in _at_distance(landscape, positions, distance):
            at = order[np.minimum(np.searchsorted(positions, there, sorter=order), len(order) - 1)]
            total += np.where((positions[at] == there) & (there != NOWHERE), worth * base[at], 0.0).astype(np.float32)
    return total


def _best_of_group(base: Floats, landscape: Landscape, positions: Ints) -> Floats:
    """The best score in each one's conversation or source; its own where it is in none."""
    known = positions != NOWHERE
    groups = np.full(len(positions), NOWHERE, np.int64)
    groups[known] = landscape["group"][positions[known]]
    _, index = np.unique(groups, return_inverse=True)
    best = np.zeros(len(base), np.float32)
    np.maximum.at(best, index, base)
    return np.where(groups == NOWHERE, base, best[index])


def _at_distance(landscape: Landscape, positions: Ints, distance: int) -> list[Ints]:
    """Positions so far before and behind in the same group; -1 where there is none."""
    found: list[Ints] = []
    for name in ("before", "behind"):
        there = positions
        for _ in range(distance):
            there = np.where(there == NOWHERE, NOWHERE, landscape[name][there]) if landscape.count else there
            there = np.where(there >= landscape.count, NOWHERE, there)  # one that has come since
        found.append(there.astype(np.int64))
    return found


def _nums_at(landscape: Landscape, positions: Ints) -> Ints:
    if not landscape.count:
        return positions
    return np.where(positions == NOWHERE, NOWHERE, landscape["num"][positions])
