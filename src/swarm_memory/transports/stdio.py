"""MCP on stdin and stdout, in a process that belongs to one client and ends with it.

The SDK's own stdio transport reads in a thread that cannot be interrupted, so a process using it hangs on SIGINT and
skips its clean-up on SIGTERM. Here both directions run on the event loop, without a thread and without a buffer between
them and the SDK. The wire is a private duplicate of descriptors 0 and 1; the originals point to the null device and to
stderr, so that a stray ``print``, also one in a native library, cannot reach the protocol.

Ends, all of them clean (exit code 0): stdin is over (requests received before that are still answered), the reader of
stdout is gone, SIGINT, SIGTERM, the parent process is gone.

Linux and macOS are tested. On Windows, where pipes cannot be polled, stdin is read in a thread; that is untested.
"""

import asyncio
import os
import signal
import stat
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import Any, Self

import anyio
from anyio import to_thread
from mcp import types
from mcp.server.lowlevel import Server
from mcp.shared.message import SessionMessage

from swarm_memory.errors import ConfigurationError
from swarm_memory.logs import log
from swarm_memory.transports import lines
from swarm_memory.transports.ending import leave, leave_within

_CHUNK = 64 * 1024
_POLLABLE = sys.platform != "win32"
_DRAIN = 0.3  # seconds without any output after which the requests in flight at the end of stdin are given up
_FAREWELL = 0.05  # seconds that the SDK has to tell the senders of those
_CLOSE = 0.3  # seconds that on_end may take; clients kill half a second after they have asked
_PARENT_CHECK = 2.0  # seconds between two looks at the parent process


@dataclass(frozen=True, slots=True)
class Wire:
    """Private descriptors of the protocol, and the parent process at the time they were taken."""

    stdin: int
    stdout: int
    parent: int


def claim_wire() -> Wire:
    """Take descriptors 0 and 1 away from the rest of the process; what is printed from now on goes to stderr.

    Call it before anything that could print, such as opening the store.

    Raises:
        ConfigurationError: The process was started without a stdin or stdout.
    """
    # Python's word at its start: by now, something else may have been given a free number 0 or 1.
    if sys.stdin is None or sys.stdout is None:
        raise ConfigurationError(
            "stdin or stdout is closed, and the protocol is spoken on them.",
            next_step="Let an MCP client start this command, or serve HTTP with --http 127.0.0.1:8765.",
        )
    taken = Wire(_private(0), _private(1), os.getppid())
    _divert(0, os.open(os.devnull, os.O_RDONLY))
    try:
        _divert(1, _private(2))
    except OSError:  # started without a stderr
        _divert(1, os.open(os.devnull, os.O_WRONLY))
    return taken


async def serve_stdio(
    server: Server[Any], *, on_end: Callable[[], None] | None = None, wire: Wire | None = None
) -> None:
    """Serve one client until it is gone; then end the process. Does not return.

    Args:
        server: The MCP server.
        on_end: Closes what the server used. Runs in the event loop's thread, and is cut off after 0.3 seconds.
        wire: What :func:`claim_wire` gave, if it was called before; else it is called now.
    """
    taken = wire or claim_wire()
    ended = asyncio.Event()
    writer = _Writer(taken.stdout, ended)
    reader = _Reader(taken.stdin, writer, ended)
    failed = False

    async def serve() -> None:
        nonlocal failed
        try:
            await server.run(reader, writer, server.create_initialization_options())
        except Exception:  # noqa: BLE001 - the process is left without a traceback: this is the last place that can tell
            log.error("stdio_failed")
            failed = True
        ended.set()

    _end_on_signals(ended)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(serve)
        tasks.start_soon(_watch_stdout, taken, ended)
        tasks.start_soon(_watch_parent, taken.parent, ended)
        await ended.wait()
        leave_within(_CLOSE)
        if on_end is not None:
            on_end()
        leave(1 if failed else 0)


class _Stream:
    """What the SDK asks of a stream beyond its messages. The descriptors stay open until the process ends."""

    async def aclose(self) -> None:
        pass

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        pass


