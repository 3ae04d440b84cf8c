"""swarm_status, task_status and swarm_destroy: the truth about a swarm's work, from any process, in few words."""

import pytest
from swarmbench import LEASE, SwarmBench
from toolsession import Session, still

pytestmark = pytest.mark.anyio


async def test_status_counts_what_is_true_now_in_every_process_and_after_a_restart(bench: SwarmBench) -> None:
    server, lost = await bench.server("one"), await bench.server("lost")
    made = await server.call("swarm_init", topology="mesh", objective="build")
    await lost.call("swarm_init")
    agent = await server.spawn()
    tasks = await server.tasks("a", "b", {"title": "c", "deps": ["a"]}, "d")
    await server.update(await server.take(agent), "complete", agent)
    held = await server.take(agent)
    await lost.take()

    told = await server.call("swarm_status")
    assert told["tasks"] == {"ready": 1, "claimed": 2, "done": 1}
    assert (told["live"], told["oldest_claim"]["claim"], told["oldest_claim"]["agent"]) == (1, held, agent)
    assert held.startswith(tasks[1])
    bench.move_clock(LEASE - 1_000)
    await server.app.presence.beat()
    bench.move_clock(2_000)

    later = await bench.server("later")
    before = bench.sql("SELECT max(seq) FROM changes")
    for one in (server, later):
        status = await one.call("swarm_status", swarmId=made["swarmId"])
        assert status["tasks"] == {"ready": 2, "claimed": 1, "done": 1}
    assert bench.sql("SELECT max(seq) FROM changes") == before


async def test_lists_and_single_tasks_on_request(bench: SwarmBench) -> None:
    server = await bench.server("one")
    await server.call("swarm_init", topology="mesh")
    agent = await server.spawn()
    tasks = await server.tasks({"title": "a", "body": "text", "writes": ["src/a.py"]}, {"title": "b", "deps": ["a"]})
    claim = await server.take(agent)
    await server.update(claim, "progress", agent, note="half")

    status = await server.call("swarm_status", tasks="claimed", agents=True)
    assert status["listed"] == [{"id": tasks[0], "title": "a", "status": "claimed", "agent": agent}]
    assert status["agents"] == [{"agent": agent, "claim": claim}]
    one = await server.call("task_status", taskId=tasks[0])
    assert (await server.call("swarm_status", tasks=tasks[0]))["task"] == one
    assert still(one) == {
        "id": tasks[0],
        "title": "a",
        "status": "claimed",
        "priority": "medium",
        "created_by": "@one",
        "updated_at": "TIME",
        "group": "t1",
        "size": 2,
        "wave": 0,
        "claim": claim,
        "agent": agent,
        "lease_until": "TIME",
        "attempts": "1 of 3",
        "writes": ["src/a.py"],
        "note": "half",
        "body": "text",
        "history": [{"fence": 1, "agent": agent, "at": "TIME"}],
    }
    group = await server.call("task_status", taskId="t1")
    assert (group["open_parts"], [part["id"] for part in group["parts"]]) == (2, tasks)
    assert (await server.call("task_status", taskId=tasks[1]))["waits_for"] == [f"{tasks[0]} claimed"]
    assert (await server.refused("swarm_status", tasks="t99"))["code"] == "not_found"
    assert (await server.refused("swarm_status", tasks="nonsense"))["code"] == "invalid_argument"
    assert (await server.refused("task_status", taskId=tasks[0], project="other"))["code"] == "not_found"


async def test_what_waits_for_a_failed_task_is_told_as_stalled_and_can_be_cancelled(bench: SwarmBench) -> None:
    server = await bench.server("one")
    await server.call("swarm_init")
    first, second = await server.tasks("a", {"title": "b", "deps": ["a"]})
    await server.update(first, "cancel")

    assert (await server.call("swarm_status"))["stalled"] == [f"{second} b"]
    refused = await server.refused("task_orchestrate", task="x", dependencies=[first])
    assert refused["code"] == "invalid_argument"
    await server.update("t1", "cancel")
    assert (await server.call("swarm_status"))["tasks"] == {"cancelled": 2}
    assert (await server.call("task_status", taskId="t1"))["status"] == "done"


