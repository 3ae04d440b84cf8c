"""Results that say the same: one of them is told, the others are counted."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from swarm_memory.models.memory import Memory
from swarm_memory.models.search import Hit
from swarm_memory.models.words import words_of

_LOOKED_AT: Final = 4_000
"""Characters of a text that are compared."""
_LEAST_WORDS: Final = 6
"""Below that, texts are the same only if they are equal: "yes" and "yes, please" are two answers."""
_SHARED: Final = 0.9
_COMPARED: Final = 40
"""Results that a further one is compared with."""


class _Said(NamedTuple):
    """What a memory is about, its words, and its numbers."""

    about: tuple[str, str | None, str]
    words: frozenset[str]
    numbers: frozenset[str]


def fold_similar(hits: Sequence[Hit]) -> list[Hit]:
    """The hits without those that say what a better one says: the same topic and tags, every number, most words.

    What has a key of its own is always told.
    """
    kept: list[Hit] = []
    known: list[_Said] = []
    for hit in hits:
        said = _said(hit.memory)
        same = next((at for at, one in enumerate(known[:_COMPARED]) if _are_similar(one, said)), None)
        if same is None or hit.memory.key is not None:
            kept.append(hit)
            known.append(said)
        else:
            kept[same] = replace(kept[same], similar=kept[same].similar + 1)
    return kept


def _said(memory: Memory) -> _Said:
    words = frozenset(words_of(memory.text[:_LOOKED_AT]))
    about = (memory.project, memory.topic, memory.tags_json)
    return _Said(about, words, frozenset(word for word in words if any(map(str.isdigit, word))))


def _are_similar(one: _Said, other: _Said) -> bool:
    if one.about != other.about or one.numbers != other.numbers:
        return False
    if min(len(one.words), len(other.words)) < _LEAST_WORDS:
        return one.words == other.words and bool(one.words)
    return len(one.words & other.words) >= _SHARED * len(one.words | other.words)
