"""The commands of ``swarm-memory``. Without one it serves MCP on stdio."""

import sys

import click

from swarm_memory import __version__
from swarm_memory.cli._printing import one_line
from swarm_memory.cli.backup import backup, restore
from swarm_memory.cli.doctor import doctor
from swarm_memory.cli.entries import get, list_, set_
from swarm_memory.cli.hook import hook
from swarm_memory.cli.housekeeping import compact, stats
from swarm_memory.cli.init import init
from swarm_memory.cli.models import models
from swarm_memory.cli.moving import export, import_
from swarm_memory.cli.purge import purge
from swarm_memory.cli.push import push_to_primary
from swarm_memory.cli.reindex import reindex
from swarm_memory.cli.scan import scan
from swarm_memory.cli.search import search
from swarm_memory.cli.serve import serve
from swarm_memory.cli.status import status
from swarm_memory.cli.swarm import swarm
from swarm_memory.cli.why import why
from swarm_memory.errors import ConfigurationError, SwarmMemoryError

_SERVE = "serve"


class _Commands(click.Group):
    """The group; ``swarm-memory`` alone is ``swarm-memory serve``, and errors are told in one line."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, args or [_SERVE])

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except SwarmMemoryError as error:
            click.echo(one_line(str(error)), err=True)
            sys.exit(2 if isinstance(error, ConfigurationError) else 1)


@click.group(cls=_Commands)
@click.version_option(__version__, message="swarm-memory %(version)s")
def cli() -> None:
    """Durable shared memory and coordination for coding agents, as an MCP server."""


for _command in (
    serve,
    get,
    set_,
    list_,
    search,
    why,
    models,
    reindex,
    status,
    swarm,
    doctor,
    init,
    hook,
    push_to_primary,
    export,
    import_,
    backup,
    restore,
    purge,
    scan,
    stats,
    compact,
):
    cli.add_command(_command)
