"""wait_for_changes: what has happened behind a cursor, or the next thing that happens."""

import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from swarm_memory.errors import StorageError
from swarm_memory.models.events import Cursor, Event, Interest
from swarm_memory.services.waiting import Waiting
from swarm_memory.storage.cursors import CursorReads, keep_cursor
from swarm_memory.storage.feed import Feed, Page
from swarm_memory.storage.writer import Writer

MAX_EVENTS: Final = 20
_LOOKED_AT: Final = 500
"""Changes that one read looks at; a call makes several where few of them are wanted."""


@dataclass(frozen=True, slots=True)
class Happened:
    """What a wait found.

    Attributes:
        cursor: Where the next wait begins.
        events: At most ``MAX_EVENTS``, in commit order; empty where the time was over first.
        more: There are more behind the cursor already.
        reset: The cursor that was given is of another history, or older than what is kept; nothing is told of what
            was missed.
    """

    cursor: Cursor
    events: tuple[Event, ...] = ()
    more: bool = False
    reset: bool = False


class ChangesService:
    """The feed of one store."""

    def __init__(self, feed: Feed, waiting: Waiting, cursors: CursorReads, writer: Writer) -> None:
        """Use this feed, wait with ``waiting``, and keep agents' cursors."""
        self._feed = feed
        self._waiting = waiting
        self._cursors = cursors
        self._writer = writer

    async def wait_as(self, agent: str, interest: Interest, since: Cursor | None, seconds: float) -> Happened:
        """As ``wait``, for an agent: it begins where its last wait ended, and leaves out what the agent itself did.

        Where the cursor cannot be kept, the agent is told the same again.
        """
        since = since or await self._cursors.of(interest.project, agent)
        happened = await self.wait(interest, since, seconds)
        if happened.events or happened.reset or since is None:
            with suppress(StorageError):
                await self._writer.apply([keep_cursor(interest.project, agent, happened.cursor)])
        return happened

    async def wait(self, interest: Interest, since: Cursor | None, seconds: float) -> Happened:
        """The first wanted events behind ``since``, at once or as soon as there are some.

        Args:
            interest: Which events.
            since: None: from now on.
            seconds: Longest wait.
        """
        deadline = time.monotonic() + seconds
        cursor = since or await self._waiting.now()
        while True:
            page = await self._feed.page(cursor.seq, interest, _LOOKED_AT)
            head = page.head
            if cursor.epoch != head.epoch or cursor.seq < head.first - 1:
                return Happened(head.at(head.last), reset=True)
            if page.events:
                return _told(page)
            cursor = head.at(page.upto)
            if page.upto < head.last:
                continue  # there is more to look at
            if not await self._waiting.beyond(cursor, deadline - time.monotonic()):
                return Happened(cursor)


def _told(page: Page) -> Happened:
    events = page.events[:MAX_EVENTS]
    whole = len(events) == len(page.events)
    upto = page.upto if whole else events[-1].seq
    return Happened(page.head.at(upto), tuple(events), more=not whole)
