"""``why``: what a result's place is made of."""

from dataclasses import asdict

import click

from swarm_memory.cli._printing import one_line, print_json
from swarm_memory.transports.importing import quick_imports


@click.command(short_help="Explain a result's place in numbers.")
@click.argument("query")
@click.argument("id_", metavar="ID")
@click.option("--project", metavar="NAME", help="As the search had it.")
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON.")
def why(query: str, id_: str, *, project: str | None, as_json: bool) -> None:
    """Explain in numbers why the memory ID has its place among the results of QUERY.

    The score is made of the share of the query's words that the memory and its neighbours have, weighted by rarity, of
    the cosine to the query, and of what stands around it.
    """
    with quick_imports():
        from swarm_memory.cli._explaining import explained  # noqa: PLC0415 - brings the store; --help needs none of it

    told = explained(query, id_, project)
    if as_json:
        print_json(asdict(told))
        return
    where = "this project" if told.own_project else "other projects"
    place = "no candidate" if told.place is None else f"place {told.place} of {told.candidates} in {where}"
    click.secho(f"{place}, score {told.score:.3f}{'' if told.told else ', not told: under the floor'}", bold=True)
    click.echo(
        f"  words     {told.words:.3f} with neighbours, {told.own_words:.3f} of its own, weight {1 - told.weight:.2f}"
    )
    cosine = "no vector" if told.cosine is None else f"{told.cosine:.3f}"
    click.echo(f"  meaning   {cosine}, weight {told.weight:.2f} ({told.searched})")
    click.echo(f"  around    {told.around:.3f} from neighbours, {told.group:.3f} from the best of its conversation")
    click.echo(f"  evidence  {told.evidence:.3f}, floor {told.floor:.3f}")
    for term in told.terms:
        click.echo(
            f"    {'+' if term.here else '-'} {one_line(term.name):<24} rarity {term.rarity:.2f}, found in {term.found}"
        )
