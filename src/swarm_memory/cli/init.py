"""``init``: an entry for this server in a client's file, and on request hooks and a paragraph of CLAUDE.md."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from swarm_memory.cli import _claude_md, _hook_settings
from swarm_memory.cli._client_file import TOKEN_VARIABLE, URL_VARIABLE
from swarm_memory.cli._clients import CLIENTS, Client
from swarm_memory.cli._editing import carry_out, warn_of_slow_hooks
from swarm_memory.cli._files import Edit
from swarm_memory.transports.importing import quick_imports

if TYPE_CHECKING:
    from swarm_memory.config import Settings

_DIRECTORY = click.Path(exists=True, file_okay=False, path_type=Path)
_TOKEN_HERE = "<token>"  # noqa: S105 - stands for one
_CLAUDE = "claude"


@click.command(short_help="Set a client up for this server; --undo takes it out again.")
@click.option("--client", type=click.Choice(list(CLIENTS)), default=_CLAUDE, show_default=True, help="Which client.")
@click.option("--hooks", is_flag=True, help="Also the hooks, in .claude/settings.json of the project (claude only).")
@click.option("--claude-md", is_flag=True, help="Also a paragraph in CLAUDE.md of the project (claude only).")
@click.option("--undo", is_flag=True, help="Take out whatever init has put in for this client.")
@click.option("--with-turso", is_flag=True, help="Share one memory over a primary: a Turso database, or a sqld.")
@click.option("--url", metavar="URL", help=f"URL of the primary. Default: {URL_VARIABLE}, else you are asked.")
@click.option("--yes", is_flag=True, help="Ask nothing; URL and token come from --url and the environment.")
@click.option("--directory", type=_DIRECTORY, default=Path(), metavar="DIR", help="The project. Default: this one.")
def init(*, client: str, with_turso: bool, url: str | None, yes: bool, **options: Any) -> None:
    """Add this server to a client's file of the project, and keep what else is in it.

    What would change is shown first. Run again it changes nothing more, and --undo takes out what it has put in. With
    --with-turso the primary is tried first, and nothing is written where it does not accept the token. The file names
    the variables TURSO_DB_URL and TURSO_DB_AUTH_TOKEN and never holds their values, so it can be shared. The token is
    taken from the environment, or asked for without being shown.
    """
    _check(client, with_turso=with_turso, url=url, **options)
    known = CLIENTS[client]
    directory: Path = options["directory"]
    if options["undo"]:
        carry_out(lambda: _taken_out(known, directory), ask=not yes)
        return

    def plan(variables: tuple[str, ...]) -> list[Edit]:
        edits = [known.add(directory, variables)]
        if options["hooks"]:
            edits.append(_hook_settings.add(_hook_settings.settings_file("project", directory)))
        return [*edits, _claude_md.add(directory)] if options["claude_md"] else edits

    plan(())  # refuses a file that does not fit before asking anything
    exports = _tried(url, ask=not yes) if with_turso else []
    variables = (URL_VARIABLE, TOKEN_VARIABLE)[: len(exports)]
    carry_out(lambda: plan(variables), ask=not yes)
    if options["hooks"]:
        warn_of_slow_hooks()
    if exports:
        click.echo("\nWhoever starts the client needs, for example in the profile of the shell:\n")
        click.echo("\n".join(exports))


def _check(client: str, *, with_turso: bool, url: str | None, **options: Any) -> None:
    if url is not None and not with_turso:
        raise click.UsageError("--url is for --with-turso.")
    if client != _CLAUDE and (options["hooks"] or options["claude_md"]):
        raise click.UsageError("--hooks and --claude-md are for --client claude.")
    if options["undo"] and (with_turso or options["hooks"] or options["claude_md"]):
        raise click.UsageError("--undo takes out all of it and goes with --client and --directory alone.")


def _taken_out(client: Client, directory: Path) -> list[Edit]:
    edits = [client.remove(directory)]
    if client.name == _CLAUDE:
        edits += [
            _hook_settings.remove(_hook_settings.settings_file(scope, directory)) for scope in ("project", "local")
        ]
        edits.append(_claude_md.remove(directory))
    return edits


def _tried(url: str | None, *, ask: bool) -> list[str]:
    """Try the primary; the lines for the shell that a client needs, the token's left out where there is none."""
    with quick_imports():
        from swarm_memory.cli._turso import check, configured  # noqa: PLC0415 - brings the store; --help needs none

    settings = _completed(configured(url), ask=ask)
    host, holds_store = check(settings)
    click.echo(f"{host} answers and may be written to; it holds {'a store' if holds_store else 'no store yet'}.")
    lines = [f"export {URL_VARIABLE}={shlex.quote((settings.primary_url or '').strip())}"]
    return [*lines, f"export {TOKEN_VARIABLE}='{_TOKEN_HERE}'"] if settings.token else lines


def _completed(settings: "Settings", *, ask: bool) -> "Settings":
    """Ask for what is missing."""
    from swarm_memory.cli._turso import configured  # noqa: PLC0415 - see _tried

    if not ask:
        return settings
    url = None
    if settings.primary_url is None:
        url = click.prompt("URL of the primary", err=True)
    if settings.token:
        return configured(url) if url else settings
    token = click.prompt("Token (empty: none is needed)", hide_input=True, default="", show_default=False, err=True)
    return configured(url or settings.primary_url, token or None)
