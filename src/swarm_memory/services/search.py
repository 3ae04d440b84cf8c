"""search_knowledge: what was meant, the own project first, in an answer that fits."""

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal

import anyio.lowlevel

from swarm_memory.errors import NotFound
from swarm_memory.models.memory import Memory
from swarm_memory.models.search import Filters, Found, Hit
from swarm_memory.models.words import Words, parse_words
from swarm_memory.services.embedding.active import Embedding
from swarm_memory.services.excerpt import Matcher
from swarm_memory.services.pairs import IN_ATTRIBUTES, is_named, worth_of_pairs
from swarm_memory.services.scope import strict_clauses
from swarm_memory.services.similar import fold_similar
from swarm_memory.storage.memories import MemoryStore
from swarm_memory.storage.search import SearchReads

if TYPE_CHECKING:  # they bring numpy, which is loaded at the first search
    from swarm_memory.services.explaining import Explanation
    from swarm_memory.services.finding import Finder, Pass
    from swarm_memory.services.ranking import Ranked
    from swarm_memory.services.survey import Survey

Mode = Literal["words", "meaning", "hybrid"]

CANDIDATES: Final = 200
BRIEF_TOKENS: Final = 800
RERANKED: Final = 60
"""Candidates that are loaded where ``field:value`` pairs can change their order."""
_LOADED_AT_ONCE: Final = 4
"""Memories of one read: each may have a megabyte."""
_SCAN: Final = 2_000_000
_SCAN_OF_HIT: Final = 50_000
"""Characters that are looked through for the query's words, of all hits and of one."""
_ID_LENGTH: Final = 28
_LONG: Final = 10_000
PATIENCE: Final = 0.25
COMMAND_PATIENCE: Final = 10.0
"""Seconds that the first search of a server waits for the landscape and the model, and the only one of a command."""


