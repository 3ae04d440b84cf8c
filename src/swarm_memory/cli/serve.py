"""``swarm-memory serve``: MCP on stdio, or on HTTP with SSE."""

import click

from swarm_memory.errors import InvalidArgument


@click.command()
@click.option("--http", "address", metavar="HOST:PORT", help="Serve streamable HTTP, SSE and /health instead of stdio.")
@click.option("--tools", type=click.Choice(["memory", "default", "all"]), help="Toolset. Default: SWARM_MEMORY_TOOLS.")
def serve(address: str | None, tools: str | None) -> None:
    """Serve MCP until the client is gone."""
    # Inside, because the other commands need none of it, and in this block, because start-up time counts.
    from swarm_memory.transports.importing import quick_imports  # noqa: PLC0415 - see above

    with quick_imports():
        from swarm_memory.cli._serving import run  # noqa: PLC0415 - see above

    run(_host_and_port(address) if address else None, tools)


def _host_and_port(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    if not port.isdecimal() or int(port) > 65535:
        raise InvalidArgument(
            f"--http {address!r} has no port.", next_step="give an address such as --http 127.0.0.1:8765."
        )
    return host.strip("[]") or "127.0.0.1", int(port)
