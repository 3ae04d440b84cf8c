"""What the ``field:value`` pairs of a query are worth in a memory."""

from functools import cached_property
from typing import Any, Final

from swarm_memory.models.memory import Memory
from swarm_memory.models.words import Words, words_of

IN_ATTRIBUTES: Final = 0.5
_IN_TAGS: Final = 0.4
_IN_TOPIC: Final = 0.3
_IN_TEXT: Final = 0.1
"""What a pair is worth by where it is found, in scores: the best a memory can have without pairs is about 1."""
_SCAN: Final = 20_000
"""Characters of a text that are looked through."""


def worth_of_pairs(memory: Memory, words: Words) -> float:
    """The sum over all pairs, each by the best place where it is met."""
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
        if name == "project" and is_named(self._memory.project, value):
            return IN_ATTRIBUTES
        if name in self._attributes and wanted <= set(words_of(str(self._attributes[name]))):
            return IN_ATTRIBUTES
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
        return set(words_of(self._memory.text[:_SCAN]))


def is_named(project: str, value: str) -> bool:
    """Whether these words are the project's name or its last segments: ``api rest`` is github.com/acme/api-rest."""
    segments = project.split("/")
    return any(" ".join(words_of("/".join(segments[begin:]))) == value for begin in range(len(segments)))
