"""Leases: what a lost process, a silent agent and a hung one give back, and what an old claim can still do: nothing."""

from typing import Any

import pytest
from swarmbench import HARD, LEASE, QUIET, SwarmBench

from swarm_memory.tools._boundary import answer
from swarm_memory.tools.table import tools_of

pytestmark = pytest.mark.anyio


async def test_a_lost_sessions_claim_is_free_after_its_lease_and_comes_with_a_recovery_packet(
    bench: SwarmBench,
) -> None:
    lost, other = await bench.server("lost"), await bench.server("other")
    await lost.call("swarm_init", topology="mesh", objective="build")
    [task] = await lost.tasks("a")
    ann = await lost.spawn(name="ann")
    claim = await lost.take(ann)
    await lost.update(claim, "progress", ann, note="schema is done")
    await lost.store("plan/schema", {"tables": 3}, agent=ann)
    await other.call("swarm_init")

    bench.move_clock(LEASE - 5_000)
    await other.app.presence.beat()
    assert await other.claim() is None
    bench.move_clock(10_000)
    found = await other.call("task_claim")

    assert found["claim"] == f"{task}.2"
    assert found["task"]["attempt"] == "2 of 3"
    assert found["recovery"] == {
        "had": ann,
        "ended": "expired",
        "note": "schema is done",
        "wrote": ["default/plan/schema"],
    }


@pytest.mark.parametrize("action", ["progress", "extend", "complete", "fail", "release", "handoff"])
async def test_a_process_that_was_stopped_past_its_lease_cannot_touch_what_another_one_has(
    bench: SwarmBench, action: str
) -> None:
    stopped, other = await bench.server("stopped"), await bench.server("other")
    await stopped.call("swarm_init", topology="mesh")
    [task] = await stopped.tasks("a")
    ann = await stopped.spawn(name="ann")
    claim = await stopped.take(ann)
    to = {"to": await other.spawn(name="ben")} if action == "handoff" else {}
    bench.move_clock(LEASE + 1_000)

    # It goes on before anyone has claimed: its claim is over by time alone.
    assert await stopped.code(claim, action, ann, note="mine", **to) == "stale_claim"
    assert await other.take(taskId=task) == f"{task}.2"
    lease = bench.sql("SELECT lease_until, owner, version FROM tasks WHERE seq = ?", int(task[1:]))
    await stopped.app.presence.beat()
    assert await stopped.code(claim, action, ann, note="mine", **to) == "stale_claim"
    assert bench.sql("SELECT lease_until, owner, version FROM tasks WHERE seq = ?", int(task[1:])) == lease


async def test_the_same_agent_name_does_not_inherit_an_old_claim(bench: SwarmBench) -> None:
    server, other = await bench.server("one"), await bench.server("two")
    await server.call("swarm_init", topology="mesh")
    [task] = await server.tasks("a")
    ann = await server.spawn(name="ann")
    old = await server.take(ann)
    bench.move_clock(LEASE + 1_000)
    again = await other.spawn(name="ann")
    new = await other.take("ann")

    assert (new, again != ann) == (f"{task}.2", True)
    assert await server.code(old, "complete", ann) == "stale_claim"
    assert await other.code(old, "complete", "ann") == "stale_claim"
    assert (await other.update(new, "complete", "ann"))["status"] == "done"


async def test_an_agents_own_old_claim_is_over_when_it_claims_again(bench: SwarmBench) -> None:
    server = await bench.server("one")
    await server.call("swarm_init", topology="mesh")
    [task] = await server.tasks("a")
    ann = await server.spawn(name="ann")
    old = await server.take(ann)
    await server.update(old, "release", ann)
    new = await server.take(ann)

    assert (old, new) == (f"{task}.1", f"{task}.2")
    for action in ("complete", "progress", "release"):
        assert await server.code(old, action, ann, note="late") == "stale_claim"
    assert (await server.update(new, "complete", ann))["status"] == "done"


