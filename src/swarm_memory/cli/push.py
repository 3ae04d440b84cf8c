"""``push-to-primary``: what this machine's local store holds, for everybody."""

from dataclasses import asdict

import click

from swarm_memory.cli._printing import count_of, hint, one_line, print_json
from swarm_memory.transports.importing import quick_imports


@click.command("push-to-primary", short_help="Copy this machine's local store to the primary.")
@click.option("--dry-run", is_flag=True, help="Only tell what would be pushed; write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON: the counts, and the first conflicts.")
def push_to_primary(*, dry_run: bool, as_json: bool) -> None:
    """Copy the memories and swarms of this machine's local store to the configured primary.

    Each keeps its id, its version, its times and its history. The primary may hold those of others: where it has
    another memory under the same key, the primary's stays, and the conflict is told. What has expired or was deleted
    does not move. The local store stays as it is. Run again, it pushes what is not there yet.
    """
    with quick_imports():
        from swarm_memory.cli._pushing import push  # noqa: PLC0415 - brings the store; --help needs none of it

    host, report = push(dry_run=dry_run)
    if as_json:
        print_json({"primary": host, "dry_run": dry_run, **asdict(report)})
        return
    moved = f"{count_of(report.pushed, 'memory', 'memories')} and {count_of(report.swarms, 'swarm', 'swarms')}"
    click.echo(f"{'would push' if dry_run else 'pushed'} {moved} to {host}; {report.already_there} already there")
    if report.conflicts:
        click.echo(f"{count_of(report.conflicts, 'conflict', 'conflicts')}: the primary has another memory there")
        for one in report.conflicting:
            click.echo(f"  {one_line(one.key or one.id)}  namespace {one.namespace}, project {one_line(one.project)}")
        hint("The primary's stay. Read your own with SWARM_MEMORY_MODE=local; store it under another key to push it.")
