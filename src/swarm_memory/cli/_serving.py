"""What ``serve`` runs. Its imports are the expensive ones of the program."""

import anyio

from swarm_memory import __version__
from swarm_memory.app import open_app
from swarm_memory.config import Settings, load_settings
from swarm_memory.logs import configure_logs
from swarm_memory.resources import Resources
from swarm_memory.server import build_server
from swarm_memory.transports.stdio import claim_wire, serve_stdio


def run(address: tuple[str, int] | None, tools: str | None) -> None:
    """Open the store and serve until the end. Does not return.

    Args:
        address: Host and port for HTTP; None serves stdio.
        tools: Toolset; None: as configured.

    Raises:
        SwarmMemoryError: A setting is wrong, the store cannot be opened, the address cannot be taken.
    """
    settings = load_settings(tools=tools)
    configure_logs(settings.log_level, settings.log_format)
    if address is None:
        anyio.run(_serve_stdio, settings)
    else:
        anyio.run(_serve_http, settings, *address)


async def _serve_stdio(settings: Settings) -> None:
    # Before the store is opened: whatever a library prints must not reach the protocol.
    wire = claim_wire()
    async with open_app(settings) as app:
        await serve_stdio(build_server(app, settings.tools), on_end=app.close, wire=wire)


async def _serve_http(settings: Settings, host: str, port: int) -> None:
    from swarm_memory.transports.http import serve_http  # noqa: PLC0415 - stdio servers need no HTTP stack

    async with open_app(settings) as app:
        resources = Resources(app)
        server = build_server(app, settings.tools, resources)
        await serve_http(server, host, port, version=__version__, on_end=app.close, close_streams=resources.close)
