"""One time-out for what belongs together: a write asks the primary up to three times, and its caller waits once."""

import time
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

_LEAST: Final = 0.05
"""Seconds that a request gets when all time is used up: enough to learn that nobody answers."""

_begun: ContextVar[float | None] = ContextVar("budget_begun", default=None)


@contextmanager
def one_time_out() -> Generator[None]:
    """Let all requests to the primary that are made inside take one time-out together."""
    token = _begun.set(time.monotonic())
    try:
        yield
    finally:
        _begun.reset(token)


def time_left(timeout: float) -> float:
    """Seconds that a request may still take, of a time-out of so many."""
    begun = _begun.get()
    return timeout if begun is None else max(_LEAST, timeout - (time.monotonic() - begun))
