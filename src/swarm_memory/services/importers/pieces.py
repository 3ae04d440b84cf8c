"""What every importer makes of its source, and how that becomes a memory."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, Final, cast

from swarm_memory.errors import SwarmMemoryError
from swarm_memory.models.knowledge import Knowledge
from swarm_memory.models.memory import Kind
from swarm_memory.models.record import FOR_GOOD, Record
from swarm_memory.models.values import encode
from swarm_memory.services.intake import Untaken
from swarm_memory.services.lines import check_content

_MAX_KEY: Final = 1_024
_MAX_NAMESPACE: Final = 128
_MAX_TAGS: Final = 32
_MAX_TAG: Final = 64
_MAX_TOPIC: Final = 1_024
_MAX_SESSION: Final = 256
_ID_LENGTH: Final = 28
_LATEST: Final = 4_102_444_800_000
"""The year 2100: a time behind it is a mistake."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where it all goes, and when: ``now`` is in milliseconds since 1970 UTC."""

    project: str
    now: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One thing of another program. With a key it becomes an entry, else knowledge, or a turn of a conversation.

    Attributes:
        ident: Names it in its source for ever, so that it is recognised when it comes again.
        where: What to tell of it.
        value: Of an entry, any JSON value; of anything else its text.
        created: Milliseconds since 1970 UTC; None: not known.
    """

    ident: str
    where: str
    value: Any
    key: str | None = None
    topic: str | None = None
    namespace: str = "default"
    tags: tuple[str, ...] = ()
    attributes: dict[str, Any] = field(default_factory=dict[str, Any])
    source: str | None = None
    priority: str | None = None
    conversation: str | None = None
    created: int | None = None
    updated: int | None = None
    expires_at: int | None = None


def record_of(piece: Piece, form: str, place: Place) -> Record | Untaken:
    """The memory that a piece becomes, or why it cannot be one.

    A slash in a namespace becomes a dot, since namespaces have none. Tags that no memory could have are left out.
    """
    if piece.expires_at is not None and piece.expires_at <= place.now:
        return Untaken(piece.where, "it has expired")
    why = _refusal(piece)
    if why is not None:
        return Untaken(piece.where, why)
    try:
        return _record(piece, form, place)
    except SwarmMemoryError as error:
        return Untaken(piece.where, error.message)
    except ValueError as error:
        return Untaken(piece.where, str(error))


def _record(piece: Piece, form: str, place: Place) -> Record:
    value = encode(piece.value)
    check_content(value.format, value.content)
    knowledge = Knowledge(piece.topic, value.content, conversation=piece.conversation)
    created = _time(piece.created, place.now)
    return Record(
        id=hashlib.sha256(f"{form}\0{place.project}\0{piece.ident}".encode()).hexdigest()[:_ID_LENGTH],
        project=place.project,
        namespace=piece.namespace.replace("/", "."),
        key=piece.key,
        kind=(Kind.ENTRY if piece.key is not None else knowledge.kind).value,
        format=value.format,
        source=f"{form}: {piece.source}"[:_MAX_TOPIC] if piece.source else form,
        priority=piece.priority,
        conversation=piece.conversation,
        digest=None if piece.key is not None else knowledge.digest,
        expires_at=FOR_GOOD if piece.expires_at is None else piece.expires_at,
        created_at=created,
        updated_at=max(created, _time(piece.updated, created)),
        topic=piece.topic[:_MAX_TOPIC] if piece.topic else None,
        tags=encode(list(_tags(piece.tags))).content,
        attributes=encode(piece.attributes).content,
        content=value.content,
    )


def _refusal(piece: Piece) -> str | None:
    if piece.key is not None and not 1 <= len(piece.key.encode(errors="replace")) <= _MAX_KEY:
        return "its key is empty, or has more than 1,024 bytes"
    if not 1 <= len(piece.namespace.encode(errors="replace")) <= _MAX_NAMESPACE:
        return "its namespace is empty, or has more than 128 bytes"
    if piece.key is None and not (isinstance(piece.value, str) and piece.value.strip()):
        return "it has no text"
    if piece.conversation is not None and not 1 <= len(piece.conversation) <= _MAX_SESSION:
        return "its session id is empty, or has more than 256 characters"
    if any("\0" in text for text in (piece.key or "", piece.topic or "", piece.namespace)):
        return "its name holds a NUL character"
    return None


def _tags(tags: tuple[str, ...]) -> tuple[str, ...]:
    fit = dict.fromkeys(tag.strip() for tag in tags)
    return tuple(tag for tag in fit if 1 <= len(tag) <= _MAX_TAG and "\0" not in tag)[:_MAX_TAGS]


def _time(milliseconds: int | None, otherwise: int) -> int:
    return milliseconds if milliseconds is not None and 0 < milliseconds < _LATEST else otherwise


def text_of(value: object) -> str:
    """A cell that should be text; empty where it is none."""
    return value if isinstance(value, str) else "" if value is None or isinstance(value, bytes) else str(value)


def time_of(value: object) -> int | None:
    """A cell that should be a time in milliseconds; None where it is none."""
    return round(value) if isinstance(value, (int, float)) and abs(value) < _LATEST else None


def list_of(text: object) -> tuple[str, ...]:
    """The texts of a JSON list, or of a list with commas."""
    if not isinstance(text, str):
        return ()
    try:
        told: Any = json.loads(text)
    except (ValueError, RecursionError):
        return tuple(text.split(","))
    items = cast("list[Any]", told) if isinstance(told, list) else []
    return tuple(item for item in items if isinstance(item, str))
