"""``scan``: secrets that are in the store already."""

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import click

from swarm_memory.cli._printing import hint, one_line, print_json
from swarm_memory.transports.importing import quick_imports

if TYPE_CHECKING:
    from swarm_memory.services.scan import Found

_TOLD: Final = 1_000


@click.command(short_help="Find secrets that are stored already.")
@click.option("--project", metavar="NAME", help="In this project only. Default: in all.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print one line of JSON: how many, and where the first 1,000 are."
)
def scan(project: str | None, *, as_json: bool) -> None:
    """Find what looks like a secret in memories, their past versions and swarms.

    Tells where it is and the rule that it meets, never the secret. Exit code 1 if something was found. Writes of tools
    are looked at before they are stored; this finds what is older, was imported, or was meant.
    """
    with quick_imports():
        from swarm_memory.cli._scanning import scan_store  # noqa: PLC0415 - brings the store; --help needs none of it

    number, first = 0, list[dict[str, Any]]()

    def tell(found: "Found") -> None:
        nonlocal number
        number += 1
        if not as_json:
            click.echo(_line(found))
        elif number <= _TOLD:
            first.append(asdict(found))

    scan_store(project, tell)
    if as_json:
        print_json({"found": number, "secrets": first})
    elif number:
        hint(
            "Change what has been stored, for others may have read it. Then take it out, with its history: "
            "swarm-memory purge --id ID."
        )
    else:
        hint("Nothing looks like a secret.")
    sys.exit(1 if number else 0)


def _line(found: "Found") -> str:
    name = f"{found.namespace}/{found.key}" if found.key else f"{'an' if found.kind == 'entry' else 'a'} {found.kind}"
    past = f", version {found.version} (past)" if found.is_past else ""
    return one_line(
        f"{found.sighting.rule} in {found.sighting.where} of {name} in {found.project}{past}, id {found.id}"
    )
