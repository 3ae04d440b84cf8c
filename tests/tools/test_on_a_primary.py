"""What the tools tell where the store is on a primary: where was read, how fresh it is, and that Turso is there."""

import pytest
from toolsession import Session

from swarm_memory.app import App

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
