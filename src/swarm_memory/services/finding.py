"""One search from the query to ranked row numbers. Imports numpy, so it is loaded at the first search."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from swarm_memory.models.rarity import share_of_floor
from swarm_memory.models.search import Filters
from swarm_memory.models.terms import terms_of
from swarm_memory.models.words import Words
from swarm_memory.services.candidates import Gathered, Search, gather
from swarm_memory.services.embedding.active import Embedding
from swarm_memory.services.landscape import Landscape
from swarm_memory.services.ranking import Floats, Ranked, rank
from swarm_memory.services.survey import Survey
from swarm_memory.storage.search import SearchReads

FLOOR: Final = 0.28
FLOOR_OF_WORDS: Final = 0.25
"""Evidence, by both or by words alone, under which nothing answers a query; measured, see docs/decisions/0011."""
ALIKE: Final = 0.55
"""Likeness from which a memory answers without any word of the query: the cosine, above the model's baseline."""
FLOOR_OF_MEANING: Final = 0.3
"""Likeness from which one is told beside such that answer, and in the mode ``meaning``."""
_TAIL: Final = 0.25
"""Of the floor: what a result needs besides one that reaches it."""
_QUESTION: Final = 2_000
"""Characters of a query that are embedded."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What is looked for, in one form for every pass.

    Attributes:
        text: The query as it came.
        mode: words, meaning or hybrid.
        demanded: Clauses of the index that every result must meet.
    """

    text: str
    words: Words
    filters: Filters
    mode: str
    demanded: Sequence[str]


class Finder:
    """Finds row numbers for a query."""

    def __init__(self, reads: SearchReads, survey: Survey | None, embedding: Embedding | None, patience: float) -> None:
        """Search by these.

        Args:
            reads: The index.
            survey: The landscape of the store; None: neighbours and meaning are left out.
            embedding: The model; None: by words only.
            patience: Seconds that the first search waits for the landscape and the model.
        """
        self._reads = reads
        self._survey = survey
        self._embedding = embedding
        self._patience = patience

    async def prepare(self, asking: Asking) -> "Pass":
        """The landscape as it is now, and the question's vector."""
        if self._survey is None or self._embedding is None:
            return Pass(self._reads, asking, Landscape(1, None), None, 0.0, "words")
        landscape = await self._survey.landscape(self._patience)
        model = self._embedding.model
        question = None
        if asking.mode != "words" and model is not None and landscape.vectors is not None:
            question = await self._embedding.question(asking.text[:_QUESTION])
        if question is None or model is None:
            return Pass(self._reads, asking, landscape, None, 0.0, "words")
        by = model.name if asking.mode == "meaning" else f"words+{model.name}"
        searched = by if self._survey.is_whole else f"{by} (loading)"
        weight = 1.0 if asking.mode == "meaning" else model.weight
        return Pass(self._reads, asking, landscape, question, weight, searched, model.baseline)


@dataclass(frozen=True, slots=True)
class Pass:
    """A query ready to be looked for, in the own project and in others."""

    reads: SearchReads
    asking: Asking
    landscape: Landscape
    question: Floats | None
    weight: float
    searched: str
    baseline: float = 0.0

    @property
    def by_words(self) -> bool:
        """Words count: they were asked for, or there is nothing else to go by."""
        return self.question is None or self.asking.mode != "meaning"

    async def ranked(self, *, own: bool) -> Ranked:
        """Who answers, best first; nobody where the best stays under the floor."""
        gathered, ranked = await self.judged(own=own)
        return self.above_floor(ranked, gathered.asked.scope)

    async def judged(self, *, own: bool) -> tuple[Gathered, Ranked]:
        """The candidates with all that is known of them, and their order."""
        asking = self.asking
        search = Search(terms_of(asking.words), asking.filters, own, asking.demanded, self.question, self.by_words)
        gathered = await gather(self.reads, self.landscape, search)
        likeness = (gathered.cosine - self.baseline) / (1.0 - self.baseline)
        return gathered, rank(gathered.asked, gathered.nums, likeness, self.landscape, self.weight)

    def floor(self, scope: int) -> float:
        """Of the evidence, where so many memories are searched."""
        return (FLOOR_OF_WORDS if self.question is None else FLOOR) * share_of_floor(scope)

    def above_floor(self, ranked: Ranked, scope: int) -> Ranked:
        """Those that are told: nobody where nothing answers the query."""
        if self.asking.demanded:
            return ranked
        floor = self.floor(scope)
        by_words = (ranked.words > 0) & self.by_words
        by_meaning = np.nan_to_num(ranked.cosine) >= FLOOR_OF_MEANING
        answers = (by_words & (ranked.evidence >= floor)) | (ranked.cosine >= ALIKE)
        if self.asking.mode == "meaning":
            answers |= by_meaning
        if not answers.any():
            return ranked.only(np.zeros(0, np.int64))
        return ranked.only(np.flatnonzero((by_words & (ranked.evidence >= _TAIL * floor)) | by_meaning))
