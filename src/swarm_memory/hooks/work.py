"""What the hooks tell: one call of a service, and the text that comes of it."""

from typing import Final

from swarm_memory.hooks import CHECKPOINTS
from swarm_memory.hooks.event import Event
from swarm_memory.hooks.store import Reach
from swarm_memory.hooks.text import brief_text, is_whole, recall_text
from swarm_memory.hooks.told import Told
from swarm_memory.models.memory import Memory
from swarm_memory.models.search import Filters, Hit
from swarm_memory.models.words import parse_words

BRIEF_TOKENS: Final = 800
RECALL_TOKENS: Final = 500
RECALLED: Final = 5
"""Memories that a prompt brings up at most."""

_BRIEF_NOTES: Final = 16
_BRIEF_CHECKPOINTS: Final = 2
_LOOKED_AT: Final = 12
_LEAST_WORDS: Final = 2
"""Words with a meaning of their own that a prompt must have, and that it must share with a memory at the least."""
_QUERY: Final = 2_000
"""Characters of a prompt that are searched with: what is asked is at its beginning."""
_SAME_SESSION: Final = ("compact", "resume")


def asks_anything(prompt: str) -> bool:
    """Whether it is worth a search: not for a command of the client, nor for "go on"."""
    return not prompt.lstrip().startswith(("/", "!", "#")) and len(parse_words(prompt[:_QUERY]).terms) >= _LEAST_WORDS


async def brief(event: Event, reach: Reach, told: Told) -> str:
    """What a session should know first; empty where the project has nothing yet."""
    if event.cause != "resume":  # whose earlier prompts, and what they were told, are there again
        told.forget()
    project = reach.caller.project
    memories, total = await reach.search.brief(Filters(project, only_project=True), _BRIEF_NOTES)
    text = brief_text(project, _without_surplus(memories, event), total, BRIEF_TOKENS)
    told.add(memory for memory in memories if is_whole(memory, text))
    return text


async def recall(event: Event, reach: Reach, told: Told) -> str:
    """What is relevant for a prompt and new to the session; empty where nothing is."""
    known = told.has()
    hits = [hit for hit in await relevant(event.prompt, reach) if not known(hit.memory)][:RECALLED]
    text = recall_text(hits, RECALL_TOKENS)
    told.add(hit.memory for hit in hits if hit.memory.id in text)
    return text


async def relevant(prompt: str, reach: Reach) -> list[Hit]:
    """The memories of the project that a prompt is about, best first; at most twelve."""
    query = _plain(prompt)
    found = await reach.search.search(query, Filters(reach.caller.project, only_project=True), _LOOKED_AT)
    needed = needed_words(len(parse_words(query).terms))
    return [hit for hit in found.hits if len(hit.match) >= needed and hit.memory.namespace != CHECKPOINTS]


def needed_words(words: int) -> int:
    """How many words a memory must share with a prompt that has so many: half of a few, a smaller part of many.

    What that is worth for short and long prompts is measured: docs/benchmarks.md.
    """
    return max(_LEAST_WORDS, min((words + 1) // 2, 4 + words // 10))


def _plain(prompt: str) -> str:
    """The prompt as words alone: quotes and colons in it are not meant for a search."""
    return prompt[:_QUERY].replace('"', " ").replace(":", " ")


def _without_surplus(memories: list[Memory], event: Event) -> list[Memory]:
    """The newest checkpoints only, and none of this session unless it has lost sight of it."""
    shown: list[Memory] = []
    checkpoints = 0
    for memory in memories:
        if memory.namespace == CHECKPOINTS:
            mine = event.session != "" and memory.key == f"session/{event.session}"
            if checkpoints >= _BRIEF_CHECKPOINTS or (mine and event.cause not in _SAME_SESSION):
                continue
            checkpoints += 1
        shown.append(memory)
    return shown