async def test_ending_a_swarm_cancels_what_is_open_and_keeps_memory(bench: SwarmBench) -> None:
    server, other = await bench.server("one"), await bench.server("two")
    made = await server.call("swarm_init", topology="star", objective="build")
    await other.call("swarm_init")
    agent = await server.spawn()
    [task] = await server.tasks("a")
    claim = await server.take(agent)
    await server.store("k", 1)
    assert (await other.refused("swarm_destroy", swarmId=made["swarmId"]))["code"] == "topology_forbidden"

    for _ in range(2):
        ended = await server.call("swarm_destroy", swarmId=made["swarmId"])
        assert (ended["success"], ended["status"]) == (True, "archived")
    assert await server.code(claim, "complete", agent) == "swarm_ended"
    assert (await server.refused("agent_spawn", type="x", swarmId=made["swarmId"]))["code"] == "swarm_ended"
    assert (await server.call("task_status", taskId=task))["status"] == "cancelled"
    assert await server.value("k") == 1
    assert (await server.call("swarm_init"))["swarmId"] != made["swarmId"]


async def test_a_swarm_that_nobody_works_in_any_more_is_archived_after_an_hour(bench: SwarmBench) -> None:
    server = await bench.server("one")
    done, busy = [await server.call("swarm_init", topology="mesh", objective=one) for one in ("done", "busy")]
    await server.call("task_orchestrate", task="b", swarmId=busy["swarmId"])
    await server.call("task_orchestrate", task="d", swarmId=done["swarmId"])
    await server.update(await server.take(swarmId=done["swarmId"]), "complete")
    for minutes, archived in ((59, 0), (2, 1)):
        bench.move_clock(minutes * 60_000)
        await server.app.presence.beat()
        assert bench.sql("SELECT count(*) FROM swarms WHERE status = 'archived'") == [(archived,)]
    assert bench.sql("SELECT id FROM swarms WHERE status = 'archived'") == [(done["swarmId"],)]


async def test_answers_keep_their_budgets_with_ten_thousand_tasks(bench: SwarmBench) -> None:
    server = await bench.server("one")
    await server.call("swarm_init", topology="mesh", objective="build " * 200, maxAgents=64)
    for _ in range(64):
        await server.spawn("specialist-for-things", name="a-rather-long-name")
    items = [
        {"title": f"{number} " + "t" * 150, "body": "b" * 500, "role": f"role-{number % 7}"} for number in range(1_000)
    ]
    for _ in range(10):
        await server.call("task_orchestrate", task="g" * 200, subtasks=items)
    agents = [row[0] for row in bench.sql("SELECT handle FROM agents")]
    for number, agent in enumerate(agents[:20]):
        await server.take(agent, role=f"role-{number % 7}")
    bench.sql(
        "UPDATE tasks SET status = 'blocked', failed_deps = 1, pending_deps = 1 WHERE seq % 3 = 0 AND status = 'ready'"
    )

    await server.call("swarm_status")
    assert server.tokens <= 400
    await server.call("task_claim", agent=agents[30], role="role-3")
    assert server.tokens <= 500
    await server.call("task_claim", agent=agents[31])
    assert server.tokens <= 500
    listed = await server.call("swarm_status", tasks="ready", agents=True)
    assert (len(listed["listed"]), listed["more"], len(listed["agents"])) == (20, 44, 20)


async def test_an_unknown_swarm_is_an_error_and_never_another_one(bench: SwarmBench) -> None:
    server: Session = await bench.server("one")
    await server.call("swarm_init")
    assert (await server.refused("swarm_status", swarmId="x"))["code"] == "not_found"
