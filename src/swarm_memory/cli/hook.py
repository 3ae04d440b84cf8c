"""``hook``: what Claude Code runs at its events, and the commands that put it into a ``settings.json``."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from swarm_memory.cli import _hook_settings
from swarm_memory.cli._editing import carry_out, warn_of_slow_hooks
from swarm_memory.cli._printing import hint, print_facts, print_json
from swarm_memory.hooks import EVENTS

_DIRECTORY = click.Path(exists=True, file_okay=False, path_type=Path)
_scope = click.option(
    "--scope",
    type=click.Choice(list(_hook_settings.PLACES)),
    default="user",
    show_default=True,
    help="user: ~/.claude/settings.json; project: .claude/settings.json; local: .claude/settings.local.json.",
)
_directory = click.option(
    "--directory", type=_DIRECTORY, default=Path(), metavar="DIR", help="The project. Default: this one."
)
_yes = click.option("--yes", is_flag=True, help="Ask nothing.")


@click.group(short_help="Recall without asking: hooks for Claude Code.")
def hook() -> None:
    """Hooks for Claude Code: the brief at the start, recall for a prompt, checkpoints.

    A hook reads one JSON object on stdin, as Claude Code writes it, and answers with one, or with nothing. It starts no
    server and asks no model. It never fails: what goes wrong is one line in hooks.log in the directory of the store.
    """


@hook.command()
@_scope
@_directory
@_yes
def install(scope: str, directory: Path, *, yes: bool) -> None:
    """Put the four hooks into a settings.json, and leave every other byte of it as it is.

    What would change is shown first. Run again it changes nothing more. A file with comments is refused: JSON has none.
    """
    carry_out(lambda: [_hook_settings.add(_hook_settings.settings_file(scope, directory))], ask=not yes)
    warn_of_slow_hooks()


@hook.command()
@_scope
@_directory
@_yes
def remove(scope: str, directory: Path, *, yes: bool) -> None:
    """Take the hooks of this program out of a settings.json, and leave those of others there."""
    carry_out(lambda: [_hook_settings.remove(_hook_settings.settings_file(scope, directory))], ask=not yes)


@hook.command()
@_directory
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON: the hooks by scope and event.")
def status(directory: Path, *, as_json: bool) -> None:
    """Tell which hooks are installed where."""
    places = {scope: _hook_settings.settings_file(scope, directory) for scope in _hook_settings.PLACES}
    found = {scope: _hook_settings.installed(path) for scope, path in places.items()}
    if as_json:
        print_json(found)
        return
    for scope, path in places.items():
        click.echo(f"{scope}  {path}")
        print_facts((f"  {event}", found[scope].get(event, "not installed")) for event in EVENTS)
    if not any(found.values()):
        hint("Install them with swarm-memory hook install.")


def _event(name: str) -> Callable[[], None]:
    def run_it() -> None:
        from swarm_memory.hooks.run import run  # noqa: PLC0415 - brings the store; --help needs none of it

        run(name)

    return run_it


_TOLD: dict[str, str] = {
    "session-start": "Answer SessionStart: the brief of the project, at most 800 tokens.",
    "user-prompt": "Answer UserPromptSubmit: what is relevant for the prompt, at most 500 tokens, or nothing.",
    "pre-compact": "Answer PreCompact: store where the session stands, from its transcript. Prints nothing.",
    "session-end": "Answer SessionEnd: store where the session stood, from its transcript. Prints nothing.",
}
for _name in EVENTS.values():
    _command: Any = click.command(_name, help=_TOLD[_name])(_event(_name))
    hook.add_command(_command)
