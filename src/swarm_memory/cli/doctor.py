"""``doctor``: what could be wrong here, and what helps."""

import sys
from dataclasses import asdict
from typing import Final

import click

from swarm_memory.cli._printing import one_line, print_json
from swarm_memory.transports.importing import quick_imports

_MARKS: Final = {"ok": ("ok", "green"), "warning": ("warn", "yellow"), "failed": ("FAIL", "red")}


@click.command(short_help="Check installation, settings and store, with remedies.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON: ok, and the checks.")
def doctor(*, as_json: bool) -> None:
    """Check the installation, the settings and the store; each finding with its remedy.

    It opens the store as a server does, so a missing one is made. Exit code 1 if a check failed; warnings are told
    and do not count.
    """
    with quick_imports():
        from swarm_memory.cli._checkup import examine  # noqa: PLC0415 - brings the store; --help needs none of it

    checks = examine()
    failed = sum(check.result == "failed" for check in checks)
    if as_json:
        shown = [{name: item for name, item in asdict(check).items() if item is not None} for check in checks]
        print_json({"ok": not failed, "checks": shown})
    else:
        width = max(len(check.name) for check in checks)
        for check in checks:
            mark, colour = _MARKS[check.result]
            click.echo(f"{click.style(f'{mark:<4}', fg=colour)}  {check.name:<{width}}  {one_line(check.found)}")
            if check.remedy:
                click.echo(f"{'':<{width + 8}}Next: {one_line(check.remedy)}")
        warned = sum(check.result == "warning" for check in checks)
        click.echo(f"\n{len(checks)} checks: {failed} failed, {warned} to be warned of.")
    sys.exit(1 if failed else 0)