class SearchService:
    """Finds memories of every kind."""

    def __init__(
        self,
        search: SearchReads,
        memories: MemoryStore,
        survey: "Callable[[], Survey] | None" = None,
        embedding: Embedding | None = None,
        patience: float = PATIENCE,
    ) -> None:
        """Search in these stores; without a survey and a model, by the memories' own words only."""
        self._search = search
        self._memories = memories
        self._survey = survey
        self._embedding = embedding
        self._patience = patience
        self._finder_made: Finder | None = None

    async def search(
        self,
        query: str,
        filters: Filters,
        limit: int,
        *,
        strict: bool = False,
        least: float = 0.0,
        mode: Mode = "hybrid",
    ) -> Found:
        """The best memories for a query; for an empty one, the newest with the tags of the filters.

        Args:
            query: Plain words, quoted phrases and ``field:value`` pairs. One that has no words finds nothing, unless
                it is empty and the filters have tags.
            filters: What every result must be.
            limit: At most so many hits.
            strict: Every ``field:value`` pair must be met.
            least: The score that a result must have.
            mode: By words, by meaning, or by both.
        """
        words = parse_words(query)
        if not words.terms:
            if filters.tags and not query.strip():
                return await self._by_tags(filters, limit)
            return Found([], 0, "words", words.truncated)
        ready = await self._prepared(query, words, filters, mode, strict=strict)
        hits = await self._by_id(query.strip(), filters)
        total = len(hits)
        for own in (True,) if filters.only_project else (True, False):
            if own or len(hits) < limit:
                ranked = await ready.ranked(own=own)
                more, count = await self._hits(ranked, words, filters, limit - len(hits), least)
                hits += [hit for hit in more if hit.memory.id not in {one.memory.id for one in hits}]
                total += count
        told = fold_similar(hits)
        total = max(total - len(hits) + len(told), len(told))
        return Found(await _with_matches(told, words), total, ready.searched, words.truncated)

    async def brief(self, filters: Filters, limit: int) -> tuple[list[Memory], int]:
        """What a session should know first: the project's newest decisions, then its newest changes.

        Returns:
            At most ``limit`` memories, and how many of the project pass the filters, counted up to 200.
        """
        decisions = await self._search.newest(filters, decisions=True, limit=limit // 2)
        newest = await self._search.newest(filters, decisions=False, limit=CANDIDATES)
        every = list(dict.fromkeys([*decisions, *newest]))[:CANDIDATES]
        return [memory async for _, memory in self._load(every[:limit])], len(every)

    async def explain(self, query: str, filters: Filters, id_: str) -> "Explanation":
        """Why a memory has its place among the results of a query, in numbers.

        Raises:
            NotFound: No memory has this id.
        """
        memory = await self._memories.by_id(id_)
        if memory is None:
            raise NotFound(f"No memory has the id {id_!r}.", next_step="take the id from a search.")
        from swarm_memory.services.explaining import explain  # noqa: PLC0415 - brings numpy

        ready = await self._prepared(query, parse_words(query), filters, "hybrid", strict=False)
        num = await self._search.num_of(id_)
        return await explain(ready, memory, num)

    async def _prepared(self, query: str, words: Words, filters: Filters, mode: Mode, *, strict: bool) -> "Pass":
        from swarm_memory.services.finding import Asking, Finder  # noqa: PLC0415 - brings numpy

        if self._finder_made is None:
            survey = self._survey() if self._survey is not None else None
            self._finder_made = Finder(self._search, survey, self._embedding, self._patience)
        demanded = strict_clauses(words, await self._named(words)) if strict else ()
        return await self._finder_made.prepare(Asking(query, words, filters, mode, demanded))

    async def _by_tags(self, filters: Filters, limit: int) -> Found:
        own = await self._search.by_tags(filters, own=True, limit=CANDIDATES)
        others = [] if filters.only_project else await self._search.by_tags(filters, own=False, limit=CANDIDATES)
        every = {one.num: one for one in (*own, *others)}
        shown = self._load(list(every)[:limit])
        hits = [Hit(memory, 1.0, filters.tags, every[num].own) async for num, memory in shown]
        return Found(hits, len(every), "tags")

    async def _by_id(self, query: str, filters: Filters) -> list[Hit]:
        """The memory whose id the query is."""
        if len(query) != _ID_LENGTH:
            return []
        memory = await self._memories.by_id(query)
        if memory is None or not _passes(memory, filters):
            return []
        return [Hit(memory, 1.0, (query,), memory.project == filters.project)]

    async def _hits(
        self, ranked: "Ranked", words: Words, filters: Filters, limit: int, least: float
    ) -> tuple[list[Hit], int]:
        """The best of the ranked, best first, and how many have the least score.

        Only as many are loaded as pairs could lift into the answer; the others count with what they have without.
        """
        ceiling = 1.0 + IN_ATTRIBUTES * len(words.fields)
        scores = {int(num): float(score) / ceiling for num, score in zip(ranked.nums, ranked.score, strict=True)}
        wanted = list(scores)[: max(limit, RERANKED if words.fields else 0)] if limit > 0 else []
        hits: list[Hit] = []
        async for num, memory in self._load(wanted):
            scores[num] += worth_of_pairs(memory, words) / ceiling
            own = memory.project == filters.project
            hits.append(Hit(memory, scores[num], ranked.why(num), own))
        if words.fields:
            hits.sort(key=lambda hit: -hit.score)
        kept = [replace(hit, score=round(min(1.0, hit.score), 3)) for hit in hits[:limit] if hit.score >= least]
        return kept, sum(score >= least for score in scores.values())

    async def _load(self, nums: Sequence[int]) -> AsyncGenerator[tuple[int, Memory]]:
        """Memories by row number, in this order, a few at a time; one that is gone by now is left out."""
        for begin in range(0, len(nums), _LOADED_AT_ONCE):
            some = nums[begin : begin + _LOADED_AT_ONCE]
            memories = await self._memories.by_nums(some)
            for num in some:
                if num in memories:
                    await _give_way(memories[num])
                    yield num, memories[num]

    async def _named(self, words: Words) -> list[str] | None:
        """The projects that all ``project:`` pairs name; None where there is no such pair."""
        values = [value for name, value in words.fields if name == "project"]
        if not values:
            return None
        known = await self._search.projects()
        return [project for project in known if all(is_named(project, value) for value in values)]


async def _give_way(memory: Memory) -> None:
    """Let others have their turn before a long memory: to judge it takes milliseconds."""
    if memory.size > _LONG:
        await anyio.lowlevel.checkpoint()


def _passes(memory: Memory, filters: Filters) -> bool:
    tags = set(memory.tags)
    return (
        (not filters.only_project or memory.project == filters.project)
        and filters.namespace in (None, memory.namespace)
        and filters.kind in (None, memory.kind)
        and (filters.since is None or memory.updated_at >= filters.since)
        and (not filters.tags or (all if filters.all_tags else any)(tag in tags for tag in filters.tags))
    )


async def _with_matches(hits: Sequence[Hit], words: Words) -> list[Hit]:
    """The hits with the query's words in them, and where their texts have them.

    What a hit matched by otherwise stays behind the words.
    """
    matcher = Matcher(words.terms)
    scan = min(_SCAN_OF_HIT, _SCAN // max(1, len(hits)))
    shown: list[Hit] = []
    for hit in hits:
        memory = hit.memory
        await _give_way(memory)
        above = " ".join(filter(None, (memory.key, memory.topic, memory.tags_json, memory.attributes_json)))
        places = matcher.places(memory.text, scan)
        terms = dict.fromkeys(term for _, term in (*matcher.places(above, scan), *places))
        shown.append(replace(hit, match=(*terms, *hit.match), places=places))
    return shown
