"""``swarm``: who works on what, as it is and as it goes on."""

from typing import Any, Final, cast

import click

from swarm_memory.cli import _options
from swarm_memory.cli._options import given
from swarm_memory.cli._printing import at_terminal, count_of, hint, print_facts, print_json, print_table, print_tabs
from swarm_memory.transports.importing import quick_imports

_STATUSES: Final = ("proposed", "blocked", "ready", "claimed", "review", "done", "failed", "dead", "cancelled")
_OPEN: Final = _STATUSES[:5]
_id = click.option(
    "--id", "swarm_id", metavar="ID", default="current", help="The swarm. Default: the project's newest."
)


@click.group("swarm", short_help="Show who works on what in a swarm, and end one.")
def swarm() -> None:
    """Agents, tasks and events of a swarm: the project's newest active one, or that with --id."""


@swarm.command("status")
@_id
@_options.project
@_options.as_json
def status(swarm_id: str, project: str | None, *, as_json: bool) -> None:
    """Show how a swarm stands.

    Tasks by status, living agents, the oldest claim, and what is stalled.
    """
    told = _ask("swarm_status", swarmId=swarm_id, project=project)
    if as_json:
        print_json(told)
        return
    store = told.pop("store")
    told["store"] = store["mode"]
    print_facts((name.replace("_", " "), _plain(fact)) for name, fact in told.items())


@swarm.command("tasks")
@click.argument("task", required=False)
@click.option("--status", "wanted", type=click.Choice(_STATUSES), help="Only these. Default: all that are open.")
@_id
@_options.project
@_options.as_json
def tasks(task: str | None, wanted: str | None, swarm_id: str, project: str | None, *, as_json: bool) -> None:
    """List tasks, or show one whole.

    At most twenty of each status. A task by its id comes with its text, dependencies and attempts.
    """
    if task is not None:
        whole = _ask("swarm_status", tasks=task, swarmId=swarm_id, project=project)["task"]
        if as_json:
            print_json(whole)
        else:
            print_facts((name.replace("_", " "), _plain(fact)) for name, fact in whole.items())
        return
    found: list[dict[str, Any]] = []
    more = False
    for one in (wanted,) if wanted else _OPEN:
        page = _ask("swarm_status", tasks=one, swarmId=swarm_id, project=project)
        found += page["listed"]
        more = more or "more" in page
    if as_json:
        print_json({"tasks": found, "more": more})
        return
    _print(
        ("task", "status", "agent", "role", "title"),
        [[one["id"], one["status"], one.get("agent", ""), one.get("role", ""), one["title"]] for one in found],
    )
    hint("There are no such tasks." if not found else "There are more." if more else "")


@swarm.command("agents")
@_id
@_options.project
@_options.as_json
def agents(swarm_id: str, project: str | None, *, as_json: bool) -> None:
    """List agents, living ones first, with the claims that they hold."""
    told = _ask("agent_list", swarmId=swarm_id, project=project)
    if as_json:
        print_json(told)
        return
    _print(
        ("agent", "state", "claim", "role"),
        [
            [one["agent"], "gone" if one.get("gone") else "lives", one.get("claim", ""), one.get("role", "")]
            for one in told["agents"]
        ],
    )
    hint(f"{count_of(told['live'], 'agent lives', 'agents live')}; there is room for {told['maxAgents']}.")


@swarm.command("log")
@click.option("--limit", type=click.IntRange(1, 1_000), default=50, show_default=True, help="At most so many.")
@_id
@_options.project
@_options.as_json
def log(limit: int, swarm_id: str, project: str | None, *, as_json: bool) -> None:
    """Print what happened last.

    Oldest first: who claimed, finished or lost what, and when.
    """
    with quick_imports():
        from swarm_memory.app import App  # noqa: PLC0415 - brings the store; --help needs none of it
        from swarm_memory.cli._calling import with_app  # noqa: PLC0415 - brings mcp, see above
        from swarm_memory.cli._swarm_view import events_of  # noqa: PLC0415 - the same

    async def ask(app: App) -> list[dict[str, Any]]:
        return await events_of(app, swarm_id, project, limit)

    events = with_app(ask)
    if as_json:
        print_json({"events": events})
        return
    print_tabs([one["at"], one["what"], one["ref"], one.get("agent", "-"), one.get("title", "")] for one in events)


@swarm.command("watch")
@click.option("--seconds", type=click.FloatRange(0.1, 86_400), metavar="N", help="End after so long. Default: Ctrl-C.")
@_id
@_options.project
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON for each event, as it happens.")
def watch(seconds: float | None, swarm_id: str, project: str | None, *, as_json: bool) -> None:
    """Watch a swarm work: agents, tasks and events, as they change."""
    with quick_imports():
        from swarm_memory.app import App  # noqa: PLC0415 - brings the store; --help needs none of it
        from swarm_memory.cli._calling import with_app  # noqa: PLC0415 - brings mcp, see above
        from swarm_memory.cli._swarm_view import follow, live_view  # noqa: PLC0415 - the same, and rich

    async def look(app: App) -> None:
        await (follow if as_json or not at_terminal() else live_view)(app, swarm_id, project, seconds)

    try:
        with_app(look)
    except KeyboardInterrupt:
        hint("")


@swarm.command("end")
@click.argument("swarm_id", metavar="ID")
@_options.as_json
def end(swarm_id: str, *, as_json: bool) -> None:
    """End a swarm: its open tasks are cancelled, and it takes nothing more. Memory and outcomes stay.

    Whoever has the store in hand may do this, coordinator or not.
    """
    with quick_imports():
        from swarm_memory.app import App  # noqa: PLC0415 - brings the store; --help needs none of it
        from swarm_memory.cli._calling import with_app  # noqa: PLC0415 - brings mcp, see above

    async def ask(app: App) -> dict[str, Any]:
        return await app.crew.end_by_hand(swarm_id, app.caller())

    told = with_app(ask)
    if as_json:
        print_json({"success": True, "swarmId": swarm_id, **told})
    else:
        click.echo(f"{swarm_id} is archived.")


def _ask(tool: str, **arguments: object) -> dict[str, Any]:
    with quick_imports():
        from swarm_memory.cli._calling import answer  # noqa: PLC0415 - brings mcp; --help needs none of it

    return answer(tool, given(**arguments))


def _print(columns: tuple[str, ...], rows: list[list[str]]) -> None:
    if at_terminal():
        print_table(columns, rows)
    else:
        print_tabs(rows)


def _plain(fact: Any) -> object:
    """A fact in words: lists and objects without their brackets."""
    if isinstance(fact, dict):
        facts = cast("dict[str, Any]", fact)
        return ", ".join(f"{name} {_plain(value)}" for name, value in facts.items()) or "none"
    if isinstance(fact, list):
        return "; ".join(str(_plain(value)) for value in cast("list[Any]", fact))
    return {True: "yes", False: "no", None: "none"}[fact] if isinstance(fact, bool | None) else fact
