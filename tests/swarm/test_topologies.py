"""What each topology lets whom do, cell by cell; what it forbids leaves no row. And what strategies do."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from swarmbench import LEASE, Server, SwarmBench, swarm_bench

pytestmark = pytest.mark.anyio

# Who acts. The coordinator is the principal that made the swarm. ann leads cid and dan, ben leads eve; in a ring these
# five stand one behind the other, in a star and a mesh they are workers. stranger is the principal of another session.
AGENTS = ("ann", "ben", "cid", "dan", "eve")
WHO = ("coordinator", *AGENTS, "stranger")


@dataclass
class Crew:
    bench: SwarmBench
    server: Server
    other: Server
    handles: dict[str, str]

    def as_(self, who: str) -> tuple[Server, dict[str, str]]:
        """Who calls, and with which argument."""
        if who in ("coordinator", "stranger"):
            return (self.server if who == "coordinator" else self.other), {}
        return self.server, {"agent": self.handles[who]}

    async def may(self, who: str, tool: str, **arguments: Any) -> bool:
        """Whether it is done; what is refused must be refused for the topology, and leave no row."""
        server, agent = self.as_(who)
        rows = self.rows()
        result = await server.client.call_tool(tool, {**arguments, **agent})
        if not result.is_error:
            return True
        [block] = result.content
        assert block.type == "text"
        assert block.text.startswith("[topology_forbidden]"), block.text
        assert self.rows() == rows
        return False

    def rows(self) -> list[Any]:
        return self.bench.sql(
            "SELECT (SELECT count(*) FROM changes), (SELECT count(*) FROM tasks), (SELECT sum(version) FROM tasks),"
            " (SELECT count(*) FROM attempts), (SELECT count(*) FROM task_deps)"
        )

    async def task(self, **item: Any) -> str:
        """A task of the coordinator's making."""
        [task] = await self.server.tasks({"title": "a", **item})
        return task

    async def done_by(self, who: str) -> str:
        """A completion under review, by this one."""
        task = await self.task(verify=True, **({"role": who} if who in AGENTS else {}))
        self.bench.sql("UPDATE tasks SET role = '', pool = 0, stage = ? WHERE seq = ?", _place(who), int(task[1:]))
        if who in AGENTS:
            self.bench.sql("UPDATE tasks SET assignee = ? WHERE seq = ?", self.handles[who], int(task[1:]))
        server, agent = self.as_(who)
        claim = (await server.call("task_claim", taskId=task, **agent))["claim"]
        await server.call("task_update", claim=claim, action="complete", **agent)
        return claim


def _place(who: str) -> int:
    return AGENTS.index(who) if who in AGENTS else 0


@pytest.fixture
async def crew_of(tmp_path: Path) -> AsyncGenerator[Callable[[str], Awaitable[Crew]]]:
    async with swarm_bench(tmp_path / "home") as bench:

        async def make(topology: str) -> Crew:
            server, other = await bench.server("maker"), await bench.server("stranger")
            await server.call("swarm_init", topology=topology, objective="build", maxAgents=16)
            await other.call("swarm_init")
            handles: dict[str, str] = {}
            for name in AGENTS:
                lead = {"cid": "ann", "dan": "ann", "eve": "ben"}.get(name)
                parent = {"parent": handles[lead]} if lead and topology == "hierarchical" else {}
                handles[name] = await server.spawn("worker", name=name, **parent)
            return Crew(bench, server, other, handles)

        yield make


async def _allowed(attempt: Callable[[str], Awaitable[bool]]) -> set[str]:
    return {who for who in WHO if await attempt(who)}


@pytest.mark.parametrize(
    ("topology", "may"),
    [
        ("star", set(WHO)),
        ("hierarchical", {"coordinator", "ann", "ben"}),
        ("mesh", set(WHO)),
        ("ring", {"coordinator"}),
    ],
)
async def test_who_may_create_tasks(crew_of: Any, topology: str, may: set[str]) -> None:
    crew = await crew_of(topology)
    assert await _allowed(lambda who: crew.may(who, "task_orchestrate", task=f"by {who}")) == may
    proposed = crew.bench.sql("SELECT creator FROM tasks WHERE status = 'proposed'")
    assert len(proposed) == (len(WHO) - 1 if topology == "star" else 0)


