"""Cursors: where the next page of a list begins, bound to the list that it came from."""

import base64
import hashlib
import json
from typing import Any

from swarm_memory.errors import InvalidArgument


def make_cursor(query: object, position: object) -> str:
    """An opaque cursor for the page behind ``position`` of the list that ``query`` names (both JSON values)."""
    text = json.dumps([_hash(query), position], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(query: object, cursor: str) -> Any:
    """The position in a cursor.

    Raises:
        InvalidArgument: It is none, or belongs to a list with other arguments.
    """
    try:
        origin, position = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
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
