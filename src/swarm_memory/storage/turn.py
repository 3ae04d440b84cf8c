"""Whose turn it is to write: an operating-system lock beside the database file.

SQLite's own lock can only be polled (waiting for it inside the driver would hold the GIL), and with many processes the
polls cost more than the writes. Here the kernel wakes the next waiter. The lock orders writers and keeps nothing safe:
that is SQLite's own lock, which whoever writes without a turn (other programs, Windows) is still subject to.
"""

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

try:
    import fcntl
except ImportError:  # Windows: no turns, SQLite's lock is polled
    fcntl = None

_T = TypeVar("_T")


class Turn:
    """The turn at one database file. One user at a time within a process."""

    def __init__(self, database: Path) -> None:
        """Use ``<database>-turn``, made if missing."""
        self._path = f"{database}-turn"
        self._descriptor = self._open()
        self._waiter: _Waiter | None = None

    def try_take(self) -> bool:
        """Take the turn if it is free, without waiting."""
        try:
            _lock(self._descriptor, wait=False)
        except BlockingIOError:
            return False
        return True

    def give_back(self) -> None:
        """Let the next one write."""
        _unlock(self._descriptor)

    def submit(self, action: Callable[[], _T]) -> "Future[_T]":
        """Wait for the turn in a thread and run the action there, so that waking anyone costs no turn.

        Returns:
            The action's outcome. ``cancel()`` gives up the wait; it is refused once the action has begun.
        """
        if self._waiter is None or not self._waiter.idle:
            # The last one still waits for a turn that was given up; it ends by itself.
            self._waiter = _Waiter(self._open())
        return self._waiter.submit(action)

    def close(self) -> None:
        """Release the file."""
        os.close(self._descriptor)

    def _open(self) -> int:
        return os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)


def _lock(descriptor: int, *, wait: bool) -> None:
    if fcntl is not None:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)


def _unlock(descriptor: int) -> None:
    if fcntl is not None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


class _Waiter:
    """A thread that waits for turns, with a descriptor of its own."""

    def __init__(self, descriptor: int) -> None:
        self.idle = True
        self._descriptor = descriptor
        self._actions: SimpleQueue[tuple[Callable[[], Any], Future[Any]]] = SimpleQueue()
        # A daemon: a wait must not hold up the end of the process.
        threading.Thread(target=self._work, name="swarm-memory-turn", daemon=True).start()

    def submit(self, action: Callable[[], _T]) -> "Future[_T]":
        future: Future[_T] = Future()
        self.idle = False
        self._actions.put((action, future))
        return future

    def _work(self) -> None:
        while True:
            action, future = self._actions.get()
            self._run(action, future)
            if future.cancelled():
                os.close(self._descriptor)
                return

    def _run(self, action: Callable[[], _T], future: "Future[_T]") -> None:
        _lock(self._descriptor, wait=True)
        try:
            if not future.set_running_or_notify_cancel():
                return
            result = action()
        except BaseException as error:  # noqa: BLE001 - handed over to who awaits the future
            settle = partial(future.set_exception, error)
        else:
            settle = partial(future.set_result, result)
        finally:
            _unlock(self._descriptor)
        self.idle = True
        settle()
