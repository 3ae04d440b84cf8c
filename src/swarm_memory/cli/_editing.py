"""Shows what a command would change in files, asks, and does it."""

from collections.abc import Callable, Sequence

import click

from swarm_memory.cli._files import Edit, changing
from swarm_memory.cli._printing import hint, visible
from swarm_memory.cli._program import UVX, program


def carry_out(plan: Callable[[], Sequence[Edit]], *, ask: bool) -> None:
    """Show what would change in files, ask whether to, and do it.

    Args:
        plan: What to do; it is made again after the answer, since whoever answered may have taken a while.
        ask: Ask at all.

    Raises:
        InvalidArgument: A file cannot be read or written, or is such that nothing can be changed in it.
    """
    edits = changing(plan())
    if not edits:
        click.echo("All is as wanted already; nothing was changed.")
        return
    for one in edits:
        click.echo(visible("\n".join(one.shown())))
    if ask:
        click.confirm("Write it?", default=True, abort=True, err=True)
    for one in changing(plan()):
        one.apply()
        click.echo(f"{one.path} is {'removed' if one.after is None else 'written'}.")


def warn_of_slow_hooks() -> None:
    """A hook runs at every prompt; ``uvx`` alone takes longer than all of it."""
    if program()[0] == UVX:
        hint("uvx takes a second to start a hook. Install the program (uv tool install), then run this again.")
