"""swarm_init and swarm_status: durable swarms, made and joined, and the truth about them."""

from typing import Any

import pytest
from mcp import Client
from toolsession import ONLY_LOCAL, Session, make_settings, still

from swarm_memory.app import App, open_app
from swarm_memory.server import build_server

pytestmark = pytest.mark.anyio


@ONLY_LOCAL
async def test_init_makes_a_swarm_and_tells_why_it_looks_so(session: Session) -> None:
    answer = await session.call("swarm_init", objective="ship it", strategy="parallel", config={"a": 1})

    reasons = answer.pop("reasons")
    assert still(answer) == {
        "success": True,
        "swarmId": "ID",
        "joined": False,
        "topology": "star",
        "maxAgents": 8,
        "recommendedAgents": 1,
        "strategy": "parallel",
        "confidence": "low",
        "need": answer["need"],
        "learning": False,
        "objective": "ship it",
        "status": "active",
        "persistence": "local",
        "persisted": True,
        "how_to_join": answer["how_to_join"],
        "seq": "SEQ",
    }
    assert any("one agent" in reason for reason in reasons)


async def test_without_an_objective_the_newest_fitting_swarm_is_joined(session: Session) -> None:
    mesh = await session.call("swarm_init", topology="mesh", maxAgents=4)
    ring = await session.call("swarm_init", topology="ring")
    cases: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({}, ring),
        ({"topology": "mesh"}, mesh),
        ({"topology": "distributed"}, mesh),
        ({"maxAgents": 4}, mesh),
        ({"topology": "auto"}, ring),
    ]
    for wish, expected in cases:
        joined = await session.call("swarm_init", **wish)
        assert (joined["joined"], joined["swarmId"]) == (True, expected["swarmId"]), wish
    others: list[dict[str, Any]] = [
        {"topology": "star"},
        {"maxAgents": 5},
        {"strategy": "sequential"},
        {"objective": "anew"},
    ]
    for wish in others:
        assert (await session.call("swarm_init", **wish))["joined"] is False, wish
    assert (await session.call("swarm_init", project="there"))["joined"] is False


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("hierarchical", "hierarchical"),
        ("hybrid", "hierarchical"),
        ("hierarchical-mesh", "hierarchical"),
        ("distributed", "mesh"),
        ("adaptive", "star"),
    ],
)
async def test_names_that_others_taught_are_understood_and_told(session: Session, asked: str, given: str) -> None:
    answer = await session.call("swarm_init", topology=asked)

    assert answer["topology"] == given
    if asked != given:
        assert any(asked in reason for reason in answer["reasons"])


async def test_joining_by_id_is_repeatable_and_writes_nothing(session: Session) -> None:
    made = await session.call("swarm_init")
    before = (await session.call("memory_status"))["seq"]

    for _ in range(2):
        joined = await session.call("swarm_init", swarmId=made["swarmId"], persistence="local")
        assert (joined["joined"], joined["swarmId"]) == (True, made["swarmId"])
    assert (await session.call("memory_status"))["seq"] == before


@ONLY_LOCAL
async def test_status_tells_the_swarm_and_the_store(session: Session) -> None:
    await session.store("k", 1)
    made = await session.call("swarm_init", topology="mesh")

    answer = await session.call("swarm_status")

    assert answer["swarmId"] == made["swarmId"]
    store = answer["store"]
    assert store.pop("bytes") > 0
    assert store.pop("engine").split()[0] in ("libsql", "sqlite3")
    assert still(store) == {
        "mode": "local",
        "fresh_as_of": "TIME",
        "entries": 1,
        "knowledge": 0,
        "all_projects": 1,
        "active_swarms": 1,
        "embedder": "static-256",
    }
    assert answer["topology"] == "mesh"
    verbose = (await session.call("swarm_status", verbose=True))["store"]
    assert {"seq", "epoch", "schema", "path", "version"} <= set(verbose)


async def test_current_is_the_swarm_this_session_last_made_or_joined(session: Session) -> None:
    first = await session.call("swarm_init", objective="one")
    second = await session.call("swarm_init", objective="two")
    assert (await session.call("swarm_status"))["swarmId"] == second["swarmId"]

    await session.call("swarm_init", swarmId=first["swarmId"])
    assert (await session.call("swarm_status"))["swarmId"] == first["swarmId"]
    assert (await session.refused("swarm_status", project="there"))["code"] == "not_found"


@ONLY_LOCAL
async def test_a_swarm_outlives_the_process_that_made_it(session: Session, app: App) -> None:
    made = await session.call("swarm_init", topology="mesh", maxAgents=4)

    async with (
        open_app(make_settings(app.settings.home)) as other,
        Client(build_server(other, other.settings.tools)) as client,
    ):
        later = Session(client)
        assert (await later.call("swarm_status"))["swarmId"] == made["swarmId"]
        assert (await later.call("swarm_init", topology="mesh"))["swarmId"] == made["swarmId"]
