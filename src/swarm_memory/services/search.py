"""search_knowledge: what was meant, the own project first, in an answer that fits.

Ranking is by words for now: bm25 over title, tags, attributes and text, scaled to the best candidate, and a bonus for
each ``field:value`` pair by where it is found.
"""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Final

import anyio.lowlevel

from swarm_memory.models.memory import Memory
from swarm_memory.models.search import Filters, Found, Hit
from swarm_memory.models.words import Words, parse_words, words_of
from swarm_memory.services.excerpt import Matcher
from swarm_memory.storage.memories import MemoryStore
from swarm_memory.storage.search import Candidate, InProject, SearchReads

CANDIDATES: Final = 200
BRIEF_TOKENS: Final = 800
RERANKED: Final = 60
"""Candidates that are loaded where ``field:value`` pairs can change their order."""
_LOADED_AT_ONCE: Final = 4
"""Memories of one read: each may have a megabyte."""
_SCAN: Final = 2_000_000
_SCAN_OF_HIT: Final = 50_000
"""Characters that are looked through for the query's words, of all hits and of one."""
_SCAN_FOR_FIELDS: Final = 20_000

_IN_ATTRIBUTES: Final = 0.5
_IN_TAGS: Final = 0.4
_IN_TOPIC: Final = 0.3
_IN_TEXT: Final = 0.1
"""What a field:value pair is worth by where it is found, in scores: the best candidate's words are worth 1."""