@pytest.mark.parametrize(
    ("topology", "may"),
    [
        ("star", {"coordinator"}),
        ("hierarchical", {"coordinator", "ann"}),
        ("mesh", set(WHO)),
        ("ring", {"coordinator"}),
    ],
)
async def test_who_may_assign_and_cancel_tasks(crew_of: Any, topology: str, may: set[str]) -> None:
    crew = await crew_of(topology)

    async def directs(who: str, **update: Any) -> bool:
        task = await crew.task()
        if topology == "hierarchical":  # a task of ann's group
            crew.bench.sql("UPDATE tasks SET pool = ? WHERE seq = ?", int(crew.handles["ann"][4:]), int(task[1:]))
        return await crew.may(who, "task_update", claim=task, **update)

    assert await _allowed(lambda who: directs(who, action="handoff", to=crew.handles["cid"])) == may
    assert await _allowed(lambda who: directs(who, action="cancel")) == may


@pytest.mark.parametrize(
    ("topology", "may"),
    [
        ("star", set(WHO) - {"coordinator"}),
        ("hierarchical", set(WHO) - {"coordinator"}),
        ("mesh", set(WHO)),
        ("ring", set(AGENTS)),
    ],
)
async def test_who_may_claim_at_all(crew_of: Any, topology: str, may: set[str]) -> None:
    crew = await crew_of(topology)
    assert await _allowed(lambda who: crew.may(who, "task_claim")) == may


async def test_in_a_hierarchy_members_claim_their_groups_tasks_then_those_of_the_group_above(crew_of: Any) -> None:
    crew = await crew_of("hierarchical")
    await crew.server.tasks({"title": "for all"}, {"title": "for all, too"})
    await crew.server.call(
        "task_orchestrate", task="anns", subtasks=[{"title": "for ann's"}], agent=crew.handles["ann"]
    )

    titles: dict[str, Any] = {}
    for who in ("eve", "cid", "dan", "ben"):
        claimed = await crew.server.call("task_claim", agent=crew.handles[who])
        titles[who] = claimed["task"] and claimed["task"]["title"]
    assert titles == {"eve": "for all", "cid": "for ann's", "dan": "for all, too", "ben": None}


async def test_in_a_ring_stages_go_round_the_positions_and_a_dead_one_is_skipped(crew_of: Any) -> None:
    crew = await crew_of("ring")
    chain = [{"title": f"s{stage}"} for stage in range(7)]
    await crew.server.call("task_orchestrate", task="line", subtasks=chain, strategy="sequential")
    crew.bench.sql("UPDATE agents SET retired_at = 1 WHERE name = 'cid'")

    order: list[str] = []
    for _ in chain:
        for who in ("ann", "ben", "dan", "eve"):
            claimed = await crew.server.call("task_claim", agent=crew.handles[who])
            if claimed["claim"]:
                order.append(who)
                await crew.server.update(claimed["claim"], "complete", crew.handles[who])
    assert order == ["ann", "ben", "dan", "dan", "eve", "ann", "ben"]


@pytest.mark.parametrize(
    ("topology", "author", "may"),
    [
        ("star", "ann", {"coordinator", "ben", "cid", "dan", "eve"}),
        ("hierarchical", "cid", {"ann"}),
        ("hierarchical", "ann", {"coordinator"}),
        ("mesh", "ann", set(WHO) - {"ann"}),
        ("ring", "ben", {"cid"}),
        ("ring", "eve", {"ann"}),
    ],
)
async def test_who_may_review(crew_of: Any, topology: str, author: str, may: set[str]) -> None:
    crew = await crew_of(topology)
    for action in ("approve", "reject"):
        found: set[str] = set()
        for who in WHO:
            claim = await crew.done_by(author)
            if await crew.may(who, "task_update", claim=claim, action=action):
                found.add(who)
        assert found == may


