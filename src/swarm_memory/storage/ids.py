"""Text ids: sortable by time of making, unguessable, unique without asking anyone."""

import secrets
import time


def new_id() -> str:
    """28 hexadecimal digits: 48 bits of milliseconds since 1970, then 64 random bits."""
    return f"{time.time_ns() // 1_000_000:012x}{secrets.token_hex(8)}"