class SearchService:
    """Finds memories of every kind."""

    def __init__(self, search: SearchReads, memories: MemoryStore) -> None:
        """Search in these stores."""
        self._search = search
        self._memories = memories

    async def search(
        self, query: str, filters: Filters, limit: int, *, strict: bool = False, least: float = 0.0
    ) -> Found:
        """The best memories for a query; for an empty one, the newest with the tags of the filters.

        Args:
            query: Plain words, quoted phrases and ``field:value`` pairs. One that has no words finds nothing, unless
                it is empty and the filters have tags.
            filters: What every result must be.
            limit: At most so many hits.
            strict: Every ``field:value`` pair must be met.
            least: The score that a result must have.
        """
        words = parse_words(query)
        if not words.terms:
            if filters.tags and not query.strip():
                return await self._by_tags(filters, limit)
            return Found([], 0, "words", words.truncated)
        expression = _expression(words, strict=strict)
        place = await self._in_project(words) if strict else None
        hits: list[Hit] = []
        total = 0
        for own in (True,) if filters.only_project else (True, False):
            candidates = await self._search.by_words(expression, filters, own=own, limit=CANDIDATES, place=place)
            ranked, count = await self._rank(candidates, words, limit - len(hits), least)
            hits += ranked
            total += count
        return Found(await _with_matches(hits, words), total, "words", words.truncated)

    async def brief(self, filters: Filters, limit: int) -> tuple[list[Memory], int]:
        """What a session should know first: the project's newest decisions, then its newest changes.

        Returns:
            At most ``limit`` memories, and how many of the project pass the filters, counted up to 200.
        """
        decisions = await self._search.newest(filters, decisions=True, limit=limit // 2)
        newest = await self._search.newest(filters, decisions=False, limit=CANDIDATES)
        every = list(dict.fromkeys([*decisions, *newest]))[:CANDIDATES]
        return [memory async for _, memory in self._load(every[:limit])], len(every)

    async def _by_tags(self, filters: Filters, limit: int) -> Found:
        own = await self._search.by_tags(filters, own=True, limit=CANDIDATES)
        others = [] if filters.only_project else await self._search.by_tags(filters, own=False, limit=CANDIDATES)
        every = {one.num: one for one in (*own, *others)}
        shown = self._load(list(every)[:limit])
        hits = [Hit(memory, 1.0, filters.tags, every[num].own) async for num, memory in shown]
        return Found(hits, len(every), "tags")

    async def _rank(
        self, candidates: Sequence[Candidate], words: Words, limit: int, least: float
    ) -> tuple[list[Hit], int]:
        """The best of the candidates, best first, and how many have the least score.

        Only as many are loaded as pairs could lift into the answer; the others count with what their words are worth.
        """
        if not candidates:
            return [], 0
        best = max(one.bm25 for one in candidates) or 1.0
        ceiling = 1.0 + _IN_ATTRIBUTES * len(words.fields)
        scores = {one.num: round(one.bm25 / best / ceiling, 3) for one in candidates}
        by_num = {one.num: one for one in candidates}
        wanted = list(by_num)[: max(limit, RERANKED if words.fields else 0)] if limit > 0 else []
        ranked: list[Hit] = []
        async for num, memory in self._load(wanted):
            one = by_num[num]
            scores[num] = round((one.bm25 / best + _bonus(memory, words)) / ceiling, 3)
            ranked = sorted([*ranked, Hit(memory, scores[num], (), one.own)], key=lambda hit: -hit.score)[:limit]
        return [hit for hit in ranked if hit.score >= least], sum(score >= least for score in scores.values())

    async def _load(self, nums: Sequence[int]) -> AsyncGenerator[tuple[int, Memory]]:
        """Memories by row number, in this order, a few at a time; one that is gone by now is left out."""
        for begin in range(0, len(nums), _LOADED_AT_ONCE):
            some = nums[begin : begin + _LOADED_AT_ONCE]
            memories = await self._memories.by_nums(some)
            for num in some:
                # Others have their turn between two memories: to judge a long one takes milliseconds.
                await anyio.lowlevel.checkpoint()
                if num in memories:
                    yield num, memories[num]

    async def _in_project(self, words: Words) -> InProject | None:
        """The projects that all ``project:`` pairs name; their words in a memory will do as well."""
        values = [value for name, value in words.fields if name == "project"]
        if not values:
            return None
        known = await self._search.projects()
        named = tuple(project for project in known if all(_is_named(project, value) for value in values))
        return InProject(named, " AND ".join(_all_of(value) for value in values))


def _expression(words: Words, *, strict: bool = False) -> str:
    """The FTS5 expression: any term or phrase, each quoted; if strict, with all pairs' words.

    A pair that names a project is left out: no memory has its project's name in the index.
    """
    any_of = " OR ".join(f'"{part}"' for part in (*words.phrases, *words.terms))
    pairs = [_all_of(value) for name, value in words.fields if name != "project"] if strict else []
    return " AND ".join([f"({any_of})", *pairs]) if pairs else any_of


def _all_of(value: str) -> str:
    return "(" + " AND ".join(f'"{word}"' for word in value.split()) + ")"


async def _with_matches(hits: Sequence[Hit], words: Words) -> list[Hit]:
    """The hits with the query's words in them, and where their texts have them."""
    matcher = Matcher(words.terms)
    scan = min(_SCAN_OF_HIT, _SCAN // max(1, len(hits)))
    shown: list[Hit] = []
    for hit in hits:
        await anyio.lowlevel.checkpoint()
        memory = hit.memory
        above = " ".join(filter(None, (memory.key, memory.topic, memory.tags_json, memory.attributes_json)))
        places = matcher.places(memory.text, scan)
        terms = dict.fromkeys(term for _, term in (*matcher.places(above, scan), *places))
        shown.append(replace(hit, match=tuple(terms), places=places))
    return shown


def _bonus(memory: Memory, words: Words) -> float:
    if not words.fields:
        return 0.0
    judged = _Judged(memory)
    return sum(judged.worth(name, value) for name, value in words.fields)


class _Judged:
    """A memory's words by place, each taken apart once and only where a pair asks for it."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def worth(self, name: str, value: str) -> float:
        """What a pair is worth: by the best place where it is met."""
        wanted = set(value.split())
        if name == "project" and _is_named(self._memory.project, value):
            return _IN_ATTRIBUTES
        if name in self._attributes and wanted <= set(words_of(str(self._attributes[name]))):
            return _IN_ATTRIBUTES
        if wanted <= self._tags:
            return _IN_TAGS
        if wanted <= self._topic:
            return _IN_TOPIC
        return _IN_TEXT if wanted <= self._text else 0.0

    @cached_property
    def _attributes(self) -> dict[str, Any]:
        return {key.lower(): item for key, item in self._memory.attributes.items()}

    @cached_property
    def _tags(self) -> set[str]:
        return set(words_of(self._memory.tags_json))

    @cached_property
    def _topic(self) -> set[str]:
        return set(words_of(f"{self._memory.topic or ''} {self._memory.key or ''}"))

    @cached_property
    def _text(self) -> set[str]:
        return set(words_of(self._memory.text[:_SCAN_FOR_FIELDS]))


def _is_named(project: str, value: str) -> bool:
    """Whether these words are the project's name or its last segments: ``api rest`` is github.com/acme/api-rest."""
    segments = project.split("/")
    return any(" ".join(words_of("/".join(segments[begin:]))) == value for begin in range(len(segments)))
