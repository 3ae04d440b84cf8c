"""The writes of exact keys, as data: one call holds one of them or a batch."""

from dataclasses import dataclass

from swarm_memory.models.values import Encoded


@dataclass(frozen=True, slots=True)
class Store:
    """Create or replace. Without a value, publish the present one again.

    Attributes:
        ttl: Milliseconds to live; None: for good.
        tags: None keeps those of a live key.
        if_version: Only over this version; 0 means absent, deleted or expired.
    """

    namespace: str
    key: str
    value: Encoded | None
    ttl: int | None = None
    tags: tuple[str, ...] | None = None
    if_version: int | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete by key, or by id where that is given."""

    namespace: str
    key: str | None
    id: str | None = None
    if_version: int | None = None


@dataclass(frozen=True, slots=True)
class Increment:
    """Add a number; a missing key starts at 0."""

    namespace: str
    key: str
    by: int | float


@dataclass(frozen=True, slots=True)
class Append:
    """Add an item to a list; a missing key starts as an empty one.

    Attributes:
        item: Encoded as a list of that one item.
    """

    namespace: str
    key: str
    item: Encoded


Operation = Store | Delete | Increment | Append
