"""A swarm as it goes on: its events, one a line, or a live view in the terminal."""

import time
from typing import Any, Final

import anyio
from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from swarm_memory.app import App
from swarm_memory.cli._calling import call
from swarm_memory.cli._options import given
from swarm_memory.cli._printing import one_line, print_json
from swarm_memory.models.memory import iso

_LOOK_SECONDS: Final = 0.5
_SHOWN_EVENTS: Final = 12
_PAGE: Final = 200


async def events_of(app: App, swarm_id: str, project: str | None, limit: int, after: int = 0) -> list[dict[str, Any]]:
    """The last events of a swarm behind a number of the change sequence, oldest first."""
    swarm = await app.swarms.find(swarm_id, app.caller(project=project))
    events: list[dict[str, Any]] = []
    for one in await app.swarms.events(swarm, after, limit):
        told = {"seq": one.seq, "at": iso(one.at), "what": f"{one.kind} {one.op}", "ref": one.ref}
        extra = {"agent": one.actor, "title": one.title}
        events.append(told | {name: text for name, text in extra.items() if text is not None})
    return events


async def follow(app: App, swarm_id: str, project: str | None, seconds: float | None) -> None:
    """Print each event as it happens, from the last one that was there."""
    begun = await events_of(app, swarm_id, project, 1)
    last = begun[-1]["seq"] if begun else 0
    end = None if seconds is None else time.monotonic() + seconds
    while end is None or time.monotonic() < end:
        await anyio.sleep(_LOOK_SECONDS)
        for event in await events_of(app, swarm_id, project, _PAGE, last):
            print_json(event)
            last = event["seq"]


async def live_view(app: App, swarm_id: str, project: str | None, seconds: float | None) -> None:
    """Show agents, tasks and events until the time is over."""
    end = None if seconds is None else time.monotonic() + seconds
    with Live(auto_refresh=False) as live:
        while end is None or time.monotonic() < end:
            live.update(await _view(app, swarm_id, project), refresh=True)
            await anyio.sleep(_LOOK_SECONDS)


async def _view(app: App, swarm_id: str, project: str | None) -> Group:
    asked = given(swarmId=swarm_id, project=project)
    told = await call(app, "swarm_status", {**asked, "agents": True, "tasks": "claimed"})
    counts = "  ".join(f"{status} {count}" for status, count in told["tasks"].items()) or "no tasks"
    head = Text(one_line(f"{told['swarmId']}  {told['topology']}  {told['status']}  {told.get('objective', '')}"))
    agents = _table("agent", "state", "claim")
    for one in told["agents"]:
        agents.add_row(*_cells(one["agent"], "gone" if one.get("gone") else "lives", one.get("claim", "")))
    tasks = _table("task", "agent", "title")
    for one in told["listed"]:
        tasks.add_row(*_cells(one["id"], one.get("agent", ""), one["title"]))
    events = _table("at", "what", "ref", "agent")
    for one in await events_of(app, swarm_id, project, _SHOWN_EVENTS):
        events.add_row(*_cells(one["at"][11:19], one["what"], one["ref"], one.get("agent", "")))
    return Group(head, Text(counts, style="bold"), agents, tasks, events)


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, no_wrap=True, overflow="ellipsis")
    return table


def _cells(*texts: str) -> list[Text]:
    # Text, because others wrote them: a plain string would be read as markup.
    return [Text(one_line(text)) for text in texts]
