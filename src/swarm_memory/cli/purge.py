"""``purge``: memories out of the store, with nothing left of them."""

import re
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import click

from swarm_memory.cli._printing import count_of, hint, one_line, print_json
from swarm_memory.transports.importing import quick_imports

if TYPE_CHECKING:
    from swarm_memory.services.purge import Report

_SECONDS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_EXAMPLES: Final = """\b
swarm-memory purge --dry-run secrets/api-key
swarm-memory purge --tag customer-data --older-than 90d
swarm-memory purge --project github.com/acme/old-shop --yes"""


class _Age(click.ParamType[float]):
    """A number with a unit, as seconds."""

    name = "age"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        found = re.fullmatch(r"(\d{1,6})([smhdw])", str(value))
        if found is None:
            self.fail(f"{value!r} is no age such as 90d; the units are s, m, h, d and w.", param, ctx)
        return int(found[1]) * _SECONDS[found[2]]


@click.command(epilog=_EXAMPLES, short_help="Take memories out for good, with nothing left of them.")
@click.argument("keys", nargs=-1)
@click.option("--id", "id_", metavar="ID", help="The memory with this id, in any project.")
@click.option("--namespace", metavar="NAME", help="Only in this namespace. Default: all.")
@click.option("--tag", metavar="TAG", help="Only those with this tag.")
@click.option("--older-than", type=_Age(), metavar="AGE", help="Only those not written since, for example 90d or 12h.")
@click.option("--agent", metavar="NAME", help="Only those that this agent wrote last, and its past versions of others.")
@click.option("--project", metavar="NAME", help="In this project. Alone: all of it. Default: the one here.")
@click.option("--all-projects", is_flag=True, help="In all projects.")
@click.option("--dry-run", is_flag=True, help="Only tell what would be purged.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON. Needs --yes or --dry-run.")
def purge(*, dry_run: bool, yes: bool, as_json: bool, **options: object) -> None:
    """Take memories out of the store for good: what fits everything that is given.

    Unlike a deletion it leaves no tombstone and no history: the text is in no table, index, version or kept outcome,
    in no backup that is made later, and, with a local store, in no byte of its file. It cannot be undone.
    """
    if as_json and not (yes or dry_run):
        raise click.UsageError("--json needs --yes or --dry-run: there is nobody to ask.")
    with quick_imports():
        from swarm_memory.cli._purging import Purge  # noqa: PLC0415 - brings the store; --help needs none of it

    run = Purge(options)
    report = run.survey()
    if not as_json and (dry_run or not yes):
        _show(report)
    if not dry_run and (yes or _agrees(report)):
        report = run.purge()
        if not as_json:
            click.echo(f"purged {_counts(report)}")
            for remark in run.remarks(report):
                hint(remark)
    if as_json:
        print_json({"dry_run": dry_run, **asdict(report), "may_remain": [] if dry_run else run.remarks(report)})


def _agrees(report: "Report") -> bool:
    """Whether there is something to purge and the person wants it."""
    return bool(report.memories or report.versions) and click.confirm("Purge for good?", abort=True)


def _show(report: "Report") -> None:
    click.echo(f"would purge {_counts(report)}")
    for one in report.first:
        click.echo(f"  {one_line(one.name)}  namespace {one_line(one.namespace)}, project {one_line(one.project)}")
    if report.memories > len(report.first):
        click.echo(f"  and {report.memories - len(report.first):,} more")


def _counts(report: "Report") -> str:
    told = f"{count_of(report.memories, 'memory', 'memories')} with all their versions"
    return told + (f", and {report.versions:,} past versions of others" if report.versions else "")
