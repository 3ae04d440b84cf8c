"""MCP over HTTP on one port: streamable HTTP at ``/mcp``, SSE at ``/sse`` and ``/messages/``, and ``/health``.

Streamable HTTP's clients keep streams open all the time; a stock uvicorn would wait for them on SIGTERM. Here a signal
ends the streams, gives running calls a moment, and then ends those too.
"""

import asyncio
import socket
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import uvicorn
from mcp.server.lowlevel import Server
from mcp.server.sse import SseServerTransport
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import (
    DEFAULT_MAX_REQUEST_BODY_SIZE,
    RequestBodyLimitMiddleware,
    TransportSecuritySettings,
)
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from swarm_memory.config import is_loopback
from swarm_memory.errors import ConfigurationError
from swarm_memory.transports.ending import leave, leave_within
from swarm_memory.transports.guards import Endable, LocalOnly, LoneSurrogates, restore_arguments

MAX_BODY = DEFAULT_MAX_REQUEST_BODY_SIZE
"""Largest body of a request, in bytes (4 MiB); a larger one is answered with 413."""

_GRACE = 0.2  # seconds that running calls get after a signal
_GRACEFUL = 1  # seconds that uvicorn then waits for what does not let itself be ended
_AT_LATEST = 3.0  # seconds after a signal at which the process is gone, whatever happens


def _nothing() -> None:
    """What most servers have to do at the end."""


async def serve_http(
    server: Server[Any],
    host: str,
    port: int,
    *,
    version: str,
    on_end: Callable[[], None] = _nothing,
    close_streams: Callable[[], None] = _nothing,
) -> None:
    """Serve any number of clients until SIGINT or SIGTERM; then end the process. Does not return.

    Writes the address to stderr when clients can connect.

    Args:
        server: The MCP server; one object serves all clients.
        host: A loopback address or ``localhost``.
        port: 0 takes any free port.
        version: Told by ``/health``.
        on_end: Closes what the server used; called when no request is served any more.
        close_streams: Ends the server's ``subscriptions/listen`` streams, so that their clients see a proper last
            message; called first. Like ``on_end``, it runs in the event loop's thread.

    Raises:
        ConfigurationError: The host is not a loopback one, or the address cannot be taken.
    """
    listener = _listen(host, port)
    at = _address(listener)
    greeting = f"{server.name} listens: {at}/mcp (streamable HTTP), {at}/sse (SSE), {at}/health\n"
    security = _local_only(host)
    streamable = StreamableHTTPSessionManager(server, security_settings=security, max_request_body_size=MAX_BODY)
    app = Endable(_build_app(server, streamable, security, version))
    async with streamable.run():
        await _WebServer(app, close_streams, greeting).serve(sockets=[listener])
        on_end()
        # Inside the block: at its end, the SDK waits a second for each call whose client is gone already.
        leave(0)


def _listen(host: str, port: int) -> socket.socket:
    if not is_loopback(host):
        raise ConfigurationError(
            f"Serving on {host} would let other machines in, which needs a token, and this version has none.",
            next_step="Serve on 127.0.0.1, and reach it from elsewhere through a tunnel (ssh -L).",
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named, because asyncio switches Nagle's algorithm off only then; with it, an answer takes 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if sys.platform != "win32":  # where it would let two servers share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()
    except (OSError, OverflowError) as error:
        listener.close()
        raise ConfigurationError(
            f"Port {port} on {host} cannot be taken: {error.strerror if isinstance(error, OSError) else error}.",
            next_step="Stop the process that uses it, or choose another port (0 takes any free one).",
        ) from error
    return listener


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _local_only(host: str) -> TransportSecuritySettings:
    names = {"127.0.0.1", "localhost", "[::1]", f"[{host}]" if ":" in host else host}
    return TransportSecuritySettings(
        allowed_hosts=[f"{name}:*" for name in names],
        allowed_origins=[f"http://{name}:*" for name in names],
    )


def _build_app(
    server: Server[Any], streamable: StreamableHTTPSessionManager, security: TransportSecuritySettings, version: str
) -> ASGIApp:
    restore_arguments(server)
    sse = SseServerTransport("/messages/", security, MAX_BODY)

    async def health(_request: Request) -> JSONResponse:
        return JSONResponse({"status": "ok", "name": server.name, "version": version})

    def checked(app: ASGIApp) -> ASGIApp:
        return RequestBodyLimitMiddleware(LoneSurrogates(app), MAX_BODY)

    routes = [
        Route("/mcp", checked(streamable.handle_request)),
        Route("/sse", _SseStream(server, sse), methods=["GET"]),
        Mount("/messages/", checked(sse.handle_post_message)),
        Route("/health", health),
    ]
    return LocalOnly(Starlette(routes=routes), security)


class _SseStream:
    """The stream of one SSE client; a class, because of a function starlette would expect a response."""

    def __init__(self, server: Server[Any], transport: SseServerTransport) -> None:
        self._server = server
        self._transport = transport

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._transport.connect_sse(scope, receive, send) as (reader, writer):
            await self._server.run(reader, writer, self._server.create_initialization_options())


class _WebServer(uvicorn.Server):
    """uvicorn, but for its ways to begin and to end."""

    def __init__(self, app: Endable, close_streams: Callable[[], None], greeting: str) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                access_log=False,
                log_config=None,
                lifespan="off",
                server_header=False,
                timeout_graceful_shutdown=_GRACEFUL,
                ws="none",
            )
        )
        self._endable = app
        self._close_streams = close_streams
        self._greeting = greeting

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        sys.stderr.write(self._greeting)
        sys.stderr.flush()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's signature
        # Not uvicorn's own handler: that one raises the signal again at the end, which kills the process before the
        # caller of serve() can clean up.
        self.should_exit = True
        leave_within(_AT_LATEST)
        asyncio.get_running_loop().call_soon_threadsafe(self._end_streams)

    def _end_streams(self) -> None:
        self._close_streams()
        asyncio.get_running_loop().call_later(_GRACE, self._endable.end_all)
