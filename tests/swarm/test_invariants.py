"""What must hold whatever happens: each task done once, nothing lost, dependencies kept, seats and ids counted right.

Each large test has a small version that every run makes.
"""

import random
import sys
import time
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from hands import Hand, Order, rows, together
from relay import Relay
from sqld import Sqld
from swarmbench import Server, SwarmBench
from toolsession import Door, Session, make_settings

from swarm_memory.app import open_app

pytestmark = pytest.mark.anyio

stress = pytest.mark.stress
ITEMS = 1_000
WRONG_COUNTS = """
SELECT count(*) FROM tasks
 WHERE grp IS NOT NULL AND pending_deps <> (
   SELECT count(*) FROM task_deps JOIN tasks AS dep ON dep.seq = task_deps.dep
    WHERE task_deps.task = tasks.seq AND dep.status <> 'done')"""


def tell(text: str) -> None:
    """A figure for docs/benchmarks.md."""
    sys.stderr.write(f"\n{text}\n")


@asynccontextmanager
async def _maker(home: Path, url: str | None = None) -> AsyncGenerator[Session]:
    settings = make_settings(home, "remote" if url else "local", url).model_copy(update={"project": "swarm"})
    async with open_app(settings) as app:
        yield Session(Door(app))


async def _swarm(home: Path, count: int, url: str | None = None, *, chained: int = 0) -> str:
    """A swarm with so many tasks; every ``chained`` of them one after another."""
    async with _maker(home, url) as maker:
        swarm = (await maker.call("swarm_init", topology="mesh", objective="all", maxAgents=64))["swarmId"]
        for begin in range(0, count, ITEMS):
            items: list[dict[str, Any]] = []
            for number in range(begin, min(begin + ITEMS, count)):
                deps = [str(number - 1)] if chained and number % chained and number > begin else []
                items.append({"title": f"task {number}", "id": str(number), "deps": deps, "role": "work"})
            await maker.call("task_orchestrate", task="part", subtasks=items, swarmId=swarm)
    return swarm


def _granted_once_and_done_once(hands: list[Hand], count: int) -> None:
    claims = Counter(claim for hand in hands for claim in hand.said("claim"))
    done = Counter(claim.partition(".")[0] for hand in hands for claim in hand.said("done"))
    assert [claim for claim, times in claims.items() if times > 1] == []
    assert [task for task, times in done.items() if times > 1] == []
    assert len(done) == count


async def _many_processes(home: Path, processes: int, count: int, url: str | None = None) -> list[Hand]:
    swarm = await _swarm(home, count, url, chained=10)
    hands = await anyio.to_thread.run_sync(together, Order(str(home), swarm, url=url, wait=1.0), processes)
    _granted_once_and_done_once(hands, count)
    return hands


async def _in_order(home: Path, count: int) -> None:
    assert rows(home, "SELECT status, count(*) FROM tasks WHERE grp IS NOT NULL GROUP BY 1") == [("done", count)]
    assert rows(home, "SELECT count(*), sum(outcome = 'done') FROM attempts") == [(count, count)]
    early = "SELECT count(*) FROM task_deps JOIN attempts AS a USING (task) JOIN tasks AS d ON d.seq = dep"
    assert rows(home, f"{early} WHERE a.started_at < d.ended_at") == [(0,)]


async def test_processes_at_once_do_each_task_once_and_in_order(tmp_path: Path) -> None:
    await _many_processes(tmp_path, 3, 60)
    await _in_order(tmp_path, 60)


async def test_processes_at_once_do_each_task_once_on_a_primary(tmp_path: Path) -> None:
    with Sqld(tmp_path / "primary") as primary:
        await _many_processes(tmp_path / "home", 2, 20, primary.url)


@stress
async def test_32_processes_do_10_000_tasks_once_each(tmp_path: Path) -> None:
    begin = time.monotonic()
    await _many_processes(tmp_path, 32, 10_000)
    tell(f"10,000 tasks by 32 processes, local: {time.monotonic() - begin:.0f} s")
    await _in_order(tmp_path, 10_000)


@stress
async def test_32_processes_do_2_000_tasks_once_each_on_a_primary_at_20_ms(tmp_path: Path) -> None:
    with Sqld(tmp_path / "primary") as primary, Relay(primary.port) as relay:
        relay.set_delay(10)
        begin = time.monotonic()
        await _many_processes(tmp_path / "home", 32, 2_000, relay.url)
        tell(f"2,000 tasks by 32 processes at 20 ms: {time.monotonic() - begin:.0f} s")


