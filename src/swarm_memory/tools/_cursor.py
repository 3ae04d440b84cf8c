"""Cursors: where the next page of a list begins, bound to the list that it came from."""

import base64
import hashlib
import json
from typing import Annotated, Final, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from swarm_memory.errors import InvalidArgument

_PositionT = TypeVar("_PositionT")

NUMBER: Final = TypeAdapter(tuple[str, Annotated[int, Field(ge=0, le=2**53)]])
"""A position that is a number."""

PLACE: Final = TypeAdapter(tuple[str, tuple[str, str]])
"""A position that is a namespace and a key."""


def make_cursor(query: object, position: object) -> str:
    """An opaque cursor for the page behind ``position`` of the list that ``query`` names (both JSON values)."""
    # Escapes would make a key in other letters three times as long.
    text = json.dumps([_hash(query), position], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode("utf-8", "surrogatepass")).decode().rstrip("=")


def read_cursor(query: object, cursor: str, form: TypeAdapter[tuple[str, _PositionT]]) -> _PositionT:
    """The position in a cursor.

    Args:
        query: What ``make_cursor`` was given.
        cursor: As it came from the caller.
        form: ``NUMBER`` or ``PLACE``, what the position must be.

    Raises:
        InvalidArgument: It is none, or belongs to a list with other arguments.
    """
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        origin, position = form.validate_json(text, strict=True)
    except (ValidationError, ValueError):
        raise InvalidArgument(
            "cursor is not one that this server gave.", next_step="leave it out to begin anew."
        ) from None
    if origin != _hash(query):
        raise InvalidArgument(
            "cursor belongs to a call with other arguments.",
            next_step="repeat the first call's arguments with it, or leave it out to begin anew.",
        )
    return position


def _hash(query: object) -> str:
    return hashlib.sha256(json.dumps(query, sort_keys=True).encode()).hexdigest()[:12]
