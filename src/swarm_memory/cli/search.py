"""``search``: every kind of memory by its words, or the brief."""

from typing import Any

import click

from swarm_memory.cli import _options
from swarm_memory.cli._options import given
from swarm_memory.cli._printing import hint, one_line, print_json, visible
from swarm_memory.transports.importing import quick_imports


@click.command()
@click.argument("query", nargs=-1)
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Results must have it. Repeatable.")
@click.option("--kind", type=click.Choice(["entry", "knowledge", "conversation", "lesson"]), help="Of this kind only.")
@click.option("--since", metavar="WHEN", help="Changed since: a time (2026-01-31T12:00:00Z) or an age (24h, 7d).")
@click.option("--strict", is_flag=True, help="Every field:value in QUERY must be met.")
@_options.limit(10, "results, 1 to 200")
@click.option("--max-tokens", type=int, metavar="N", help="Size of the whole answer, 100 to 50000. [default: 2000]")
@_options.any_namespace
@click.option(
    "--project", metavar="NAME", help="Search in this project only. Default: this one first, then all others."
)
@_options.as_json
def search(query: tuple[str, ...], tags: tuple[str, ...], *, strict: bool, as_json: bool, **options: Any) -> None:
    """Find memories by the words of QUERY, best first.

    QUERY is plain words, '"quoted phrases"' and field:value. Without words you get the brief: what is new in this
    project and what was decided. The full text of a result: swarm-memory get --id ID.
    """
    with quick_imports():
        from swarm_memory.cli._calling import answer  # noqa: PLC0415 - brings mcp; --help needs none of it

    arguments = given(query=" ".join(query) or None, tags=list(tags) or None, strict=strict or None, **options)
    told = answer("search_knowledge", arguments)
    if as_json:
        print_json(told)
        return
    for result in told["results"]:
        _print_result(result)
    if not told["results"]:
        hint("Nothing is stored in this project yet." if told.get("brief") else "Nothing was found.")
    if more := told.get("more"):
        hint(f"{more} more: raise --limit or --max-tokens.")


def _print_result(result: dict[str, Any]) -> None:
    about = [
        result["kind"],
        f"namespace {result['namespace']}" if result["namespace"] != "default" else None,
        f"project {result['project']}" if "project" in result else None,
        f"score {result['score']:.2f}" if "score" in result else None,
        f"tags {','.join(result['tags'])}" if result["tags"] else None,
        f"from {result['source']}" if "source" in result else None,
        f"by {result['agent']}" if "agent" in result else None,
        result["updated_at"],
    ]
    click.secho(one_line(result.get("topic") or result.get("session_id") or result["id"]), bold=True)
    click.secho("  " + one_line(" · ".join(part for part in about if part)), dim=True)
    for line in visible(result["content"]).splitlines():
        click.echo(f"    {line}".rstrip())
    click.secho(f"  id {result['id']}" + (" (cut)" if result.get("truncated") else ""), dim=True)
    click.echo()
