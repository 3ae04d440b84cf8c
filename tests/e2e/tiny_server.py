"""A server with a few telling tools on the project's own transports, so that these are tested without the product.

Run as ``python tiny_server.py TRANSPORT [PORT [HOST]]``; a transport is ``stdio``, ``stdio-stuck`` (its end hangs) or
``http``.
"""

import os
import sys
import time
from collections.abc import Mapping
from typing import Any

from swarm_memory.transports.importing import quick_imports

with quick_imports():
    import anyio
    from anyio import to_thread
    from mcp import types
    from mcp.server import ServerRequestContext
    from mcp.server.lowlevel import Server
    from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler

    from swarm_memory.errors import ConfigurationError
    from swarm_memory.logs import configure_logs
    from swarm_memory.transports.http import serve_http
    from swarm_memory.transports.stdio import claim_wire, serve_stdio

TOOLS = ("echo", "sleep", "block", "print", "surrogate", "blob", "chat", "crash")


def said(text: str, *, is_error: bool = False) -> types.CallToolResult:
    return types.CallToolResult(content=[types.TextContent(text=text)], is_error=is_error)


def refuse_lone_surrogates(arguments: Mapping[str, Any]) -> types.CallToolResult | None:
    for name, value in arguments.items():
        if isinstance(value, str):
            try:
                value.encode()
            except UnicodeEncodeError:
                return said(f"[invalid_argument] {name} holds a lone surrogate. Next: send text.", is_error=True)
    return None


async def call_tool(ctx: ServerRequestContext, params: types.CallToolRequestParams) -> types.CallToolResult:
    arguments = params.arguments or {}
    value = arguments.get("value")
    match params.name:
        case "sleep":
            await anyio.sleep(arguments["value"])
        case "block":
            tell("blocking")
            await to_thread.run_sync(time.sleep, arguments["value"])
        case "print":
            print("printed by Python")  # noqa: T201 - the stray print that must not reach the protocol
            os.write(1, b"written to descriptor 1\n")
        case "surrogate":
            return said("\ud800")
        case "blob":
            return said("x" * arguments["value"])
        case "chat":
            await ctx.session.report_progress(1, message="x" * arguments["value"])
        case "crash":
            raise RuntimeError(value)
        case _:
            return refuse_lone_surrogates(arguments) or said(f"{type(value).__name__} {value!r}")
    return said("done")


async def list_tools(ctx: ServerRequestContext, params: types.PaginatedRequestParams | None) -> types.ListToolsResult:  # noqa: ARG001 - the SDK's signature
    schema = {"type": "object"}
    return types.ListToolsResult(tools=[types.Tool(name=name, input_schema=schema) for name in TOOLS])


def tell(what: str) -> None:
    sys.stderr.write(f"{what}\n")
    sys.stderr.flush()


def tell_the_end() -> None:
    tell("the end was reached")


async def main(transport: str, port: int = 0, host: str = "127.0.0.1") -> None:
    listen = ListenHandler(InMemorySubscriptionBus())
    server = Server(
        "tiny", version="1", on_list_tools=list_tools, on_call_tool=call_tool, on_subscriptions_listen=listen
    )
    if transport == "stdio":
        await serve_stdio(server, on_end=tell_the_end, wire=claim_wire())
    if transport == "stdio-stuck":
        await serve_stdio(server, on_end=lambda: time.sleep(60))
    await serve_http(server, host, port, version="1", on_end=tell_the_end, close_streams=listen.close)


if __name__ == "__main__":
    configure_logs("warning", "console")
    try:
        anyio.run(main, sys.argv[1], *map(int, sys.argv[2:3]), *sys.argv[3:])
    except ConfigurationError as error:
        sys.exit(str(error))