class _Writer(_Stream):
    """Messages to the client; also knows which requests still wait for their answer."""

    def __init__(self, descriptor: int, ended: asyncio.Event) -> None:
        self._descriptor = descriptor
        self._ended = ended
        self._whole_lines = anyio.Lock(fast_acquire=True)
        self._unanswered: set[types.RequestId] = set()
        self._progress = asyncio.Event()
        if _POLLABLE and _is_pipe(descriptor):
            os.set_blocking(descriptor, False)

    async def send(self, item: SessionMessage) -> None:
        """Write one message as one line, all of it, also when the request that sends it is cancelled meanwhile.

        Raises:
            anyio.BrokenResourceError: Nobody reads any more.
        """
        with anyio.CancelScope(shield=True):
            async with self._whole_lines:
                await self._write(lines.encode(item.message))
        if isinstance(item.message, types.JSONRPCResponse | types.JSONRPCError):
            self.forget(item.message.id)

    def expect(self, request: types.JSONRPCRequest) -> None:
        """This request was received. A listening request is answered by its end only, so nobody waits for that."""
        if request.method != "subscriptions/listen":
            self._unanswered.add(request.id)

    def forget(self, request_id: object) -> None:
        """This request was answered, or its sender has cancelled it and gets no answer."""
        if isinstance(request_id, int | str):
            self._unanswered.discard(request_id)
            self._progress.set()

    async def drained(self) -> None:
        """Return when every request was answered, or when nothing was written for a while."""
        while self._unanswered:
            self._progress.clear()
            with anyio.move_on_after(_DRAIN) as patience:
                await self._progress.wait()
            if patience.cancelled_caught:
                return

    async def _write(self, line: bytes) -> None:
        rest = memoryview(line)
        while rest:
            try:
                rest = rest[os.write(self._descriptor, rest) :]
                self._progress.set()
            except BlockingIOError:
                await anyio.wait_writable(self._descriptor)
            except OSError as error:
                self._ended.set()
                raise anyio.BrokenResourceError from error


class _Reader(_Stream):
    """Messages from the client. Lines that are none are answered here; the SDK never sees them."""

    def __init__(self, descriptor: int, writer: _Writer, ended: asyncio.Event) -> None:
        self._descriptor = descriptor
        self._writer = writer
        self._ended = ended
        self._messages = self._read_messages()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage:
        return await anext(self._messages)

    async def receive(self) -> SessionMessage:
        try:
            return await anext(self._messages)
        except StopAsyncIteration:
            raise anyio.EndOfStream from None

    async def _read_messages(self) -> AsyncIterator[SessionMessage]:
        async for line in self._read_lines():
            message = lines.refuse_too_long(line) if isinstance(line, lines.TooLong) else lines.parse(line)
            if isinstance(message, lines.Refused):
                await self._writer.send(SessionMessage(message.answer))
                continue
            if isinstance(message, types.JSONRPCRequest):
                self._writer.expect(message)
            elif isinstance(message, types.JSONRPCNotification) and message.method == "notifications/cancelled":
                self._writer.forget((message.params or {}).get("requestId"))
            yield SessionMessage(message)
        await self._writer.drained()
        # The SDK cancels what is still running when this iterator ends, but would wait for what runs in a thread.
        asyncio.get_running_loop().call_later(_FAREWELL, self._ended.set)

    async def _read_lines(self) -> AsyncIterator[bytes | lines.TooLong]:
        splitter = lines.LineSplitter()
        async for chunk in _read_chunks(self._descriptor):
            for line in splitter.feed(chunk):
                yield line
        for line in splitter.end():
            yield line


async def _read_chunks(descriptor: int) -> AsyncIterator[bytes]:
    pollable = _POLLABLE
    while True:
        try:
            if pollable:
                # Not asyncio's pipe transport: it makes the descriptor non-blocking for all who share it.
                await anyio.wait_readable(descriptor)
                chunk = os.read(descriptor, _CHUNK)
            else:
                chunk = await to_thread.run_sync(os.read, descriptor, _CHUNK, abandon_on_cancel=True)
        except PermissionError:  # epoll's word for a regular file and for /dev/null
            pollable = False
            continue
        except OSError:  # a terminal or socket that has gone
            return
        if not chunk:
            return
        yield chunk


async def _watch_stdout(wire: Wire, ended: asyncio.Event) -> None:
    # One socket for both directions is readable when a request comes; there the end of stdin tells the same.
    if _POLLABLE and _is_pipe(wire.stdout) and not os.path.samestat(os.fstat(wire.stdin), os.fstat(wire.stdout)):
        await anyio.wait_readable(wire.stdout)
        ended.set()


async def _watch_parent(parent: int, ended: asyncio.Event) -> None:
    # Another process may hold the other end of stdin, which then outlives the parent. A container's entry point has no
    # parent to lose.
    if parent <= 1:
        return
    while os.getppid() == parent:  # noqa: ASYNC110 - the system tells nobody that his parent died
        await anyio.sleep(_PARENT_CHECK)
    ended.set()


def _end_on_signals(ended: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()

    def end(_signal: int, _frame: FrameType | None) -> None:
        leave_within(_CLOSE)  # also when the loop is busy and does not come to the next line's event
        loop.call_soon_threadsafe(ended.set)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)


def _is_pipe(descriptor: int) -> bool:
    mode = os.fstat(descriptor).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def _private(descriptor: int) -> int:
    """Duplicate onto a number above the standard ones; children do not inherit it."""
    duplicate = os.dup(descriptor)
    if duplicate > 2:
        return duplicate
    try:
        return _private(duplicate)
    finally:
        os.close(duplicate)


def _divert(descriptor: int, target: int) -> None:
    os.dup2(target, descriptor)
    os.close(target)
