"""task_orchestrate, task_claim and task_update: work that is handed out once and recorded done once."""

from typing import Any

import anyio
import pytest
from toolsession import ONLY_LOCAL, Session, still

pytestmark = pytest.mark.anyio


async def _orchestrate(session: Session, *subtasks: dict[str, Any], **arguments: Any) -> list[str]:
    made = await session.call("task_orchestrate", task="all", subtasks=list(subtasks), **arguments)
    return [one["id"] for one in made["tasks"]]


async def test_a_task_goes_from_its_creation_to_its_end_and_frees_what_waits_for_it(session: Session) -> None:
    await session.call("swarm_init", topology="mesh", objective="build")
    agent = (await session.call("agent_spawn", type="coder"))["agent"]
    design, code = await _orchestrate(
        session, {"title": "design", "id": "d", "kind": "design"}, {"title": "code", "deps": ["d"], "body": "all of it"}
    )

    first = await session.call("task_claim", agent=agent)
    assert (first["claim"], first["task"]) == (f"{design}.1", {"id": design, "title": "design", "kind": "design"})
    waiting = await session.call("task_claim")
    assert {name: waiting[name] for name in ("claim", "task", "ready", "blocked", "open")} == {
        "claim": None,
        "task": None,
        "ready": 0,
        "blocked": 1,
        "open": 1,
    }
    told = await session.call("task_update", claim=first["claim"], action="progress", note="half", agent=agent)
    assert (told["status"], "lease_until" in told) == ("claimed", True)
    done = await session.call("task_update", claim=first["claim"], action="complete", result={"api": "v1"}, agent=agent)
    assert (done["task"], done["status"]) == (design, "done")

    second = await session.call("task_claim", agent=agent)
    assert second["claim"] == f"{code}.1"
    assert second["task"]["needs"] == [{"id": design, "title": "design", "result": '{"api":"v1"}'}]
    assert second["task"]["body"] == "all of it"


async def test_a_claim_is_one_for_its_owner_alone_and_over_when_it_ends(session: Session) -> None:
    await session.call("swarm_init", topology="mesh")
    ann = (await session.call("agent_spawn", type="coder", name="ann"))["agent"]
    ben = (await session.call("agent_spawn", type="coder", name="ben"))["agent"]
    await _orchestrate(session, {"title": "a"}, {"title": "b"})
    claim = (await session.call("task_claim", agent=ann))["claim"]

    assert (await session.refused("task_claim", agent=ann))["code"] == "claim_open"
    for action in ("progress", "complete", "fail", "release", "extend", "handoff"):
        to = {"to": ann} if action == "handoff" else {}
        refused = await session.refused("task_update", claim=claim, action=action, note="mine", agent=ben, **to)
        assert (refused["code"], "claimed by ann" in refused["what"]) == ("stale_claim", True), action
    await session.call("task_update", claim=claim, action="release", note="no time", agent=ann)
    again = await session.call("task_claim", agent=ben)
    assert again["claim"] == claim.replace(".1", ".2")
    assert again["recovery"] == {"had": ann, "ended": "released", "note": "no time"}
    assert (await session.refused("task_update", claim=claim, action="complete", agent=ann))["code"] == "stale_claim"
    assert (await session.call("task_update", claim=again["claim"], action="complete", agent=ben))["status"] == "done"


async def test_the_same_request_id_claims_once_and_is_told_the_same(session: Session) -> None:
    await session.call("swarm_init", topology="mesh")
    await _orchestrate(session, {"title": "a"}, {"title": "b"})

    first = await session.call("task_claim", "claim-1")
    assert await session.call("task_claim", "claim-1") == first
    done = await session.call("task_update", "done-1", claim=first["claim"], action="complete")
    assert await session.call("task_update", "done-1", claim=first["claim"], action="complete") == done
    made = await session.call("task_orchestrate", "make-1", task="more")
    assert await session.call("task_orchestrate", "make-1", task="more") == made
    spawned = await session.call("agent_spawn", "spawn-1", type="coder")
    assert (await session.call("agent_spawn", "spawn-1", type="coder"))["agent"] == spawned["agent"]
    assert (await session.call("agent_list"))["live"] == 1


async def test_two_tasks_that_write_one_file_are_never_claimed_together(session: Session) -> None:
    await session.call("swarm_init", topology="mesh")
    agents = [(await session.call("agent_spawn", type="coder"))["agent"] for _ in range(3)]
    await _orchestrate(
        session,
        {"title": "routes", "writes": ["./src/api/*.py"]},
        {"title": "users", "writes": ["src/api/users.py", "docs/users.md"]},
        {"title": "pages", "writes": ["src/web/**"]},
    )
    await _orchestrate(session, {"title": "all docs", "writes": ["docs"]})

    claims = [await session.call("task_claim", agent=agent) for agent in agents]
    assert [one["task"]["title"] for one in claims] == ["routes", "pages", "all docs"]
    for claim, agent in zip(claims, agents, strict=True):
        assert (await session.call("task_claim"))["claim"] is None
        await session.call("task_update", claim=claim["claim"], action="complete", agent=agent)
    assert (await session.call("task_claim"))["task"]["title"] == "users"


