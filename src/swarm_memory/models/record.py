"""What moves between stores: a memory with its past versions, what a lesson did, and a swarm.

Derived data is not in it: sizes, words of values and every index are made anew where a record arrives.
"""

import json
from dataclasses import dataclass
from typing import Final

from swarm_memory.models.memory import Kind
from swarm_memory.models.values import encode, to_json

FOR_GOOD: Final = 9_999_999_999_999
"""``expires_at`` of what does not expire."""
KEPT_VERSIONS: Final = 200
"""Past versions that a store keeps of each memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One memory, or its tombstone where ``buried`` is not 0. Times are milliseconds since 1970 UTC.

    Attributes:
        content: Text as it is, or the JSON text of a value: ``format`` says which.
        born: The version that began its present life.
        tags: JSON text of a list; ``attributes``: of an object.
    """

    id: str
    project: str
    namespace: str
    key: str | None = None
    kind: str
    format: str = "text"
    source: str | None = None
    priority: str | None = None
    conversation: str | None = None
    digest: str | None = None
    version: int = 1
    born: int = 1
    expires_at: int = FOR_GOOD
    buried: int = 0
    agent: str | None = None
    session: str | None = None
    host: str | None = None
    branch: str | None = None
    revision: str | None = None
    created_at: int
    updated_at: int
    topic: str | None = None
    tags: str = "[]"
    attributes: str = "{}"
    content: str = ""

    @property
    def size(self) -> int:
        """Bytes of an entry's value as JSON, of any other content as UTF-8."""
        return size_of(self.kind, self.format, self.content, self.buried)

    @property
    def body(self) -> str | None:
        """The words of a JSON value for the search index; None where the content itself is searched."""
        return None if self.format == "text" else encode(json.loads(self.content)).body


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A past version of the memory with the id ``memory``; ``deleted`` is what ``buried`` was then."""

    memory: str
    kind: str
    version: int
    format: str = "text"
    agent: str | None = None
    at: int
    expires_at: int = FOR_GOOD
    deleted: int = 0
    content: str = ""

    @property
    def size(self) -> int:
        """As of a ``Record``."""
        return size_of(self.kind, self.format, self.content, self.deleted)


@dataclass(frozen=True, slots=True, kw_only=True)
class SwarmRecord:
    """A swarm; ``report`` and ``config`` are JSON texts of objects."""

    id: str
    project: str
    objective: str | None = None
    topology: str
    requested_topology: str
    strategy: str
    max_agents: int
    recommended_agents: int
    learning: int
    report: str
    config: str
    status: str
    coordinator: str
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonRecord:
    """What a lesson did for those who used it; ``lesson`` is the id of its memory. See ``models/lessons.py``."""

    lesson: str
    helpful: float
    harmful: float
    own_helpful: float
    own_harmful: float
    uses: int
    at: int
    retired_at: int | None = None


def size_of(kind: str, form: str, content: str, buried: int) -> int:
    """Bytes that the store tells of a content."""
    if buried:
        return 0
    text = to_json(content) if kind == Kind.ENTRY and form == "text" else content
    return len(text.encode())
