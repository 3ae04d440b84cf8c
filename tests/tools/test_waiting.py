"""wait_for_changes as agents meet it: one-liners within a budget, and calls that end when they should."""

import asyncio
import time
from typing import Any

import anyio
import pytest
from mcp import Client
from toolsession import ONLY_LOCAL, Session, make_settings

from swarm_memory.app import App, open_app
from swarm_memory.models.events import Cursor, Event
from swarm_memory.models.values import to_json
from swarm_memory.server import build_server
from swarm_memory.services.changes import Happened
from swarm_memory.services.excerpt import tokens_of
from swarm_memory.tools.changes import told

pytestmark = pytest.mark.anyio


async def test_a_wait_tells_the_next_change_of_another_process(app: App, session: Session) -> None:
    settings = make_settings(app.settings.home, app.settings.mode, app.settings.primary_url)
    async with open_app(settings) as other, Client(build_server(other, settings.tools)) as client:
        cursor = (await session.call("wait_for_changes", timeout=0))["cursor"]
        answers: list[dict[str, Any]] = []

        async def wait() -> None:
            answers.append(await session.call("wait_for_changes", since=cursor, timeout=20))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wait)
            await Session(client).store("plan/a", 1, agent="ann")

    [answer] = answers
    assert answer["events"] == ["memory create default/plan/a v1 by ann"]
    assert answer["cursor"] != cursor


@ONLY_LOCAL
async def test_a_wait_without_news_ends_on_time_with_the_cursor(session: Session) -> None:
    begun = time.monotonic()
    answer = await session.call("wait_for_changes", timeout=0.5)

    assert answer["events"] == []
    assert 0.5 <= time.monotonic() - begun < 5
    assert (await session.call("wait_for_changes", since=answer["cursor"], timeout=0)) == answer


@ONLY_LOCAL
async def test_every_kind_is_told_in_a_line(session: Session) -> None:
    cursor = (await session.call("wait_for_changes", timeout=0))["cursor"]
    await session.store("k", 1)
    piece = await session.add("why sqlite", "because")
    swarm = await session.call("swarm_init", objective="x")

    answer = await session.call("wait_for_changes", since=cursor)

    assert answer["events"] == [
        "memory create default/k v1 by session-1",
        f"memory create {piece['id']} 'why sqlite' v1 by session-1",
        f"swarm {swarm['swarmId']} create by session-1",
    ]
    assert (await session.call("wait_for_changes", since=cursor, kinds=["swarm"]))["events"] == answer["events"][2:]
    assert (await session.call("wait_for_changes", since=cursor, keys=["k*"], kinds=["memory"]))["events"] == answer[
        "events"
    ][:1]


@ONLY_LOCAL
async def test_a_named_agent_goes_on_where_it_was_and_does_not_hear_itself(session: Session) -> None:
    await session.call("wait_for_changes", agent="ann", timeout=0)
    await session.store("of-ann", 1, agent="ann")
    await session.store("of-ben", 1, agent="ben")

    assert (await session.call("wait_for_changes", agent="ann"))["events"] == ["memory create default/of-ben v1 by ben"]
    assert (await session.call("wait_for_changes", agent="ann", timeout=0))["events"] == []


@ONLY_LOCAL
async def test_a_cursor_of_another_store_is_reset_and_none_at_all_is_refused(session: Session) -> None:
    await session.store("k", 1)
    reset = await session.call("wait_for_changes", since="0123456789abcdef:1")
    assert (reset["reset"], reset["events"]) == (True, [])
    assert (await session.call("wait_for_changes", since=reset["cursor"], timeout=0))["events"] == []
    assert (await session.refused("wait_for_changes", since="yesterday"))["code"] == "invalid_argument"


def test_what_does_not_fit_into_the_budget_is_told_behind_the_cursor() -> None:
    events: tuple[Event, ...] = tuple(
        Event(seq, "memory", "update", f"id{seq}", 123, "a long name " * 6, "namespace", "key/" * 40, keyed=True)
        for seq in range(100, 120)
    )
    seen: list[int] = []
    while events:
        answer = told(Happened(Cursor("e" * 16, events[-1].seq), events))
        assert tokens_of(to_json(answer)) <= 300
        upto = int(answer["cursor"].split(":")[1])
        assert answer["events"]
        assert len(answer["events"]) == upto - events[0].seq + 1
        seen += [event.seq for event in events if event.seq <= upto]
        events = tuple(event for event in events if event.seq > upto)
    assert seen == list(range(100, 120))


@ONLY_LOCAL
async def test_a_cancelled_wait_leaves_nothing_behind(app: App, session: Session) -> None:
    before = asyncio.all_tasks()
    with anyio.move_on_after(0.3):
        await session.call("wait_for_changes", timeout=40)

    with anyio.fail_after(5):
        while app.waiting.waiting or asyncio.all_tasks() - before:  # noqa: ASYNC110 - nothing else tells it
            await anyio.sleep(0.01)
