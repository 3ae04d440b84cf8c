"""One time-out for what belongs together: a call asks the primary many times, and its caller waits once."""

import asyncio
import time
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

_LEAST: Final = 0.05
"""Seconds that a request gets when all time is used up: enough to learn that nobody answers."""


class _Budget:
    """Seconds that requests have taken; what passes between two of them is given back.

    So a call that waits for something else, and looks again and again meanwhile, does not run out of time by that.
    It is the task's that began it: what a call starts and does not wait for has time-outs of its own.
    """

    def __init__(self) -> None:
        self.task = asyncio.current_task()
        self._spent = 0.0
        self._counted_until = time.monotonic()
        self._running = 0

    @contextmanager
    def request(self) -> Generator[float]:
        """A request runs inside; tells the seconds that are spent before it."""
        self._count()
        self._running += 1
        try:
            yield self._spent
        finally:
            self._count()
            self._running -= 1

    def _count(self) -> None:
        now = time.monotonic()
        passed = now - self._counted_until
        self._spent = max(0.0, self._spent + (passed if self._running else -passed))
        self._counted_until = now


_budget: ContextVar[_Budget | None] = ContextVar("budget", default=None)


@contextmanager
def one_time_out() -> Generator[None]:
    """Let all requests to the primary that are made inside take one time-out together, with those around it."""
    if _budget.get() is not None:
        yield
        return
    token = _budget.set(_Budget())
    try:
        yield
    finally:
        _budget.reset(token)


@contextmanager
def request(timeout: float) -> Generator[float]:
    """A request runs inside; tells the seconds that it may take, of a time-out of so many."""
    budget = _budget.get()
    if budget is None or budget.task is not asyncio.current_task():
        yield timeout
        return
    with budget.request() as spent:
        yield max(_LEAST, timeout - spent)
