"""How long the store keeps what nobody asked it to keep for good."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Retention:
    """What writes of this process leave in the store.

    Attributes:
        changes: So many of the newest rows of the change sequence.
        history: Milliseconds that a past version stays after it was replaced; None: as long as it is one of the last
            200.
    """

    changes: int
    history: int | None = None