async def test_heartbeats_keep_the_claim_of_an_agent_that_calls_and_no_longer(bench: SwarmBench) -> None:
    server, other = await bench.server("one"), await bench.server("two")
    await server.call("swarm_init", topology="mesh")
    await server.tasks("a", "b")
    busy, silent = await server.spawn(name="busy"), await server.spawn(name="silent")
    claim, _ = await server.take(busy), await server.take(silent)
    seq = bench.sql("SELECT max(seq) FROM changes")
    for _ in range(4):
        for _ in range(QUIET // 3 // (LEASE - 5_000)):
            bench.move_clock(LEASE - 5_000)
            await server.app.presence.beat()
        await server.call("memory_usage", action="list", agent=busy)  # any tool will do
        await server.app.presence.beat()
    assert bench.sql("SELECT count(*) FROM changes WHERE kind = 'task' AND op = 'ready' AND seq > ?", seq[0][0]) == [
        (1,)
    ]

    assert (await other.call("task_claim"))["task"]["title"] == "b"
    assert (await server.update(claim, "complete", busy))["status"] == "done"


async def test_heartbeats_are_no_changes(bench: SwarmBench) -> None:
    server = await bench.server("one")
    await server.call("swarm_init", topology="mesh")
    await server.tasks("a")
    await server.take()
    before = bench.sql("SELECT max(seq) FROM changes")

    for _ in range(3):
        bench.move_clock(10_000)
        await server.call("swarm_status")
        await server.app.presence.beat()

    assert bench.sql("SELECT max(seq) FROM changes") == before
    assert bench.sql("SELECT count(*) FROM sessions") == [(1,)]


async def test_no_session_exists_before_the_first_swarm_call(bench: SwarmBench) -> None:
    server = await bench.server("one")
    await server.store("k", 1, agent="ann")
    await server.app.presence.beat()
    assert bench.sql("SELECT count(*) FROM sessions") == [(0,)]
    await server.call("swarm_init")
    assert bench.sql("SELECT principal, lease_until > created_at FROM sessions") == [("one", 1)]


async def test_a_hard_limit_ends_the_claim_of_a_hung_agent_unless_it_is_extended(bench: SwarmBench) -> None:
    server = await bench.server("one")
    await server.call("swarm_init", topology="mesh")
    await server.tasks("a", "b")
    hung, alive = await server.spawn(name="hung"), await server.spawn(name="alive")
    first, second = await server.take(hung), await server.take(alive)
    for hour in range(HARD // 1_200_000 + 2):
        bench.sql("UPDATE sessions SET lease_until = 9000000000000")  # as many heartbeats would
        bench.move_clock(1_200_000)
        await server.app.presence.beat()
        for agent in (hung, alive):
            await server.call("memory_usage", action="list", agent=agent)
        if hour == 6:
            await server.update(second, "extend", alive)

    assert await server.code(first, "complete", hung) == "stale_claim"
    assert (await server.update(second, "complete", alive))["status"] == "done"


async def test_a_task_whose_owners_are_lost_three_times_is_dead_and_told_so(bench: SwarmBench) -> None:
    server = await bench.server("one")
    await server.call("swarm_init", topology="mesh")
    [task] = await server.tasks("a")
    for number in range(3):
        lost = await bench.server(f"lost-{number}")
        await lost.call("swarm_init")
        assert await lost.take() == f"{task}.{number + 1}"
        bench.move_clock(LEASE + 1_000)
    await server.app.presence.beat()

    assert await server.claim() is None
    assert bench.sql("SELECT status, attempts FROM tasks WHERE seq = ?", int(task[1:])) == [("dead", 3)]
    assert bench.sql("SELECT op, actor FROM changes WHERE ref = ? ORDER BY seq DESC LIMIT 1", task) == [("dead", None)]


async def test_a_silent_agents_place_is_free_and_it_comes_back_only_where_there_is_room(bench: SwarmBench) -> None:
    server = await bench.server("one")
    await server.call("swarm_init", maxAgents=1)
    await server.tasks("a")
    first = await server.spawn()
    bench.move_clock(QUIET + 1_000)
    await server.app.presence.beat()
    assert (await server.call("agent_list"))["live"] == 0
    second = await server.spawn()
    assert (await server.refused("task_claim", agent=first))["code"] == "agent_gone"
    bench.move_clock(QUIET + 1_000)
    await server.take(first)
    assert (await server.refused("task_claim", agent=second))["code"] == "agent_gone"


async def test_an_agent_goes_on_after_its_client_came_back_in_a_new_process(bench: SwarmBench) -> None:
    before = await bench.server("client")
    await before.call("swarm_init", topology="mesh")
    [task] = await before.tasks("a")
    agent = await before.spawn()
    await before.take(agent)
    bench.move_clock(LEASE + 1_000)

    after = await bench.server("client")
    assert await after.take(agent) == f"{task}.2"
    assert (await after.update(f"{task}.2", "complete", agent))["status"] == "done"


async def test_a_hand_off_is_kept_for_its_receiver_while_that_one_lives(bench: SwarmBench) -> None:
    server, gone = await bench.server("one"), await bench.server("gone")
    await server.call("swarm_init", topology="mesh")
    [task] = await server.tasks("a")
    ann, ben = await server.spawn(name="ann"), await gone.spawn(name="ben")
    claim = await server.take(ann)
    told = await server.update(claim, "handoff", ann, to=ben, note="the API is yours")
    assert (told["status"], told["assigned_to"]) == ("ready", ben)

    assert await server.claim(ann) is None
    taken = await gone.call("task_claim", agent=ben)
    assert taken["recovery"] == {"had": ann, "ended": "handoff", "note": "the API is yours"}
    assert bench.sql("SELECT attempts FROM tasks WHERE seq = ?", int(task[1:])) == [(1,)]
    await gone.update(taken["claim"], "handoff", ben, to=ben, note="later")
    bench.move_clock(LEASE + 1_000)
    assert await server.take(ann) == f"{task}.3"


async def test_reserved_files_hold_claims_and_others_off_until_they_are_given_back_or_their_holder_is_gone(
    bench: SwarmBench,
) -> None:
    server, other = await bench.server("one"), await bench.server("two")
    await server.call("swarm_init", topology="mesh")
    await server.tasks({"title": "a", "writes": ["src/a.py"]}, {"title": "b", "writes": ["src/b.py"]})
    await other.call("file_reserve", paths=["src/a*"])
    assert (await other.call("file_reserve", paths=["docs/*"], mode="shared"))["held"] == 2

    refused = await server.refused("file_reserve", paths=["new.py", "src/**"])
    assert (refused["code"], "src/a* by @two" in refused["what"]) == ("already_reserved", True)
    assert (await server.call("file_reserve", paths=["new.py"], action="check"))["free"] is True
    assert (await server.call("file_reserve", paths=["docs"], mode="shared"))["held"] == 1
    assert (await server.refused("file_reserve", paths=["docs"]))["code"] == "already_reserved"
    claimed = await server.call("task_claim")
    assert claimed["task"]["title"] == "b"
    held = (await other.call("file_reserve", paths=["src/b.py"], action="check"))["held"]
    assert [(one["path"], one["by"], one["task"]) for one in held] == [("src/b.py", "@one", claimed["task"]["id"])]
    await server.update(claimed["claim"], "complete")
    assert await server.claim() is None
    await other.call("file_reserve", paths=["src/a*"], action="release")
    assert (await other.refused("file_reserve", paths=["src/a*"], action="renew"))["code"] == "wrong_state"
    assert await server.claim() is not None

    await other.call("file_reserve", paths=["lib/**"], ttl=3_600)
    bench.move_clock(LEASE + 1_000)
    assert (await server.call("file_reserve", paths=["lib/x.py"]))["held"] == 1


async def test_over_http_an_agent_that_is_silent_for_ten_minutes_counts_as_gone(bench: SwarmBench) -> None:
    server = await bench.server("process")

    async def over_http(tool: str, **arguments: Any) -> dict[str, Any]:
        row = tools_of(server.app.settings.tools)[tool]
        result = await answer(server.app, row, arguments, meta=None, session="session-http")
        assert result.structured_content is not None
        return result.structured_content

    await over_http("swarm_init", topology="mesh")
    await over_http("task_orchestrate", task="a")
    agent = (await over_http("agent_spawn", type="coder"))["agent"]
    claim = (await over_http("task_claim", agent=agent))["claim"]
    assert bench.sql("SELECT principal, quiet FROM sessions") == [("session-http", 600_000)]

    await server.app.presence.beat()  # tells of these calls
    bench.sql("UPDATE sessions SET lease_until = 9000000000000")  # as many heartbeats would
    bench.move_clock(601_000)
    await server.app.presence.beat()
    assert (await server.call("agent_list"))["live"] == 0
    assert (await server.call("task_claim"))["recovery"]["ended"] == "expired"
    assert await server.code(claim, "complete") == "stale_claim"
