"""What a store on a primary says about the way there, and about the copy on this machine."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Replication:
    """The state of a primary and of this machine's copy of it; what is not known is None.

    Attributes:
        primary: Host of the primary.
        round_trip: Seconds of the quickest recent request.
        reachable: Whether the last request was answered.
        owner: Process that keeps the copy, None where nobody does or there is no copy.
        is_owner: Whether that is a child of this process.
        age: Seconds since the copy held every change.
        lag: Changes that the primary has and the copy has not.
        syncs: Synchronisations of the copy so far.
        error: What went wrong last, on either way.
        remedy: What to do about it.
    """

    primary: str
    round_trip: float | None = None
    reachable: bool | None = None
    owner: int | None = None
    is_owner: bool = False
    age: float | None = None
    lag: int | None = None
    syncs: int | None = None
    error: str | None = None
    remedy: str | None = None