async def test_a_swarm_takes_as_many_agents_as_it_may_and_one_that_ended_can_be_replaced(session: Session) -> None:
    await session.call("swarm_init", maxAgents=2)
    first = (await session.call("agent_spawn", agentType="coder"))["agent"]
    await session.call("agent_spawn", type="tester", name="tess", capabilities=["pytest"])

    full = await session.refused("agent_spawn", type="coder")
    assert full["code"] == "swarm_full"
    assert first in full["what"]
    third = (await session.call("agent_spawn", type="coder", replaces=first))["agent"]
    assert (await session.refused("task_claim", agent=first))["code"] == "agent_gone"
    listed = await session.call("agent_list")
    assert (listed["live"], [one["agent"] for one in listed["agents"] if "gone" not in one]) == (2, [third, "tess.2"])
    assert listed["agents"][1] == {"agent": "tess.2", "role": "tester", "capabilities": ["pytest"]}


@ONLY_LOCAL
async def test_the_whole_answers(session: Session) -> None:
    await session.call("swarm_init", topology="mesh", objective="build the shop")
    await session.add("coder conventions", "Coders of the shop build with uv.")
    spawned = await session.call("agent_spawn", type="coder")
    assert spawned.pop("brief").startswith("You are coder.1 in a mesh swarm for: build the shop.")
    [known] = spawned.pop("known")
    assert (known["topic"], known["content"]) == ("coder conventions", "Coders of the shop build with uv.")
    assert still(spawned) == {
        "success": True,
        "agent": "coder.1",
        "name": "coder",
        "role": "coder",
        "swarmId": "ID",
        "seq": "SEQ",
    }

    made = await session.call(
        "task_orchestrate", task="the shop", subtasks=[{"title": "a"}, {"title": "b", "deps": ["a"]}], priority="high"
    )
    assert still(made) == {
        "success": True,
        "group": "t1",
        "tasks": [
            {"id": "t2", "title": "a", "wave": 0, "status": "ready"},
            {"id": "t3", "title": "b", "wave": 1, "status": "blocked"},
        ],
        "count": 2,
        "seq": "SEQ",
    }
    assert still(await session.call("task_claim", agent="coder.1")) == {
        "claim": "t2.1",
        "task": {"id": "t2", "title": "a"},
        "lease_until": "TIME",
        "seq": "SEQ",
    }
    assert still(await session.call("task_update", claim="t2.1", action="extend", agent="coder.1")) == {
        "success": True,
        "task": "t2",
        "status": "claimed",
        "lease_until": "TIME",
        "seq": "SEQ",
    }


@ONLY_LOCAL
@pytest.mark.parametrize(
    ("subtasks", "told"),
    [
        (
            [{"title": "a", "deps": ["c"]}, {"title": "b", "deps": ["a"]}, {"title": "c", "deps": ["b"]}],
            "in a cycle: 'a' → 'b' → 'c' → 'a'",
        ),
        ([{"title": "a", "deps": ["a"]}], "in a cycle: 'a' → 'a'"),
        ([{"title": "a", "deps": ["nothing"]}], "which is no task of this call"),
        ([{"title": "a"}, {"title": "a"}, {"title": "b", "deps": ["a"]}], "several tasks have that title"),
        ([{"title": "a", "id": "x"}, {"title": "b", "id": "x"}], "two tasks have the id"),
        ([{"title": "a", "deps": ["t999"]}], "no task of this swarm"),
        ([{"title": "a", "size": 9}], "subtasks[0].size"),
        ([{"title": "a", "writes": ["../x"]}], "goes upwards"),
        ([{"title": "a", "colour": "red"}], "Unknown argument colour"),
    ],
)
async def test_a_plan_that_cannot_be_meant_is_refused_and_leaves_no_row(
    session: Session, subtasks: list[dict[str, Any]], told: str
) -> None:
    await session.call("swarm_init")

    refused = await session.refused("task_orchestrate", task="all", subtasks=subtasks)

    assert refused["code"] == "invalid_argument"
    assert told in refused["what"]
    assert (await session.call("task_claim"))["reason"] == "there are no open tasks"


@ONLY_LOCAL
async def test_priority_comes_first_and_a_dependency_on_a_group_is_one_on_all_of_it(session: Session) -> None:
    await session.call("swarm_init")
    low = await session.call("task_orchestrate", task="low", subtasks=[{"title": "l"}], priority="low")
    high = await session.call("task_orchestrate", task="high", subtasks=[{"title": "h1"}, {"title": "h2"}])
    await session.call(
        "task_orchestrate", task="after", subtasks=[{"title": "z"}], priority="critical", dependencies=[high["group"]]
    )

    order: list[str] = []
    while (claim := await session.call("task_claim"))["claim"]:
        order.append(claim["task"]["title"])
        await session.call("task_update", claim=claim["claim"], action="complete")
    assert order == ["h1", "h2", "z", "l"]
    assert low["group"] == "t1"