@pytest.mark.parametrize(
    ("topology", "owner", "may"),
    [
        ("star", "ann", {"@maker"}),
        ("hierarchical", "cid", {"ann"}),
        ("hierarchical", "ann", {"@maker", "cid", "dan"}),
        ("mesh", "ann", {"@maker", *AGENTS}),
        ("ring", "eve", {"ann"}),
    ],
)
async def test_to_whom_a_claim_may_be_handed(crew_of: Any, topology: str, owner: str, may: set[str]) -> None:
    crew = await crew_of(topology)
    found: set[str] = set()
    for to in ("@maker", *AGENTS):
        task = await crew.task()
        crew.bench.sql("UPDATE tasks SET assignee = ? WHERE seq = ?", crew.handles[owner], int(task[1:]))
        claim = await crew.server.take(crew.handles[owner], taskId=task)
        if await crew.may(owner, "task_update", claim=claim, action="handoff", to=crew.handles.get(to, to)):
            found.add(to)
        else:
            await crew.server.update(claim, "release", crew.handles[owner])
    assert found == may


@pytest.mark.parametrize("topology", ["star", "hierarchical", "mesh", "ring"])
async def test_one_session_alone_works_off_its_own_plan_in_every_topology(tmp_path: Path, topology: str) -> None:
    async with swarm_bench(tmp_path / "home") as bench:
        server = await bench.server("alone")
        await server.call("swarm_init", topology=topology)
        for task in await server.tasks("a", "b"):
            assert (await server.update(await server.take(), "complete"))["task"] == task


async def test_a_coordinator_agent_takes_over_and_another_session_goes_on_when_the_maker_is_gone(
    tmp_path: Path,
) -> None:
    async with swarm_bench(tmp_path / "home") as bench:
        maker, other = await bench.server("maker"), await bench.server("other")
        await maker.call("swarm_init", topology="ring")
        await other.call("swarm_init")
        assert (await other.refused("task_orchestrate", task="x"))["code"] == "topology_forbidden"
        head = await other.spawn("coordinator")
        assert (await maker.refused("task_orchestrate", task="x"))["code"] == "topology_forbidden"
        await other.call("task_orchestrate", task="x", agent=head)

        bench.move_clock(LEASE + 1_000)
        late = await bench.server("late")
        await late.call("swarm_init")
        await late.call("task_orchestrate", task="x")


async def test_a_proposal_becomes_a_task_when_the_coordinator_takes_it_up(crew_of: Any) -> None:
    crew = await crew_of("star")
    made = await crew.server.call(
        "task_orchestrate", task="p", subtasks=[{"title": "p1"}, {"title": "p2"}], agent=crew.handles["ann"]
    )
    first, second = (one["id"] for one in made["tasks"])
    assert [one["status"] for one in made["tasks"]] == ["proposed", "proposed"]
    assert await crew.server.claim(crew.handles["ben"]) is None
    assert await crew.server.code(first, "approve", crew.handles["ben"]) == "topology_forbidden"
    assert (await crew.server.update(first, "approve"))["status"] == "ready"
    assert (await crew.server.update(second, "reject", note="not now"))["status"] == "cancelled"
    assert await crew.server.claim(crew.handles["ben"]) == f"{first}.1"


async def test_what_strategies_do(tmp_path: Path) -> None:
    async with swarm_bench(tmp_path / "home") as bench:
        server = await bench.server("one")
        items = [{"title": "t1", "role": "test"}, {"title": "c1", "role": "code"}, {"title": "t2", "role": "test"}]
        expected = {
            "balanced": ["t1", "c1", "t2"],  # a claim of test is open, so code goes first
            "parallel": ["t1", "c1", "t2"],
            "sequential": ["t1", None, None],
            "specialized": [None, None, None],  # a principal has no role
        }
        items = [items[0], items[2], items[1]]
        expected["parallel"] = ["t1", "t2", "c1"]
        for strategy, titles in expected.items():
            await server.call("swarm_init", topology="mesh", strategy=strategy, objective=strategy)
            await server.tasks(*items)
            found: list[str | None] = []
            for number in range(3):
                other = await bench.server(f"{strategy}-{number}")
                await other.call("swarm_init")
                claimed = await other.call("task_claim")
                found.append(claimed["task"] and claimed["task"]["title"])
            assert found == titles, strategy
