"""What the hooks tell: one call of a service, and the text that comes of it."""

from typing import Final

from swarm_memory.hooks import CHECKPOINTS
from swarm_memory.hooks.event import Event
from swarm_memory.hooks.store import Reach
from swarm_memory.hooks.text import brief_text, is_whole, recall_text
from swarm_memory.hooks.told import Told
from swarm_memory.models.memory import Memory
from swarm_memory.models.search import Filters
from swarm_memory.models.words import parse_words
from swarm_memory.services.recall import LEAST_WORDS

BRIEF_TOKENS: Final = 800
RECALL_TOKENS: Final = 500
RECALLED: Final = 5
"""Memories that a prompt brings up at most."""

_BRIEF_NOTES: Final = 16
_BRIEF_CHECKPOINTS: Final = 2
_LOOKED_AT: Final = 12
_SAME_SESSION: Final = ("compact", "resume")


def asks_anything(prompt: str) -> bool:
    """Whether it is worth a search: not for a command of the client, nor for "go on"."""
    return not prompt.lstrip().startswith(("/", "!", "#")) and len(parse_words(prompt).terms) >= LEAST_WORDS


async def brief(event: Event, reach: Reach, told: Told) -> str:
    """What a session should know first; empty where the project has nothing yet."""
    if event.cause != "resume":  # whose earlier prompts, and what they were told, are there again
        told.forget()
    project = reach.caller.project
    memories, total = await reach.search().brief(Filters(project, only_project=True), _BRIEF_NOTES)
    text = brief_text(project, _without_surplus(memories, event), total, BRIEF_TOKENS)
    told.add(memory for memory in memories if is_whole(memory, text))
    return text


async def recall(event: Event, reach: Reach, told: Told) -> str:
    """What is relevant for a prompt and new to the session; empty where nothing is."""
    known = told.has()
    found = await reach.recall.recall(event.prompt, reach.caller.project, _LOOKED_AT, without=CHECKPOINTS)
    hits = [hit for hit in found if not known(hit.memory)][:RECALLED]
    text = recall_text(hits, RECALL_TOKENS)
    told.add(hit.memory for hit in hits if hit.memory.id in text)
    return text


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
