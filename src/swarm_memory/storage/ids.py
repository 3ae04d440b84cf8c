"""Text ids: sortable by time of making, unguessable, unique without asking anyone."""

import secrets
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id() -> str:
    """26 characters of base 32: 48 bits of milliseconds since 1970, then 80 random bits (the layout of a ULID)."""
    number = ((time.time_ns() // 1_000_000) << 80) | secrets.randbits(80)
    return "".join(_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))