async def _with_kills(home: Path, processes: int, count: int, kills: int, every: float) -> None:
    """Kill a random process now and then, and start another one; the test's clock runs thirty times as fast."""
    swarm = await _swarm(home, count)
    base, speed = time.time_ns() // 1_000_000, 30
    real = "CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)"
    rows(home, "DROP VIEW clock")
    rows(home, f"CREATE VIEW clock AS SELECT {base} + ({real} - {base}) * {speed} AS now")
    rows(home, "UPDATE tasks SET max_attempts = 1000 WHERE seq % 7 <> 0")
    order = Order(str(home), swarm, wait=0.5, unit=0.05, speed=speed, base=base)
    source = random.Random(1)
    names = iter(range(1_000_000))
    living = [Hand(order, f"hand-{next(names)}") for _ in range(processes)]
    every_hand = list(living)
    for hand in living:
        assert hand.ready.wait(60)
        hand.begin()
    for _ in range(kills):
        await anyio.sleep(every)
        victim = living.pop(source.randrange(len(living)))
        await anyio.to_thread.run_sync(lambda hand=victim: hand.end(kill=True))
        fresh = Hand(order, f"hand-{next(names)}")
        living.append(fresh)
        every_hand.append(fresh)
        fresh.begin()
    for hand in living:
        errors = await anyio.to_thread.run_sync(hand.end)
        assert hand.figures is not None, errors
    ended = dict(rows(home, "SELECT status, count(*) FROM tasks WHERE grp IS NOT NULL GROUP BY 1"))
    assert set(ended) <= {"done", "dead"}
    assert sum(ended.values()) == count
    claims = Counter(claim for hand in every_hand for claim in hand.said("claim"))
    assert max(claims.values()) == 1
    done = [claim for hand in every_hand for claim in hand.said("done")]
    recorded = rows(home, "SELECT 't' || task || '.' || fence FROM attempts WHERE outcome = 'done'")
    assert set(done) <= {claim for (claim,) in recorded}
    assert len(recorded) == ended["done"]
    lost = "SELECT max(ended_at - started_at) FROM attempts WHERE outcome = 'expired'"
    [(longest,)] = rows(home, lost)
    tell(f"{kills} kills: {ended}, a lost claim was free after at most {(longest or 0) / 1000:.0f} s of its clock")


async def test_kills_lose_no_task(tmp_path: Path) -> None:
    await _with_kills(tmp_path, 2, 24, kills=3, every=0.2)


@stress
async def test_100_kills_lose_no_task(tmp_path: Path) -> None:
    await _with_kills(tmp_path, 8, 2_000, kills=100, every=0.15)


async def test_a_request_id_sent_50_times_at_once_is_done_once_and_answered_alike(bench: SwarmBench) -> None:
    servers = [await bench.server(f"s{number}") for number in range(5)]
    made = await servers[0].call("swarm_init", topology="mesh", objective="x", maxAgents=64)
    for server in servers:
        await server.call("swarm_init", swarmId=made["swarmId"])
    await servers[0].spawn(name="ann")

    async def fifty(tool: str, request: str, **arguments: Any) -> dict[str, Any]:
        answers: list[dict[str, Any]] = []

        async def one(server: Server) -> None:
            answers.append(await server.call(tool, request, **arguments))

        async with anyio.create_task_group() as tasks:
            for number in range(50):
                tasks.start_soon(one, servers[number % 5])
        assert all(answer == answers[0] for answer in answers)
        return answers[0]

    await fifty("task_orchestrate", "make", task="all", subtasks=[{"title": "a"}, {"title": "b"}])
    claim = (await fifty("task_claim", "take", agent="ann"))["claim"]
    await fifty("task_update", "end", claim=claim, action="complete", agent="ann")
    assert bench.sql("SELECT count(*) FROM tasks WHERE grp IS NOT NULL") == [(2,)]
    assert bench.sql("SELECT count(*), max(fence) FROM attempts") == [(1, 1)]


async def test_servers_that_claim_at_once_get_a_task_each(bench: SwarmBench) -> None:
    servers = [await bench.server(f"s{number}") for number in range(8)]
    made = await servers[0].call("swarm_init", topology="mesh", objective="x")
    for server in servers:
        await server.call("swarm_init", swarmId=made["swarmId"])
    tasks = await servers[0].tasks(*(f"n{number}" for number in range(10)))
    claims: list[str] = []

    async def one(server: Server) -> None:
        claims.append(await server.take())

    async with anyio.create_task_group() as group:
        for server in servers:
            group.start_soon(one, server)
    assert sorted(claims) == sorted(f"{task}.1" for task in tasks[:8])


async def test_servers_join_as_often_as_there_are_seats(bench: SwarmBench) -> None:
    servers = [await bench.server(f"s{number}") for number in range(3)]
    made = await servers[0].call("swarm_init", maxAgents=4)
    answers: list[bool] = []

    async def one(server: Server) -> None:
        result = await server.client.call_tool("agent_spawn", {"type": "worker", "swarmId": made["swarmId"]})
        answers.append(result.is_error)

    async with anyio.create_task_group() as group:
        for server in servers * 3:
            group.start_soon(one, server)
    assert (len(answers), answers.count(False)) == (9, 4)


