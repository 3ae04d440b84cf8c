"""Tells which resources have changed, as long as somebody wants to know."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import Context
from typing import Final

from swarm_memory.errors import StorageError
from swarm_memory.models.addresses import Address
from swarm_memory.models.events import Cursor
from swarm_memory.services.waiting import Waiting
from swarm_memory.storage.feed import Feed

_LOOKED_AT: Final = 500
_LONGEST: Final = 30.0
"""Seconds of one wait; then another one begins."""


class Watching:
    """The changes of the store as addresses, from the first who watches to the last.

    Attributes:
        tell: Called with the addresses of what has changed.
    """

    def __init__(self, feed: Feed, waiting: Waiting) -> None:
        """Read this feed, and wait with ``waiting``."""
        self._feed = feed
        self._waiting = waiting
        self._watchers = 0
        self._task: asyncio.Task[None] | None = None

    def begin(self, tell: Callable[[set[Address]], Awaitable[None]]) -> None:
        """One more watches; what ``tell`` is called with is the same for all."""
        self._watchers += 1
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._watch(tell), context=Context())

    def end(self) -> None:
        """One less watches."""
        self._watchers -= 1
        if not self._watchers and self._task is not None:
            self._task.cancel()
            self._task = None

    async def _watch(self, tell: Callable[[set[Address]], Awaitable[None]]) -> None:
        cursor: Cursor | None = None
        while True:
            with suppress(StorageError):
                cursor = cursor or await self._waiting.now()
                if await self._waiting.beyond(cursor, _LONGEST):
                    head, upto, addresses = await self._feed.touched(cursor.seq, _LOOKED_AT)
                    cursor = head.at(upto if head.epoch == cursor.epoch else head.last)
                    await tell(addresses)
                continue
            await asyncio.sleep(1)
