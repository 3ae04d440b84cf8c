"""Waiting for a change of the store: one look for all who wait in this process, however many."""

import asyncio
from contextvars import Context
from typing import Final

import anyio

from swarm_memory.errors import StorageError
from swarm_memory.models.events import Cursor
from swarm_memory.storage.feed import Feed, Head

_LOOK_EVERY: Final = 0.025
"""Seconds between two looks whether there may be something new; most of them read nothing."""
_AFTER_FAILURE: Final = 1.0
"""Seconds until the next look where the store could not be read."""


class Waiting:
    """Wakes whoever waits when the change sequence grows, in this process or in another one, here or elsewhere.

    While nobody waits nothing runs.
    """

    def __init__(self, feed: Feed) -> None:
        """Look at this feed."""
        self._feed = feed
        self._waiting = 0
        self._grown = anyio.Event()
        self._head: Head | None = None
        self._looker: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """How many wait now."""
        return self._waiting

    async def now(self) -> Cursor:
        """The end of the change sequence; take it before a look at the store, to wait for what comes after it."""
        head = await self._feed.head()
        return head.at(head.last)

    async def beyond(self, cursor: Cursor, seconds: float) -> bool:
        """Wait until there is a change behind ``cursor``, or the store has another history.

        Args:
            cursor: All up to it is known to the caller.
            seconds: Longest wait.

        Returns:
            False where the time was over first.
        """
        self._waiting += 1
        try:
            if self._looker is None:
                self._looker = asyncio.get_running_loop().create_task(self._look(), context=Context())
            with anyio.move_on_after(seconds):
                while not self._is_beyond(cursor):
                    await self._grown.wait()
                return True
            return False
        finally:
            self._waiting -= 1
            if not self._waiting and self._looker is not None:
                self._looker.cancel()
                self._looker = None
                self._head = None  # when the next one waits it may be old

    def _is_beyond(self, cursor: Cursor) -> bool:
        head = self._head
        return head is not None and (head.last > cursor.seq or head.epoch != cursor.epoch)

    async def _look(self) -> None:
        """Look until nobody waits any more."""
        pulse: object = None
        while True:
            pause = _LOOK_EVERY
            try:
                if (now := self._feed.pulse()) != pulse:
                    self._saw(await self._feed.head())
                    pulse = now
            except StorageError:
                pause = _AFTER_FAILURE
            await asyncio.sleep(pause)

    def _saw(self, head: Head) -> None:
        if head != self._head:
            self._head = head
            grown, self._grown = self._grown, anyio.Event()
            grown.set()
