"""Calls the functions behind the MCP tools, so that the command line and the tools say the same.

Its imports are expensive (the tools bring ``mcp``): import it inside a command, in a ``quick_imports`` block.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import anyio

from swarm_memory.app import App, open_app
from swarm_memory.config import Toolset, load_settings
from swarm_memory.logs import configure_logs
from swarm_memory.services.health import one_call
from swarm_memory.tools._arguments import parse
from swarm_memory.tools._boundary import run
from swarm_memory.tools.table import tools_of

_T = TypeVar("_T")


def with_app(work: Callable[[App], Awaitable[_T]]) -> _T:
    """Open the store, do the work, close it.

    Raises:
        SwarmMemoryError: A setting is wrong, the store cannot be opened, or what the work raises.
    """

    async def main() -> _T:
        settings = load_settings()
        configure_logs(settings.log_level, settings.log_format)
        async with open_app(settings, lasting=False) as app:
            return await work(app)

    return anyio.run(main)


async def call(app: App, tool: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Run one tool of any toolset; its answer as an MCP client would get it.

    Raises:
        SwarmMemoryError: What an MCP client would get as an ``isError`` answer.
    """
    row = tools_of(Toolset.ALL)[tool]
    checked = parse(row.arguments, arguments)
    caller = app.caller(project=checked.project, agent=checked.agent)
    with one_call():
        return await run(app, row, checked, caller)


def answer(tool: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Run one tool on a store that is opened for it.

    Raises:
        SwarmMemoryError: See ``with_app`` and ``call``.
    """
    return with_app(lambda app: call(app, tool, arguments))


def entry(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """``memory_usage retrieve`` with the whole value, however long: nobody's context has to hold it here.

    Raises:
        SwarmMemoryError: See ``with_app`` and ``call``.
    """

    async def whole(app: App) -> dict[str, Any]:
        while True:
            told = await call(app, "memory_usage", {"action": "retrieve", **arguments})
            if "value_part" not in told:
                return told
            memory = await app.memory.by_id(told["id"])
            # Written in between by another process? Then what was told is no longer of this value.
            if memory is not None and memory.version == told["version"]:
                surplus = ("value_part", "offset", "next_offset", "truncated")
                return {name: item for name, item in told.items() if name not in surplus} | {"value": memory.value}

    return with_app(whole)
