"""search_knowledge: what was meant, the own project first, in an answer that fits.

Ranking is by words for now: bm25 over title, tags, attributes and text, scaled to the best candidate, and a bonus for
each ``field:value`` pair by where it is found.
"""

from typing import Final

from swarm_memory.models.memory import Memory
from swarm_memory.models.search import Filters, Found, Hit
from swarm_memory.models.words import Words, parse_words, words_of
from swarm_memory.services.excerpt import matched
from swarm_memory.storage.memories import MemoryStore
from swarm_memory.storage.search import Candidate, SearchReads

CANDIDATES: Final = 200
BRIEF_TOKENS: Final = 800
RERANKED: Final = 60
"""Candidates that are loaded where ``field:value`` pairs can change their order."""

# What a field:value pair is worth by where it is found, in scores (the best candidate's words are worth 1).
_FIELD_BONUS: Final = {"attributes": 0.5, "tags": 0.4, "topic": 0.3, "text": 0.1}


class SearchService:
    """Finds memories of every kind."""

    def __init__(self, search: SearchReads, memories: MemoryStore) -> None:
        """Search in these stores."""
        self._search = search
        self._memories = memories

    async def search(self, query: str, filters: Filters, limit: int, *, strict: bool = False) -> Found:
        """The best memories for a query; without words in it, the newest that pass the filters.

        Args:
            query: Plain words, quoted phrases and ``field:value`` pairs.
            filters: What every result must be.
            limit: At most so many hits.
            strict: Every ``field:value`` pair must be met.
        """
        words = parse_words(query)
        if not words.terms:
            if filters.tags and not query.strip():
                return await self._by_tags(filters, limit)
            return Found([], 0, "words", words.truncated)
        hits: list[Hit] = []
        total = 0
        for own in (True,) if filters.only_project else (True, False):
            candidates = await self._search.by_words(_expression(words), filters, own=own, limit=CANDIDATES)
            ranked = await self._rank(candidates, words, limit - len(hits), strict=strict)
            total += len(candidates) if not strict else len(ranked)
            hits += ranked[: limit - len(hits)]
        return Found(hits, total, "words", words.truncated, words.terms)

    async def brief(self, filters: Filters, limit: int) -> list[Memory]:
        """What a session should know first: the project's newest decisions, then its newest changes."""
        decisions = await self._search.newest(filters, decisions=True, limit=limit // 2)
        newest = await self._search.newest(filters, decisions=False, limit=limit)
        wanted = list(dict.fromkeys([*decisions, *newest]))[:limit]
        memories = await self._memories.by_nums(wanted)
        return [memories[num] for num in wanted if num in memories]

    async def _by_tags(self, filters: Filters, limit: int) -> Found:
        own = await self._search.by_tags(filters, own=True, limit=CANDIDATES)
        others = [] if filters.only_project else await self._search.by_tags(filters, own=False, limit=CANDIDATES)
        wanted = [*own, *others][:limit]
        memories = await self._memories.by_nums([one.num for one in wanted])
        hits = [Hit(memories[one.num], 1.0, filters.tags, one.own) for one in wanted if one.num in memories]
        return Found(hits, len(own) + len(others), "tags")

    async def _rank(self, candidates: list[Candidate], words: Words, limit: int, *, strict: bool) -> list[Hit]:
        """The best of the candidates, best first. Only as many are loaded as bonuses could lift into the answer."""
        if limit <= 0 or not candidates:
            return []
        best = max(one.bm25 for one in candidates) or 1.0
        wanted = candidates[: max(limit, RERANKED if words.fields else 0)]
        memories = await self._memories.by_nums([one.num for one in wanted])
        hits = [_judge(memories[one.num], one, best, words) for one in wanted if one.num in memories]
        kept = [hit for hit in hits if not strict or _all_fields_met(hit.memory, words)]
        return sorted(kept, key=lambda hit: -hit.score)[:limit]


def _expression(words: Words) -> str:
    """The FTS5 expression: every term and phrase quoted, any of them enough."""
    return " OR ".join(f'"{part}"' for part in (*words.phrases, *words.terms))


def _judge(memory: Memory, candidate: Candidate, best: float, words: Words) -> Hit:
    bonus = sum(_FIELD_BONUS.get(place, 0.0) for place in (_place_of(memory, *pair) for pair in words.fields) if place)
    ceiling = 1.0 + _FIELD_BONUS["attributes"] * len(words.fields)
    searched = " ".join(filter(None, (memory.key, memory.topic, memory.tags_json, memory.attributes_json, memory.text)))
    terms = tuple(dict.fromkeys(term for _, term in matched(searched, words.terms)))
    return Hit(memory, round((candidate.bm25 / best + bonus) / ceiling, 3), terms, candidate.own)


def _place_of(memory: Memory, name: str, value: str) -> str | None:
    """Where a ``field:value`` pair is met best: attributes, tags, topic, text, or nowhere."""
    wanted = set(value.split())
    attributes = {key.lower(): item for key, item in memory.attributes.items()}
    if name in attributes and wanted <= set(words_of(str(attributes[name]))):
        return "attributes"
    if wanted <= set(words_of(memory.tags_json)):
        return "tags"
    if wanted <= set(words_of(f"{memory.topic or ''} {memory.key or ''}")):
        return "topic"
    if name == "project" and value == " ".join(words_of(memory.project)):
        return "attributes"
    return "text" if wanted <= set(words_of(memory.text[:20_000])) else None


def _all_fields_met(memory: Memory, words: Words) -> bool:
    return all(_place_of(memory, name, value) is not None for name, value in words.fields)
