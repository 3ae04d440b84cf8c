"""``models``: what search by meaning is made with."""

from pathlib import Path

import click

from swarm_memory.cli._printing import hint, print_json
from swarm_memory.transports.importing import quick_imports


@click.group(short_help="List, bring and choose the models of search by meaning.")
def models() -> None:
    """List, bring and choose the models of search by meaning.

    The static model comes with the program and needs nothing. Others are better and slower; they need the extra onnx
    (pip install "swarm-memory[onnx]") and are downloaded by nothing but "models pull".
    """


@models.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
def list_(*, as_json: bool) -> None:
    """Tell which models there are, and which one is used."""
    with quick_imports():
        from swarm_memory.cli._models import listed  # noqa: PLC0415 - brings settings; --help needs none of it

    told = listed()
    if as_json:
        print_json({"models": told})
        return
    for one in told:
        mark = "*" if one["used"] else " "
        click.echo(f"{mark} {one['name']:<12} {'here' if one['here'] else 'not here':<9} {one['about']}")
    hint("* is used. A running server keeps its model until it is started again.")


@models.command()
@click.argument("name")
@click.option(
    "--from",
    "source",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Take the files from this folder instead of downloading them.",
)
def pull(name: str, source: Path | None) -> None:
    """Download a model, or copy it from a folder; its files are kept only if their checksums are right."""
    with quick_imports():
        from swarm_memory.cli._models import pulled  # noqa: PLC0415 - see list

    click.echo(f"{name} is in {pulled(name, source)}")
    hint(f"Choose it: swarm-memory models use {name}")


@models.command()
@click.argument("name")
def use(name: str) -> None:
    """Let servers use a model from their next start on; static and none are names too."""
    with quick_imports():
        from swarm_memory.cli._models import used  # noqa: PLC0415 - see list

    used(name)
    click.echo(f"{name} is chosen")
    if name != "none":
        hint("Make the vectors of what is stored: swarm-memory reindex. A search works meanwhile.")
