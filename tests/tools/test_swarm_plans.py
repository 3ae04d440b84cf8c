"""swarm_init with tasks: measured, told why, and refused where they are no plan; the calls that others taught."""

import re
from typing import Any

import pytest
from toolsession import ONLY_LOCAL, Session, still

from swarm_memory.services.topology import STRATEGY_NAMES, TOPOLOGY_NAMES

pytestmark = pytest.mark.anyio

FAN: list[dict[str, Any]] = [
    {"title": "schema", "size": 1, "writes": ["db.py"]},
    *({"title": f"route {at}", "deps": ["schema"], "writes": [f"routes/{at}.py"]} for at in range(6)),
    {"title": "release", "size": 1, "deps": [f"route {at}" for at in range(6)], "writes": ["CHANGES.md"]},
]


@ONLY_LOCAL
async def test_auto_measures_the_tasks_and_says_why(session: Session) -> None:
    answer = await session.call("swarm_init", tasks=FAN)

    assert answer.pop("reasons") == [
        "8 tasks of 14 units of work; what must go one after another takes 4",
        "6 agents: no more tasks can ever run at once",
        "list scheduling on 6 agents is done after 4: 3.5 times sooner",
        "hierarchical: 2 leads, since one would have 6 agents to look after",
    ]
    assert still(answer) == {
        "success": True,
        "swarmId": "ID",
        "joined": False,
        "topology": "hierarchical",
        "maxAgents": 8,
        "recommendedAgents": 6,
        "strategy": "balanced",
        "confidence": "high",
        "metrics": {
            "tasks": 8,
            "work": 14,
            "criticalPath": 4,
            "speedup": 3.5,
            "enough": 6,
            "overlaps": 0,
            "width": 6,
        },
        "thresholds": {
            "gain": 0.1,
            "speedup": 1.3,
            "busy": 0.55,
            "mesh_agents": 4,
            "star_agents": 5,
            "ring_items": 3,
        },
        "groups": [{"path": "routes", "tasks": 6}, {"tasks": 2}],
        "learning": False,
        "status": "active",
        "persistence": "local",
        "persisted": True,
        "how_to_join": answer["how_to_join"],
        "how_to_begin": "the tasks were measured, not made: send them as subtasks to task_orchestrate",
        "seq": "SEQ",
    }


async def test_what_was_measured_is_kept_with_the_swarm(session: Session) -> None:
    made = await session.call("swarm_init", tasks=FAN, maxAgents=3)

    shown = await session.call("swarm_status", swarmId=made["swarmId"], verbose=True)

    for name in ("topology", "recommendedAgents", "reasons", "metrics", "thresholds"):
        assert shown[name] == made[name]


@ONLY_LOCAL
async def test_with_tasks_a_new_swarm_is_always_made(session: Session) -> None:
    first = await session.call("swarm_init")
    second = await session.call("swarm_init", tasks=[{"title": "a"}])

    assert second["joined"] is False
    assert second["swarmId"] != first["swarmId"]


@ONLY_LOCAL
async def test_a_topology_that_is_asked_for_is_kept_and_the_agents_are_measured(session: Session) -> None:
    answer = await session.call("swarm_init", topology="mesh", tasks=FAN)

    assert (answer["topology"], answer["recommendedAgents"], answer["confidence"]) == ("mesh", 6, "asked")


@pytest.mark.parametrize(
    ("tasks", "expected"),
    [
        ([{"title": "a", "deps": ["b"]}, {"title": "b", "deps": ["a"]}], "cycle: 'a' → 'b' → 'a'"),
        ([{"title": "a", "deps": ["z"]}], "waits for 'z'"),
        ([{"title": "a"}, {"title": "b", "writes": ["/etc/x"]}], r"tasks\[1\]\.writes"),
        ([{"title": "a", "size": 4}], r"tasks\[0\]\.size"),
        ([{"title": "a", "sise": 2}], r"tasks\[0\]: Unknown argument sise"),
        ([{"body": "a"}], r"tasks\[0\]\.title is missing"),
        ([], "tasks"),
        ([{"title": f"t{at}"} for at in range(1_001)], "1,001 items; 1000"),
        ([{"title": f"t{at}", "body": "x" * 20_000} for at in range(51)], "bytes of titles and bodies"),
    ],
)
@ONLY_LOCAL
async def test_tasks_that_are_no_plan_are_refused_with_what_is_wrong(
    session: Session, tasks: list[Any], expected: str
) -> None:
    refusal = await session.refused("swarm_init", tasks=tasks)

    assert refusal["code"] == "invalid_argument"

    assert re.search(expected, refusal["what"])
    assert (await session.call("memory_status"))["seq"] == 0


@ONLY_LOCAL
async def test_every_name_of_a_topology_or_strategy_is_taken_and_others_are_refused_with_the_list(
    session: Session,
) -> None:
    for name in ("hierarchical", "mesh", "star", "distributed", "hierarchical-mesh", "auto", "ring", "hybrid"):
        await session.call("swarm_init", topology=name, maxAgents=8, strategy="balanced")
    for name in ("adaptive", "balanced", "parallel", "specialized", "auto", "sequential"):
        await session.call("swarm_init", topology="hierarchical", strategy=name)
    topology = await session.refused("swarm_init", topology="torus")
    strategy = await session.refused("swarm_init", strategy="chaotic")
    assert all(name in topology["next"] for name in TOPOLOGY_NAMES)
    assert all(name in strategy["next"] for name in STRATEGY_NAMES)


async def test_the_calls_of_the_first_articles_are_taken_as_they_were_written(session: Session) -> None:
    mesh: dict[str, Any] = {"topology": "mesh", "maxAgents": 8}
    auto: dict[str, Any] = {"topology": "auto", "learning": True}
    for call in (mesh, auto):
        answer = await session.call("swarm_init", **call)
        assert answer["persistence"] in ("local", "turso")
        if answer["persistence"] == "turso":
            await session.call("swarm_init", **call, persistence="turso")
        else:
            assert (await session.refused("swarm_init", **call, persistence="turso"))["code"] == "no_primary"