async def test_a_retry_by_the_next_process_is_told_the_first_outcome(bench: SwarmBench) -> None:
    lost = await bench.server("client")
    await lost.call("swarm_init", topology="mesh")
    await lost.tasks("a", "b")
    first = await lost.call("task_claim", "take")
    lost.app.close()

    after = await bench.server("client")
    assert await after.call("task_claim", "take") == first
    assert bench.sql("SELECT count(*) FROM attempts") == [(1,)]


async def test_clients_whose_clocks_are_an_hour_off_make_no_difference(bench: SwarmBench) -> None:
    early, late = await bench.server("early"), await bench.server("late")
    bench.shift(early, -3_600_000)
    bench.shift(late, 3_600_000)
    await early.call("swarm_init", topology="mesh")
    await late.call("swarm_init")
    await early.tasks("a", "b")
    first, second = await early.take(), await late.take()
    assert bench.sql("SELECT count(*) FROM tasks, clock WHERE lease_until > now AND lease_until <= now + 1800000") == [
        (2,)
    ]
    await early.app.presence.beat()
    await late.app.presence.beat()
    assert (await early.update(first, "complete"))["status"] == "done"
    assert (await late.update(second, "complete"))["status"] == "done"


async def _random_graphs(bench: SwarmBench, seeds: range) -> None:
    server = await bench.server("one")
    for seed in seeds:
        source = random.Random(seed)
        await server.call("swarm_init", topology="mesh", objective=f"{seed}")
        count = source.randint(1, 12)
        items = [{"title": f"n{n}", "deps": [f"n{d}" for d in range(n) if source.random() < 0.3]} for n in range(count)]
        source.shuffle(items)
        deps = {item["title"]: set(item["deps"]) for item in items}
        await server.tasks(*items)
        done: set[str] = set()
        while (claimed := await server.call("task_claim"))["claim"]:
            title = claimed["task"]["title"]
            assert deps[title] <= done
            if source.random() < 0.2:
                await server.update(claimed["claim"], "release")
                continue
            await server.update(claimed["claim"], "complete")
            done.add(title)
            assert bench.sql(WRONG_COUNTS) == [(0,)]
        assert done == set(deps)
        # One edge against the order makes a cycle.
        if edges := [(n, d) for n, all_ in deps.items() for d in all_]:
            n, d = source.choice(edges)
            broken = [{**item, "deps": [*item["deps"], n]} if item["title"] == d else item for item in items]
            refused = await server.refused("task_orchestrate", task="cycle", subtasks=broken)
            assert "cycle" in refused["what"]


async def test_random_graphs_run_in_order_and_cycles_are_refused(bench: SwarmBench) -> None:
    await _random_graphs(bench, range(25))


@stress
async def test_1_000_random_graphs_run_in_order(bench: SwarmBench) -> None:
    await _random_graphs(bench, range(1_000))


async def _fan_out(bench: SwarmBench, width: int) -> None:
    server = await bench.server("one")
    await server.call("swarm_init", topology="mesh")
    [root] = await server.tasks("root")
    groups: list[str] = []
    for begin in range(0, width, ITEMS):
        items = [{"title": f"leaf {n}"} for n in range(begin, min(begin + ITEMS, width))]
        made = await server.call("task_orchestrate", task="leaves", subtasks=items, dependencies=[root])
        groups.append(made["group"])
    await server.call("task_orchestrate", task="join", dependencies=groups)
    assert (await server.call("swarm_status"))["tasks"] == {"blocked": width + 1, "ready": 1}
    begin = time.monotonic()
    await server.update(await server.take(), "complete")
    tell(f"one completion made {width} tasks ready in {time.monotonic() - begin:.2f} s")
    for _ in range(width + 1):
        await server.update(await server.take(), "complete")
    assert (await server.call("swarm_status"))["tasks"] == {"done": width + 2}
    assert bench.sql("SELECT count(*) FROM tasks WHERE grp IS NULL AND status <> 'done'") == [(0,)]


async def test_a_wide_fan_out_completes(bench: SwarmBench) -> None:
    await _fan_out(bench, 150)


@stress
async def test_a_fan_out_of_5_000_completes(bench: SwarmBench) -> None:
    await _fan_out(bench, 5_000)


async def _joins(home: Path, processes: int) -> None:
    async with _maker(home) as maker:
        swarm = (await maker.call("swarm_init", maxAgents=8))["swarmId"]
    order = Order(str(home), swarm, what="join", times=20)
    hands = await anyio.to_thread.run_sync(together, order, processes)
    assert sum(len(hand.said("joined")) for hand in hands) == 8
    assert rows(home, "SELECT count(*), count(DISTINCT handle), max(position) FROM agents") == [(8, 8, 7)]


async def test_as_many_agents_join_as_may(tmp_path: Path) -> None:
    await _joins(tmp_path, 3)


@stress
async def test_of_32_processes_with_20_joins_each_exactly_8_get_in(tmp_path: Path) -> None:
    await _joins(tmp_path, 32)