@ONLY_LOCAL
async def test_sequential_chains_the_subtasks_and_a_failed_task_is_tried_again_until_its_attempts_are_used(
    session: Session,
) -> None:
    await session.call("swarm_init")
    await _orchestrate(session, {"title": "a"}, {"title": "b"}, strategy="sequential")
    for attempt in (1, 2, 3):
        claim = await session.call("task_claim", wait=10)
        assert (claim["claim"], claim["task"]["title"]) == (f"t2.{attempt}", "a")
        failed = await session.call("task_update", claim=claim["claim"], action="fail", note=f"reason {attempt}")
        assert (failed["status"], failed["attempts_left"]) == ("failed" if attempt == 3 else "ready", 3 - attempt)
    assert (await session.call("task_claim"))["reason"].startswith("what is left is stalled")


@ONLY_LOCAL
async def test_verified_work_is_done_when_another_one_has_approved_it(session: Session) -> None:
    await session.call("swarm_init", topology="mesh")
    agent = (await session.call("agent_spawn", type="coder"))["agent"]
    await _orchestrate(session, {"title": "a", "verify": True}, {"title": "b", "deps": ["a"]})
    claim = (await session.call("task_claim", agent=agent))["claim"]
    evidence = {"command": "pytest", "exit_code": 1}
    refused = await session.refused("task_update", claim=claim, action="complete", evidence=evidence, agent=agent)
    assert refused["code"] == "invalid_argument"
    done = await session.call(
        "task_update", claim=claim, action="complete", evidence=evidence | {"exit_code": 0}, agent=agent
    )
    assert done["status"] == "review"
    assert (await session.call("task_claim", agent=agent))["claim"] is None

    own = await session.refused("task_update", claim=claim, action="approve", agent=agent)
    assert own["code"] == "topology_forbidden"
    rejected = await session.call("task_update", claim=claim, action="reject", note="no tests")
    assert (rejected["status"], rejected["attempts_left"]) == ("ready", 2)
    again = await session.call("task_claim", agent=agent)
    assert again["recovery"] == {"had": agent, "ended": "rejected", "note": "no tests"}
    assert (await session.refused("task_update", claim=claim, action="approve"))["code"] == "wrong_state"
    await session.call("task_update", claim=again["claim"], action="complete", agent=agent)
    assert (await session.call("task_update", claim=again["claim"], action="approve"))["status"] == "done"
    assert (await session.call("task_claim", agent=agent))["task"]["title"] == "b"


@ONLY_LOCAL
async def test_a_claim_with_a_long_body_fits_its_budget(session: Session) -> None:
    await session.call("swarm_init")
    for body in ("x" * 20_000, "é" * 10_000, "short words " * 1_000):
        await _orchestrate(
            session, {"title": "t" * 200, "body": body, "writes": [f"d{n}/{'w' * 200}" for n in range(32)]}
        )
        claim = await session.call("task_claim")
        assert session.tokens <= 500
        assert claim["task"]["truncated"] is True
        await session.call("task_update", claim=claim["claim"], action="complete")


@ONLY_LOCAL
async def test_roles_and_capabilities_say_who_may_take_a_task(session: Session) -> None:
    await session.call("swarm_init", topology="mesh")
    coder = (await session.call("agent_spawn", type="coder"))["agent"]
    expert = (await session.call("agent_spawn", type="coder", capabilities=["sql", "go"]))["agent"]
    await _orchestrate(session, {"title": "t", "role": "tester"}, {"title": "s", "capabilities": ["sql"]})

    assert (await session.call("task_claim", agent=coder))["claim"] is None
    assert (await session.call("task_claim", agent=expert))["task"]["title"] == "s"
    assert (await session.call("task_claim", agent=coder, role="tester"))["task"]["title"] == "t"

    await session.call("swarm_init", strategy="specialized", topology="mesh")
    coder = (await session.call("agent_spawn", type="coder"))["agent"]
    await _orchestrate(session, {"title": "t", "role": "tester"})
    refused = await session.refused("task_claim", agent=coder, role="tester")
    assert refused["code"] == "topology_forbidden"


@ONLY_LOCAL
async def test_a_wait_ends_with_a_task_that_another_one_frees(session: Session) -> None:
    await session.call("swarm_init", topology="mesh")
    agent = (await session.call("agent_spawn", type="coder"))["agent"]
    await _orchestrate(session, {"title": "a", "id": "a"}, {"title": "b", "deps": ["a"]})
    first = (await session.call("task_claim", agent=agent))["claim"]
    found: list[dict[str, Any]] = []

    async def wait() -> None:
        found.append(await session.call("task_claim", wait=20))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait)
        await anyio.sleep(0.1)
        await session.call("task_update", claim=first, action="complete", agent=agent)
    assert found[0]["task"]["title"] == "b"
    assert (await session.call("task_claim", agent=agent, wait=0.3))["claim"] is None
