"""``reindex``: vectors for everything that lacks them."""

import click

from swarm_memory.cli._printing import count_of, print_json
from swarm_memory.transports.importing import quick_imports


@click.command(short_help="Make the vectors that the store lacks.")
@click.option("--all", "again", is_flag=True, help="Make those too that are there.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
def reindex(*, again: bool, as_json: bool) -> None:
    """Make the vectors of all memories that have none of the present model.

    Servers do it for what they write, and import for what it takes. It is needed after another model was chosen;
    search works meanwhile, and finds by words what has no vector yet.
    """
    with quick_imports():
        from swarm_memory.cli._reindexing import fill  # noqa: PLC0415 - brings the store; --help needs none of it

    model, done = fill(again=again)
    if as_json:
        print_json({"model": model, "memories": done.seen, "vectors": done.put})
        return
    click.echo(f"{count_of(done.seen, 'memory', 'memories')}, vectors of {model} made for {done.put}")
