"""swarm: who works on what, for people and for programs."""

import json
import subprocess
import threading
from pathlib import Path
from typing import Any

import anyio
import pytest
from commandline import COMMAND, Commands
from toolsession import Door, Session, make_settings

from swarm_memory.app import open_app


async def _work(home: Path) -> dict[str, Any]:
    """A swarm at work: one task done, one claimed, one blocked."""
    settings = make_settings(home).model_copy(update={"project": "local/shop"})
    async with open_app(settings) as app:
        session = Session(Door(app))
        made = await session.call("swarm_init", topology="mesh", objective="build")
        agent = (await session.call("agent_spawn", type="coder"))["agent"]
        items = [{"title": "a"}, {"title": "b"}, {"title": "c\x1b[31m", "deps": ["b"]}]
        await session.call("task_orchestrate", task="all", subtasks=items)
        claim = (await session.call("task_claim", agent=agent))["claim"]
        await session.call("task_update", claim=claim, action="complete", agent=agent)
        claim = (await session.call("task_claim", agent=agent))["claim"]
    return {"swarm": made["swarmId"], "agent": agent, "claim": claim}


async def _more(home: Path, number: int) -> None:
    settings = make_settings(home).model_copy(update={"project": "local/shop"})
    async with open_app(settings) as app:
        await Session(Door(app)).call(
            "task_orchestrate", task=f"group {number}", subtasks=[{"title": f"more {number}"}]
        )


@pytest.fixture
def work(run: Commands) -> dict[str, Any]:
    return anyio.run(_work, run.home)


def test_status_tasks_agents_and_log_tell_the_same_to_people_and_programs(run: Commands, work: dict[str, Any]) -> None:
    told = run("swarm", "status", "--json").expect(0).json
    assert (told["swarmId"], told["tasks"]) == (work["swarm"], {"blocked": 1, "claimed": 1, "done": 1})
    shown = run("swarm", "status").expect(0).out
    assert "blocked 1, claimed 1, done 1" in shown
    assert [one["id"] for one in run("swarm", "tasks", "--json").json["tasks"]] == ["t4", "t3"]
    assert run("swarm", "tasks").out.splitlines()[1].split("\t") == ["t3", "claimed", work["agent"], "", "b"]
    assert "\x1b" not in run("swarm", "tasks").out
    assert run("swarm", "tasks", "--status", "done", "--json").json["tasks"][0]["title"] == "a"
    assert run("swarm", "tasks", "t3", "--json").json["claim"] == work["claim"]
    assert f"claim        {work['claim']}\n" in run("swarm", "tasks", "t3").out
    assert run("swarm", "agents", "--json").json["agents"] == [{"agent": work["agent"], "claim": work["claim"]}]
    assert run("swarm", "agents").out == f"{work['agent']}\tlives\t{work['claim']}\t\n"
    events = run("swarm", "log", "--json").expect(0).json["events"]
    assert [one["what"] for one in events[-3:]] == ["task claimed", "task done", "task claimed"]
    assert len(run("swarm", "log", "--limit", "2").out.splitlines()) == 2


@pytest.mark.usefixtures("work")
def test_watch_prints_events_as_they_happen(run: Commands) -> None:
    environment = {**run.env, "SWARM_MEMORY_HOME": str(run.home)}
    command = [COMMAND, "swarm", "watch", "--json", "--seconds", "20"]
    with subprocess.Popen(command, cwd=run.cwd, env=environment, stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdout is not None
        # It tells what happens after it has begun to look, so something happens until it tells.
        told: list[dict[str, Any]] = []
        reader = threading.Thread(target=lambda: told.append(json.loads(watching.stdout.readline())))  # pyright: ignore[reportOptionalMemberAccess] - a pipe
        reader.start()
        for number in range(60):
            anyio.run(_more, run.home, number)
            reader.join(0.5)
            if told:
                break
        watching.kill()
    assert told[0]["what"] in ("task blocked", "task ready")
    assert told[0]["title"].startswith(("group", "more"))


def test_end_archives_and_an_unknown_swarm_is_an_error(run: Commands, work: dict[str, Any]) -> None:
    ended = run("swarm", "end", work["swarm"], "--json").expect(0).json
    assert (ended["status"], ended["success"]) == ("archived", True)
    assert "has no active swarm" in run("swarm", "status").expect(1).err
    assert run("swarm", "status", "--id", work["swarm"], "--json").json["tasks"] == {"done": 1, "cancelled": 2}
    assert "No swarm has the id" in run("swarm", "end", "nothing").expect(1).err
