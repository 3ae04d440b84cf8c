"""``export`` and ``import``: a store as a file of lines, and back."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from swarm_memory.cli._printing import count_of, hint, one_line, print_json
from swarm_memory.errors import ModelUnavailable, StorageError
from swarm_memory.transports.importing import quick_imports

if TYPE_CHECKING:
    from swarm_memory.services.intake import Report

_EXPORT_EXAMPLES: Final = """\b
swarm-memory export --output memories.jsonl
swarm-memory export --project github.com/acme/shop | gzip >shop.jsonl.gz"""
_IMPORT_EXAMPLES: Final = """\b
swarm-memory import --dry-run memories.jsonl
swarm-memory import .swarm
swarm-memory import --from markdown docs/decisions"""
_FORMATS: Final = ("export", "claude-flow", "mcp-turso", "server-memory", "mcp-memory-libsql", "markdown")


@click.command(epilog=_EXPORT_EXAMPLES)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write to this file, which must not exist yet. Default: stdout.",
)
@click.option("--project", metavar="NAME", help="Export this project only. Default: all projects.")
def export(output: Path | None, project: str | None) -> None:
    """Write memories, lessons and swarms as lines of JSON.

    Memories come with all their versions, and what was deleted with its tombstone, in a format that is documented and
    that import takes back exactly. Tasks, agents and mail are not in it: a backup has them. It works in every mode,
    also while servers run.
    """
    with quick_imports():
        from swarm_memory.cli._moving import export_to  # noqa: PLC0415 - brings the store; --help needs none of it

    counts = export_to(output, project)
    told = (
        count_of(counts["memories"], "memory", "memories"),
        count_of(counts["versions"], "past version", "past versions"),
        count_of(counts["lessons"], "lesson with outcomes", "lessons with outcomes"),
        count_of(counts["swarms"], "swarm", "swarms"),
    )
    hint(f"exported {', '.join(told)}{f' to {output}' if output else ''}")


@click.command("import", short_help="Take in an export, another program's store, or Markdown.", epilog=_IMPORT_EXAMPLES)
@click.argument("source", type=click.Path(path_type=Path, exists=True, allow_dash=True))
@click.option("--from", "form", type=click.Choice(_FORMATS), help="Format of SOURCE. Default: found by looking.")
@click.option("--project", metavar="NAME", help="Project of what is taken. Default: the one here. Not for an export.")
@click.option("--dry-run", is_flag=True, help="Only tell what would be taken; write nothing.")
@click.option("--overwrite", is_flag=True, help="Where the store has another value, write over it, as a new version.")
@click.option("--allow-secrets", is_flag=True, help="Of other programs: take also what looks like a secret.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON: the counts, and the first not taken.")
def import_(source: Path, form: str | None, project: str | None, *, as_json: bool, **flags: bool) -> None:
    """Take in what SOURCE holds: an export ("-" is stdin), another program's store, or notes in Markdown.

    Other programs: claude-flow (a store of version 2 or 3, a folder with .swarm), mcp-turso (a file of its database),
    server-memory (its JSON lines), mcp-memory-libsql (its file). Notes: a file or a folder, Claude's memory files too.

    What is in the store stays as it is, unless --overwrite is given: where it has another value under the same name,
    that is told. Run again, it takes what is not there yet. SOURCE is only read.
    """
    with quick_imports():
        from swarm_memory.cli._moving import Wish, import_from  # noqa: PLC0415 - brings the store; --help needs none

    form, report = import_from(Wish(source, form, project, **flags))
    if (report.taken or report.replaced) and not flags["dry_run"]:
        _make_vectors()
    if as_json:
        print_json({"format": form, "dry_run": flags["dry_run"], **asdict(report)})
        return
    _tell(report, dry_run=flags["dry_run"])


def _make_vectors() -> None:
    """For search by meaning. What was taken stays taken without them, and is found by its words."""
    with quick_imports():
        from swarm_memory.cli._reindexing import fill  # noqa: PLC0415 - brings the store and the model

    try:
        fill(again=False)
    except ModelUnavailable:
        return
    except StorageError as error:
        hint(f"{one_line(str(error))} Everything was taken; swarm-memory reindex makes the missing vectors.")


def _tell(report: "Report", *, dry_run: bool) -> None:
    click.echo(
        f"{'would take' if dry_run else 'took'} {count_of(report.taken, 'memory', 'memories')}, "
        f"{count_of(report.versions, 'past version', 'past versions')} and "
        f"{count_of(report.swarms, 'swarm', 'swarms')}; {report.already_there:,} already there"
    )
    if report.replaced:
        click.echo(f"{'would write' if dry_run else 'wrote'} over {count_of(report.replaced, 'memory', 'memories')}")
    left = report.conflicts + report.skipped
    if left:
        click.echo(f"not taken: {count_of(report.conflicts, 'conflict', 'conflicts')}, {report.skipped:,} skipped")
        for one in report.untaken:
            click.echo(f"  {one_line(one.what)}: {one_line(one.why)}")
        if left > len(report.untaken):
            click.echo(f"  and {left - len(report.untaken):,} more")
    if report.conflicts:
        hint("What is here stays. To take the other values instead, as new versions: the same with --overwrite.")
