"""How fresh is what was read: positions in the change sequence, the primary's time, what an answer may claim."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final, Literal, Self

from swarm_memory.storage.queries import Row, load_queries

_SQL: Final = load_queries("freshness")
POSITION: Final = _SQL["position"].bind()
"""Reads a ``Position``; for a copy whose clock does not count."""
POSITION_AND_TIME: Final = _SQL["position_and_time"].bind()
"""Reads a ``Position``, and behind it the database's time in milliseconds since 1970 UTC."""

_SAMPLE_SECONDS: Final = 600.0
"""For so long a more exact sample of the primary's clock is kept: quartz clocks part by a millisecond in a minute."""


@dataclass(frozen=True, slots=True)
class Position:
    """A point of one store's history; two are comparable only within one epoch."""

    seq: int
    epoch: str
    schema: int

    @classmethod
    def of(cls, row: Row) -> Self:
        """From the row that ``POSITION`` or ``POSITION_AND_TIME`` gives."""
        seq, epoch, schema, *_ = row
        return cls(int(str(seq)), str(epoch), int(str(schema)))

    def reaches(self, other: "Position | None") -> bool:
        """Whether all that ``other`` holds is here too."""
        return other is None or (self.epoch == other.epoch and self.seq >= other.seq)

    def furthest(self, other: "Position | None") -> "Position":
        """The later one of the two; this one where they are of different histories."""
        return other if other is not None and other.epoch == self.epoch and other.seq > self.seq else self


class PrimaryClock:
    """The primary's time, from samples that came with its answers; this machine's until there is one."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self._offset = time.time() - time.monotonic()
        self._error = float("inf")
        self._sampled = 0.0

    def sample(self, primary_ms: int, begin: float, end: float) -> None:
        """Take a time that the primary told between two moments of the monotonic clock.

        It is off by half the time between them at most, so a short exchange tells more than a long one.
        """
        error = (end - begin) / 2
        if error <= self._error or end - self._sampled > _SAMPLE_SECONDS:
            self._offset, self._error, self._sampled = primary_ms / 1000 - (begin + end) / 2, error, end

    def at(self, moment: float) -> int:
        """The primary's time, in milliseconds since 1970 UTC, at a moment of the monotonic clock."""
        return round((moment + self._offset) * 1000)

    def now(self) -> int:
        """The primary's time now."""
        return self.at(time.monotonic())


@dataclass(frozen=True, slots=True)
class Freshness:
    """What a read may claim.

    Attributes:
        as_of: The database's time, in milliseconds since 1970 UTC, up to which every change is in what was read.
        place: The copy that was read.
        stale_for: Seconds since then, where a fresher copy was out of reach; None where it is fresh.
    """

    as_of: int
    place: Literal["local", "replica", "primary"]
    stale_for: float | None = None


_oldest: ContextVar[Freshness | None] = ContextVar("oldest_read", default=None)


def begin_call() -> None:
    """Forget what was read before: a new call begins."""
    _oldest.set(None)


def note_read(freshness: Freshness) -> None:
    """Remember how old the oldest copy is that the present call has read."""
    before = _oldest.get()
    if before is None or freshness.as_of < before.as_of:
        _oldest.set(freshness)


@contextmanager
def aside() -> Generator[None]:
    """What is read within tells nothing of the call: its answer holds none of it, only what it led to."""
    token = _oldest.set(_oldest.get())
    try:
        yield
    finally:
        _oldest.reset(token)


def oldest_read() -> Freshness | None:
    """The oldest of what the present call has read; None where it has read nothing that was noted."""
    return _oldest.get()
