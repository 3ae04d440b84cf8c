"""Few requests at a time for the writes of one process, each with all that have gathered meanwhile.

A primary has one writer at a time. Sent side by side, the writes of one busy process would wait there for each other's
lock, a connection each, and sqld 0.24.32 can stop writing for good when four or more do while it checkpoints
(docs/decisions/0008). One request carries many batches as well as one, each a transaction of its own, run one after the
other. A write that finds a free lane goes at once.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import anyio

from swarm_memory.errors import StorageError
from swarm_memory.storage.hrana import StreamLost

LANES: Final = 2
"""Requests on their way at once."""
_MOST: Final = 32
_MOST_CHARACTERS: Final = 1_000_000
"""Batches of one request, and their size together; a larger one goes alone."""

Post = Callable[[Sequence[str], Callable[[], None]], Awaitable[list[Any]]]


class CannotConnect(Exception):
    """No connection could be made; nothing was sent.

    Args:
        error: The HTTP library's own.
    """

    def __init__(self, error: Exception) -> None:
        """Keep the cause."""
        super().__init__(str(error))
        self.error = error


@dataclass(slots=True)
class _Waiting:
    request: str
    sending: Callable[[], None]
    answer: asyncio.Future[Any]


class Lanes:
    """The writes of one process on their way.

    Args:
        post: Sends several requests over one connection, and gives the answer to each.
        seconds: That it may take; then the lane is free again, and the answers are lost.
    """

    def __init__(self, post: Post, seconds: float) -> None:
        """Nothing is on its way."""
        self._post = post
        self._seconds = seconds
        self._waiting: deque[_Waiting] = deque()
        self._on_their_way: set[asyncio.Task[None]] = set()

    async def ask(self, request: str, sending: Callable[[], None]) -> Any:
        """Send one request, perhaps with others; its answer. To give up waiting does not take it back.

        Args:
            request: As ``hrana.encode`` made it.
            sending: Called when it goes out.

        Raises:
            CannotConnect: It was not sent.
            StreamLost: It may have been done or not.
            StorageError: The primary refuses whatever is sent.
        """
        one = _Waiting(request, sending, asyncio.get_running_loop().create_future())
        self._waiting.append(one)
        self._start()
        return await one.answer

    async def aclose(self) -> None:
        """Take back what is on its way."""
        tasks = list(self._on_their_way)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self) -> None:
        while len(self._on_their_way) < LANES and (some := self._take()):
            task = asyncio.get_running_loop().create_task(self._send(some))
            self._on_their_way.add(task)
            task.add_done_callback(self._arrived)

    def _arrived(self, task: asyncio.Task[None]) -> None:
        self._on_their_way.discard(task)
        if not task.cancelled():
            self._start()

    def _take(self) -> list[_Waiting]:
        """Those that go together; whoever has given up waiting is left out."""
        some: list[_Waiting] = []
        room = _MOST_CHARACTERS
        while self._waiting and len(some) < _MOST:
            if self._waiting[0].answer.done():
                self._waiting.popleft()
                continue
            room -= len(self._waiting[0].request)
            if some and room < 0:
                break
            some.append(self._waiting.popleft())
        return some

    async def _send(self, some: Sequence[_Waiting]) -> None:
        def sending() -> None:
            for one in some:
                one.sending()

        try:
            with anyio.fail_after(self._seconds):
                answers = await self._post([one.request for one in some], sending)
        except TimeoutError:
            _fail(some, StreamLost())
        except (StorageError, StreamLost, CannotConnect) as error:
            _fail(some, error)
        except Exception as error:
            _fail(some, error)
            raise
        else:
            _tell(some, lambda one, answer: one.set_result(answer), answers)


def _fail(some: Sequence[_Waiting], error: Exception) -> None:
    _tell(some, lambda one, _: one.set_exception(error), some)


def _tell(some: Sequence[_Waiting], tell: Callable[[asyncio.Future[Any], Any], None], what: Sequence[Any]) -> None:
    """Give each its own of what there is, if it is still waited for."""
    for one, its_own in zip(some, what, strict=True):
        if not one.answer.done():
            tell(one.answer, its_own)
