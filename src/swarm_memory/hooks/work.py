"""What each hook does: one call of a service, and the text that comes of it."""

from typing import Any, Final

from swarm_memory.errors import LooksLikeSecret
from swarm_memory.hooks.event import Event, directory_of
from swarm_memory.hooks.store import Reach
from swarm_memory.hooks.text import brief_text, is_whole, recall_text
from swarm_memory.hooks.told import Told
from swarm_memory.hooks.transcript import Checkpoint, checkpoint_of, read_tail
from swarm_memory.models.memory import Memory
from swarm_memory.models.operations import Store
from swarm_memory.models.search import Filters, Hit
from swarm_memory.models.values import encode
from swarm_memory.models.words import parse_words
from swarm_memory.services.secrets import refuse_secrets

BRIEF_TOKENS: Final = 800
RECALL_TOKENS: Final = 500
CHECKPOINTS: Final = "checkpoints"
"""Namespace of the checkpoints."""
KEPT_DAYS: Final = 14
RECALLED: Final = 5
"""Memories that a prompt brings up at most."""

_BRIEF_NOTES: Final = 16
_BRIEF_CHECKPOINTS: Final = 2
_LOOKED_AT: Final = 12
_LEAST_WORDS: Final = 2
_MOST_NEEDED: Final = 5
"""How many words with a meaning of its own a prompt must have, and share with a memory: half of its words, at least
two, and never more than five. What that is worth is measured: docs/benchmarks.md."""
_QUERY: Final = 2_000
"""Characters of a prompt that are searched with: what is asked is at its beginning."""
_KEPT: Final = KEPT_DAYS * 86_400_000  # milliseconds
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
    needed = min(_MOST_NEEDED, max(_LEAST_WORDS, (len(parse_words(query).terms) + 1) // 2))
    return [hit for hit in found.hits if len(hit.match) >= needed and hit.memory.namespace != CHECKPOINTS]


async def checkpoint(event: Event, reach: Reach, why: str) -> str:
    """Store where the session stands, over its last checkpoint; nothing where nobody has asked anything yet."""
    kept = checkpoint_of(read_tail(event.transcript), directory_of(event))
    if kept is None or not event.session:
        return ""
    why = f"{why} ({event.cause})" if event.cause else why
    told = _told(kept, why)
    try:
        await refuse_secrets(told, override=None)
        await reach.memory.apply([_stored(event, told)], reach.caller)
    except LooksLikeSecret:
        await reach.memory.apply([_stored(event, {"when": why, "files": list(kept.files)})], reach.caller)
    return ""


def _plain(prompt: str) -> str:
    """The prompt as words alone: quotes and colons in it are not meant for a search."""
    return prompt[:_QUERY].replace('"', " ").replace(":", " ")


def _told(kept: Checkpoint, why: str) -> dict[str, Any]:
    told = {"when": why, "asked": list(kept.asked), "said_last": kept.said, "files": list(kept.files)}
    return {name: item for name, item in told.items() if item}


def _stored(event: Event, value: dict[str, Any]) -> Store:
    return Store(CHECKPOINTS, f"session/{event.session}", encode(value), ttl=_KEPT, tags=("checkpoint",))


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
