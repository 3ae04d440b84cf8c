"""What a prompt brings up by itself: by words, and only what shares enough of them.

It is asked at every prompt, by a process made for that one question. So it does without numpy, the landscape and the
model of ``SearchService``, which take longer to load than all of this takes; whoever searches on purpose has them.
"""

from collections.abc import Sequence
from typing import Final

from swarm_memory.models.rarity import ENOUGH, rarity_of, share_of_floor
from swarm_memory.models.search import Filters, Hit
from swarm_memory.models.terms import terms_of
from swarm_memory.models.words import parse_words
from swarm_memory.services.excerpt import Matcher
from swarm_memory.services.scope import any_of, scope_of, within
from swarm_memory.services.similar import fold_similar
from swarm_memory.storage.memories import MemoryStore
from swarm_memory.storage.search import SearchReads

LEAST_WORDS: Final = 2
"""Words with a meaning of their own that a prompt must have, and share with a memory."""
FLOOR: Final = 0.35
"""Share of a prompt's words, by rarity, that a memory must have; measured, see docs/benchmarks.md."""
_LEAST_OF_FLOOR: Final = 0.5
"""What of it is asked for at least, among however few."""

_MOST_TERMS: Final = 32
"""Words of a prompt that are looked for, the first ones: what is asked is at its beginning."""
_ROWS: Final = 1_000
"""Memories of one word that are looked at, the newest; those of others that have a rarer word too."""
_COUNTED: Final = 4_000
"""Up to so many memories of the project are counted, to tell which words are rare."""
_SCAN: Final = 50_000
"""Characters of a memory that are looked through for the words."""
_UNLOADED: Final = 4
"""Times as many candidates as hits are looked at: some are expired, or of a namespace that is left out."""


class RecallService:
    """Finds what a prompt is about."""

    def __init__(self, search: SearchReads, memories: MemoryStore) -> None:
        """Look in these."""
        self._search = search
        self._memories = memories

    async def recall(self, prompt: str, project: str, limit: int, *, without: str | None = None) -> list[Hit]:
        """The memories of a project that a prompt is about, best first; none where it is about nothing there.

        Args:
            prompt: What the user has sent; quotes and colons in it have no meaning.
            project: Whose memories.
            limit: At most so many.
            without: A namespace that is left out.
        """
        words = parse_words(prompt.replace('"', " ").replace(":", " "))
        terms = terms_of(words)[:_MOST_TERMS]
        if len(terms) < LEAST_WORDS:
            return []
        filters = Filters(project, only_project=True)
        clauses = scope_of(filters, own=True)
        rows = await self._rows([within(term.expression, clauses) for term in terms])
        [everything] = await self._search.matching([" AND ".join(clauses)], _COUNTED)
        scored = _scored(rows, len(everything))
        passing = set(await self._search.passing(list(scored)[: limit * _UNLOADED], filters, own=True))
        wanted = [num for num in scored if num in passing]
        memories = await self._memories.by_nums(wanted)
        matcher = Matcher([term.name for term in terms])
        hits = [
            Hit(memories[num], round(scored[num], 3), (), own=True, places=matcher.places(memories[num].text, _SCAN))
            for num in wanted
            if num in memories and memories[num].namespace != without
        ]
        return fold_similar(hits)[:limit]

    async def _rows(self, expressions: Sequence[str]) -> list[list[int]]:
        """For each word the newest memories that have it, and those that have a rarer one too."""
        rows = await self._search.matching(expressions, _ROWS)
        common = [number for number, one in enumerate(rows) if len(one) >= _ROWS]
        rare = [one for number, one in enumerate(expressions) if number not in common]
        if common and rare:
            asked = [f"({expressions[number]}) AND {any_of(rare)}" for number in common]
            for number, more in zip(common, await self._search.matching(asked, _ROWS), strict=True):
                rows[number] = list({*rows[number], *more})
        return rows


def _scored(rows: Sequence[Sequence[int]], whole: int) -> dict[int, float]:
    """The row numbers that share enough words, with what they share, best first; of equal ones the newest."""
    whole = max([whole, *map(len, rows)])
    weights = [rarity_of(len(one), whole) for one in rows]
    enough = sum(sorted(weights)[-ENOUGH:])
    floor = FLOOR * max(_LEAST_OF_FLOOR, share_of_floor(whole))
    shared: dict[int, tuple[float, int]] = {}
    for weight, nums in zip(weights, rows, strict=True):
        for num in nums:
            sum_, count = shared.get(num, (0.0, 0))
            shared[num] = (sum_ + weight, count + 1)
    kept = {
        num: min(1.0, sum_ / enough)
        for num, (sum_, count) in shared.items()
        if count >= LEAST_WORDS and sum_ >= floor * enough
    }
    return dict(sorted(kept.items(), key=lambda one: (-one[1], -one[0])))
