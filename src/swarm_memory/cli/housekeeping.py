"""``stats`` and ``compact``: how large the store is, by what, and how it gets smaller."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Final

import click

from swarm_memory.cli._printing import at_terminal, hint, print_json, print_table, print_tabs
from swarm_memory.transports.importing import quick_imports

if TYPE_CHECKING:
    from swarm_memory.services.stats import Stats

_DAYS: Final = 30
_TOLD: Final = 20
_BAR: Final = 20
_STEPS: Final = "▁▂▃▄▅▆▇█"
_COLUMNS: Final = ("project", "memories", "size", "past versions", "their size", "share")


@click.command(short_help="Show what takes how much room, by project and day.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON, with every project.")
def stats(*, as_json: bool) -> None:
    """Show what the store holds and what takes how much room: by project, by kind, by day.

    It reads the whole store: seconds for a large one. In a pipe the columns are separated by tabs.
    """
    with quick_imports():
        from swarm_memory.cli._housekeeping import read_stats  # noqa: PLC0415 - brings the store; --help needs none

    told = read_stats(_DAYS)
    if as_json:
        print_json(asdict(told))
        return
    _print_projects(told)
    if not at_terminal():
        return
    totals = told.totals
    kinds = Counter[str]()
    for one in told.projects:
        kinds.update(one.kinds)
    click.echo("\n" + ("  ".join(f"{kind} {number:,}" for kind, number in kinds.items()) or "Nothing is stored yet."))
    click.echo(f"changes of the last {_DAYS} days  {spark(told.days)}  {sum(told.days):,}; {totals.changes:,} are kept")
    click.echo(
        f"tombstones {totals.tombstones:,}  expired {totals.expired:,}  past versions {totals.versions:,}  "
        f"database {size_of(told.bytes)}, {size_of(told.free_bytes)} of it free"
    )


@click.command(short_help="Take out what is past its time, and give the room back.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
def compact(*, as_json: bool) -> None:
    """Take out what is past its time, and give the room back.

    What has expired, past versions and changes beyond SWARM_MEMORY_HISTORY_DAYS and SWARM_MEMORY_KEPT_CHANGES go at
    once; writes take them out little by little otherwise. A local file is written anew without its free pages: others
    wait meanwhile, and it takes as much room again. On a primary, free pages are the server's.
    """
    with quick_imports():
        from swarm_memory.cli._housekeeping import compact_store  # noqa: PLC0415 - brings the store; see above

    done = compact_store()
    if as_json:
        print_json(asdict(done))
        return
    click.echo(
        f"{size_of(done.bytes_before)} before, {size_of(done.bytes_after)} now; out went {done.expired:,} expired, "
        f"{done.versions:,} past versions, {done.changes:,} changes"
    )


def spark(numbers: Sequence[int]) -> str:
    """One character for each number: its height among them; a space for none."""
    most = max([*numbers, 1])
    return "".join(_STEPS[(number * len(_STEPS) - 1) // most] if number else " " for number in numbers)


def size_of(number: int) -> str:
    """Bytes for people."""
    for unit, bound in (("B", 1_000), ("kB", 1_000_000), ("MB", 1_000_000_000)):
        if number < bound:
            return f"{number * 1_000 / bound:.3g} {unit}"
    return f"{number / 1_000_000_000:,.1f} GB"


def _print_projects(told: "Stats") -> None:
    if not at_terminal():
        print_tabs((one.project, one.memories, one.bytes, one.past_versions, one.past_bytes) for one in told.projects)
        return
    whole = sum(one.bytes + one.past_bytes for one in told.projects) or 1
    rows = [
        (
            one.project,
            f"{one.memories:,}",
            size_of(one.bytes),
            f"{one.past_versions:,}",
            size_of(one.past_bytes),
            _bar((one.bytes + one.past_bytes) / whole),
        )
        for one in told.projects[:_TOLD]
    ]
    print_table(_COLUMNS, rows)
    if len(told.projects) > _TOLD:
        hint(f"{len(told.projects) - _TOLD} more projects: --json has all.")


def _bar(share: float) -> str:
    """Its share of the whole, as a bar and in per cent."""
    return f"{'█' * round(share * _BAR) or '▏'} {share:.0%}"
