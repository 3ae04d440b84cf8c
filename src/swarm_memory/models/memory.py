"""One durable record and what is told of it."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from swarm_memory.models.values import decode

_PURGED: Final = 2


class Kind(StrEnum):
    """What a memory is."""

    ENTRY = "entry"
    KNOWLEDGE = "knowledge"
    CONVERSATION = "conversation"
    LESSON = "lesson"


@dataclass(frozen=True, slots=True)
class Memory:
    """One live record, fields as stored. Times are milliseconds since 1970 UTC."""

    id: str
    project: str
    namespace: str
    key: str | None
    kind: str
    topic: str | None
    content: str
    format: str
    body: str | None
    size: int
    tags_json: str
    attributes_json: str
    source: str | None
    priority: str | None
    conversation: str | None
    version: int
    expires_at: int | None
    agent: str | None
    session: str | None
    host: str | None
    branch: str | None
    revision: str | None
    created_at: int
    updated_at: int

    @property
    def value(self) -> Any:
        """The value with its exact JSON type."""
        return decode(self.content, self.format)

    @property
    def tags(self) -> list[str]:
        """Its tags, in the order given."""
        return json.loads(self.tags_json)

    @property
    def attributes(self) -> dict[str, Any]:
        """Its attributes."""
        return json.loads(self.attributes_json)

    @property
    def text(self) -> str:
        """What is searched and shown of it: the words of an object, else the content."""
        return self.content if self.body is None else self.body

    @property
    def writer(self) -> str | None:
        """Who wrote this version: the agent, or the session that had none."""
        return self.agent or self.session


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a list of keys."""

    namespace: str
    key: str
    version: int
    size: int
    tags_json: str
    updated_at: int
    writer: str | None
    preview: str


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a memory; ``content`` is cut to a preview where ``size`` says it is longer.

    Attributes:
        deleted: 1 where this version is a deletion, 2 where the value was purged after its time was over.
    """

    version: int
    content: str
    format: str
    size: int
    writer: str | None
    at: int
    expires_at: int | None
    deleted: int

    def is_expired(self, now: int) -> bool:
        """Whether its time is over, at ``now`` in milliseconds since 1970 UTC; a deletion has none."""
        if self.deleted:
            return self.deleted == _PURGED
        return self.expires_at is not None and self.expires_at <= now


def iso(milliseconds: int) -> str:
    """ISO-8601 UTC with milliseconds, the only form in which times are told."""
    whole = datetime.fromtimestamp(milliseconds // 1000, UTC)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}Z"
