"""What the tools tell where the store is on a primary: where was read, how fresh it is, and that Turso is there."""

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from relay import Relay
from sqld import Sqld
from toolsession import Door, Session, make_settings

from swarm_memory.app import App, open_app

pytestmark = pytest.mark.anyio

ON_A_PRIMARY = pytest.mark.parametrize("store", ["remote", "replica", "replica-of-cloud"])
WITH_A_COPY = pytest.mark.parametrize("store", ["replica", "replica-of-cloud"])


@ON_A_PRIMARY
async def test_the_calls_that_need_turso_work_as_written(session: Session) -> None:
    await session.store("decision/architecture", {"style": "layers"})

    swarm = await session.call("swarm_init", topology="mesh", maxAgents=8, persistence="turso")
    assert swarm["persistence"] == "turso"
    auto = await session.call("swarm_init", topology="auto", persistence="turso", learning=True)
    assert (auto["persistence"], auto["learning"]) == ("turso", True)
    assert (await session.usage("store", key="decision/architecture", sync="global"))["version"] == 2


@WITH_A_COPY
async def test_a_search_tells_which_copy_it_read(session: Session) -> None:
    await session.add("JWT rotation", "Rotate refresh tokens on use.")
    assert (await session.call("memory_status", sync=True))["replication"]["lag_changes"] == 0

    for location, expected in (("auto", "replica"), ("replica", "replica"), ("primary", "primary")):
        found = await session.search("jwt", location=location)
        assert (found["location"], found["total"]) == (expected, 1)
        assert "stale_for" not in found


@WITH_A_COPY
async def test_status_tells_the_way_to_the_primary_and_who_keeps_the_copy(session: Session) -> None:
    await session.store("k", 1)

    told = (await session.call("memory_status", sync=True))["replication"]

    assert told["reachable"]
    assert told["is_owner"]
    assert told["owner"] > 0
    assert told["round_trip_ms"] > 0
    assert told["lag_changes"] == 0
    assert told["age_seconds"] < 5
    assert "last_error" not in told


@ON_A_PRIMARY
async def test_a_read_behind_a_write_sees_it_at_once_a_hundred_times(session: Session) -> None:
    for number in range(100):
        await session.store("k", number)
        assert await session.value("k") == number


@ON_A_PRIMARY
async def test_the_mode_is_told(session: Session, app: App) -> None:
    told = await session.call("memory_status")

    assert told["mode"] == app.settings.mode
    assert told["replication"]["primary"].startswith("127.0.0.1:")


TIME_OUT = 2.0
SLACK = 0.7


@asynccontextmanager
async def over_a_relay(path: Path) -> AsyncGenerator[tuple[Session, Relay]]:
    """A session in remote mode whose calls may take two seconds."""
    with Sqld(path / "primary") as primary, Relay(primary.port) as relay:
        settings = make_settings(path / "home", "remote", relay.url).model_copy(update={"primary_timeout": TIME_OUT})
        async with open_app(settings) as app:
            yield Session(Door(app)), relay


async def seconds_of_the_first_unavailable(session: Session, tool: str, arguments: dict[str, Any]) -> float:
    """Call until the primary is told as out of reach; how long that call took."""
    while True:
        begun = time.monotonic()
        result = await session.client.call_tool(tool, arguments, read_timeout_seconds=30)
        if "[storage_unavailable]" in str(result.content):
            return time.monotonic() - begun


async def test_the_many_reads_of_a_search_take_one_time_out_together(tmp_path: Path) -> None:
    async with over_a_relay(tmp_path) as (session, relay):
        for number in range(60):
            await session.add(f"topic {number}", f"apple of {number}", attributes={"pattern": "fruit"})
        relay.set_delay(50)
        relay.black_hole(after=1.2)  # in the middle of the search's reads

        query = {"query": "apple pattern:fruit", "limit": 60, "max_tokens": 50_000}
        seconds = await seconds_of_the_first_unavailable(session, "search_knowledge", query)

        assert seconds < TIME_OUT + SLACK


async def test_a_refusal_and_the_read_that_explains_it_take_one_time_out_together(tmp_path: Path) -> None:
    async with over_a_relay(tmp_path) as (session, relay):
        await session.store("k", 1)
        relay.set_delay(350)
        relay.black_hole(after=1.0)  # the refusal comes after 0.7 s

        conflict = {"action": "store", "key": "k", "value": 2, "if_version": 99}
        seconds = await seconds_of_the_first_unavailable(session, "memory_usage", conflict)

        assert seconds < TIME_OUT + SLACK
