"""``init``: an entry for this server in a project's ``.mcp.json``."""

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from swarm_memory.cli import _client_file
from swarm_memory.cli._client_file import FILE_NAME, NAME, TOKEN_VARIABLE, URL_VARIABLE
from swarm_memory.transports.importing import quick_imports

if TYPE_CHECKING:
    from swarm_memory.config import Settings

_DIRECTORY = click.Path(exists=True, file_okay=False, path_type=Path)
_TOKEN_HERE = "<token>"  # noqa: S105 - stands for one


@click.command(short_help="Add this server to a project's .mcp.json.")
@click.option("--with-turso", is_flag=True, help="Share one memory over a primary: a Turso database, or a sqld.")
@click.option("--url", metavar="URL", help=f"URL of the primary. Default: {URL_VARIABLE}, else you are asked.")
@click.option("--yes", is_flag=True, help="Ask nothing; URL and token come from --url and the environment.")
@click.option("--directory", type=_DIRECTORY, default=Path(), metavar="DIR", help="The project. Default: this one.")
def init(*, with_turso: bool, url: str | None, yes: bool, directory: Path) -> None:
    """Add this server to the .mcp.json of a project, and keep what else is in it.

    With --with-turso the primary is tried first, and nothing is written where it does not accept the token. The file
    names the variables TURSO_DB_URL and TURSO_DB_AUTH_TOKEN and never holds their values, so it can be shared. The
    token is taken from the environment, or asked for without being shown.
    """
    if url is not None and not with_turso:
        raise click.UsageError("--url is for --with-turso.")
    path = directory / FILE_NAME
    text = _client_file.read(path)
    _client_file.merged(text, _client_file.server_entry())  # refuses a file that does not fit before asking anything
    exports: list[str] = []
    if with_turso:
        exports = _tried(url, ask=not yes)
    variables = (URL_VARIABLE, TOKEN_VARIABLE)[: len(exports)]
    _write(path, text, variables, ask=not yes)
    if exports:
        click.echo("\nWhoever starts the client needs, for example in the profile of the shell:\n")
        click.echo("\n".join(exports))


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


def _write(path: Path, text: str | None, variables: tuple[str, ...], *, ask: bool) -> None:
    entry = _client_file.server_entry(*variables)
    new = _client_file.merged(text, entry)
    if new is None:
        click.echo(f"{path} has this entry already; nothing was changed.")
        return
    click.echo(f'Into {path}, under "mcpServers":')
    click.echo(json.dumps({NAME: entry}, ensure_ascii=False, indent=2))
    if ask:
        click.confirm("Write it?", default=True, abort=True, err=True)
    # Read again: whoever answered may have taken a while.
    _client_file.replace(path, _client_file.merged(_client_file.read(path), entry) or new)
    click.echo(f"{path} is written.")
