"""ASGI layers around the SDK's HTTP transports: who may call, what a body may hold, how open streams end."""

import json
from collections.abc import Mapping
from typing import Any, cast

import anyio
import pydantic_core
from mcp import types
from mcp.server import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.transport_security import TransportSecurityMiddleware, TransportSecuritySettings
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from swarm_memory.transports.lines import has_lone_surrogate

_ARGUMENTS = "swarm_memory.arguments"  # the key in an ASGI scope


class LocalOnly:
    """Refuses requests that a web page elsewhere made a browser send (DNS rebinding), on every route."""

    def __init__(self, app: ASGIApp, settings: TransportSecuritySettings) -> None:
        """Guard ``app`` by the hosts and origins of ``settings``."""
        self._app = app
        self._security = TransportSecurityMiddleware(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 421 (host) or 403 (origin), or pass the request on."""
        refused = await self._security.validate_request(Request(scope)) if scope["type"] == "http" else None
        await (refused or self._app)(scope, receive, send)


class Endable:
    """Knows the requests being served, and can end all of them: streams get their end, calls get 503."""

    def __init__(self, app: ASGIApp) -> None:
        """Serve ``app``; nothing is open yet."""
        self._app = app
        self._open: set[anyio.CancelScope] = set()

    def end_all(self) -> None:
        """End every open request; call it in the event loop's thread."""
        for scope in self._open:
            scope.cancel()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request until it is done or ended."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = done = False

        async def watched(message: Message) -> None:
            nonlocal begun, done
            begun = True
            done = message["type"] == "http.response.body" and not message.get("more_body", False)
            await send(message)

        with anyio.CancelScope() as request:
            self._open.add(request)
            try:
                await self._app(scope, receive, watched)
            finally:
                self._open.discard(request)
        if request.cancelled_caught and not done:
            if not begun:
                await send({"type": "http.response.start", "status": 503, "headers": [(b"connection", b"close")]})
            await send({"type": "http.response.body", "body": b"", "more_body": False})


class LoneSurrogates:
    r"""Brings arguments with lone surrogates (``"\ud800"``) past the SDK's parser, which cannot read them.

    The SDK gets the body with each of them replaced; the arguments as they were sent travel in the ASGI scope, from
    which the handler that :func:`restore_arguments` installs takes them. So they are refused by the tool that they were
    meant for, in the same words as on stdio.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Stand before ``app``, behind a layer that hands over a body of bounded size in one message."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with another body if need be."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        first: Message | None = await receive()
        replaced = _replace_lone_surrogates(first.get("body", b""))
        if replaced is not None:
            scope[_ARGUMENTS], body = replaced
            first["body"] = body
            # The old length would cut the new body off.
            scope["headers"] = [(name, value) for name, value in scope["headers"] if name != b"content-length"]

        async def replay() -> Message:
            nonlocal first
            message, first = first, None
            return message or await receive()

        await self._app(scope, replay, send)


def restore_arguments(server: Server[Any]) -> None:
    """Let the server's ``tools/call`` handler see the arguments that :class:`LoneSurrogates` had to replace."""
    entry = server.get_request_handler("tools/call")
    if entry is None:
        return

    async def call_tool(ctx: ServerRequestContext[Any], params: types.CallToolRequestParams) -> Any:
        sent = ctx.request.scope.get(_ARGUMENTS) if ctx.request is not None else None
        return await entry.handler(ctx, params if sent is None else params.model_copy(update={"arguments": sent}))

    server.add_request_handler("tools/call", types.CallToolRequestParams, call_tool)


def _replace_lone_surrogates(body: bytes) -> tuple[dict[str, Any] | None, bytes] | None:
    # Pairs (any emoji that Python's json writes) hold the same bytes, but the SDK's parser reads them.
    if b"\\ud" not in body and b"\\uD" not in body:
        return None
    try:
        pydantic_core.from_json(body)
    except ValueError:
        pass
    else:
        return None
    try:
        message: object = json.loads(body)
        text = json.dumps(message, ensure_ascii=False)
    except (ValueError, RecursionError):
        return None
    if not has_lone_surrogate(text):
        return None
    return _arguments_of(message), text.encode(errors="replace")


def _arguments_of(message: object) -> dict[str, Any] | None:
    for name in ("params", "arguments"):
        message = cast("Mapping[str, object]", message).get(name) if isinstance(message, Mapping) else None
    return cast("dict[str, Any]", message) if isinstance(message, dict) else None
