"""``status``: what the store is and holds."""

from typing import Any

import click

from swarm_memory.cli import _options
from swarm_memory.cli._options import given
from swarm_memory.cli._printing import print_facts, print_json
from swarm_memory.transports.importing import quick_imports


@click.command(short_help="Show what the memory holds, where, and for which project.")
@click.option("--projects", is_flag=True, help="Also the twenty largest projects of the store, with their memories.")
@_options.project
@_options.as_json
def status(project: str | None, *, projects: bool, as_json: bool) -> None:
    """Show where the memory is, what it holds, and which project this is and why.

    What is wrong, and what helps: swarm-memory doctor.
    """
    with quick_imports():
        from swarm_memory.app import App  # noqa: PLC0415 - brings the store; --help needs none of it
        from swarm_memory.cli._calling import call, with_app  # noqa: PLC0415 - brings mcp, see above

    async def ask(app: App) -> dict[str, Any]:
        told = await call(app, "memory_status", given(project=project))
        if projects:
            told["projects"] = [{"project": name, "memories": count} for name, count in await app.health.projects()]
        return told

    told = with_app(ask)
    if as_json:
        print_json(told)
        return
    largest = told.pop("projects", [])
    for name, fact in told.pop("replication", {}).items():
        told[name] = fact
    print_facts((name.replace("_", " "), "none" if fact is None else fact) for name, fact in told.items())
    if projects:
        click.echo("\nprojects")
        print_facts((f"  {one['memories']:>8}", one["project"]) for one in largest)
