"""Claims of many processes: ``scripts/bench swarm [--processes 1 8 32] [--tasks 1000] [--delay 20]``.

Starts server processes that claim and complete tasks by the tools, on a local file and on a real sqld behind a relay,
and prints tasks a second and how long a claim takes. Then eight of them work off a graph of 200 tasks with
dependencies and simulated work, and the time is compared with the best schedule. Writes JSON to
``benchmarks/results/swarm.json``.
"""

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from rawserver import machine

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "primary"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "swarm"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "tools"))

from hands import Order, together
from relay import Relay
from sqld import Sqld
from toolsession import Door, Session, make_settings

from swarm_memory.app import open_app
from swarm_memory.models.plan import TaskItem, make_plan
from swarm_memory.services.schedule import Schedule

RESULTS = Path(__file__).parent / "results"
UNIT = 0.1  # seconds of work for one unit of a task's size
AGENTS = 8


async def swarm_of(home: Path, items: list[dict[str, Any]], url: str | None) -> str:
    """A swarm with these tasks."""
    settings = make_settings(home, "remote" if url else "local", url).model_copy(
        update={"project": "swarm", "primary_timeout": 60.0}
    )
    async with open_app(settings) as app:
        maker = Session(Door(app))
        made = await maker.call("swarm_init", topology="mesh", objective="bench", maxAgents=64)
        for begin in range(0, len(items), 500):
            await maker.call("task_orchestrate", task="part", subtasks=items[begin : begin + 500])
    return made["swarmId"]


def throughput(home: Path, processes: int, tasks: int, url: str | None) -> dict[str, float]:
    """Tasks without work, claimed and completed as fast as they go."""
    swarm = asyncio.run(swarm_of(home, [{"title": f"t{n}", "role": "work"} for n in range(tasks)], url))
    hands = together(Order(str(home), swarm, url=url), processes)
    figures = [hand.figures for hand in hands if hand.figures]
    waits = sorted(wait for one in figures for wait in one["waits"])
    seconds = max(one["last"] for one in figures) - min(one["first"] for one in figures)
    done = sum(len(hand.said("done")) for hand in hands)
    if done != tasks:
        sys.exit(f"{done} of {tasks} tasks were done")
    return {
        "tasks_per_second": round(tasks / seconds, 1),
        "claim_p50_ms": round(statistics.median(waits) * 1000, 1),
        "claim_p99_ms": round(waits[int(len(waits) * 0.99)] * 1000, 1),
    }


def at_a_distance(folder: Path, processes: int, tasks: int, delay: float) -> dict[str, float]:
    """The same on a real sqld, with a round trip of so many milliseconds."""
    with Sqld(folder / "primary") as primary, Relay(primary.port) as relay:
        relay.set_delay(delay / 2)
        return throughput(folder / "home", processes, tasks, relay.url)


def graph(count: int) -> list[dict[str, Any]]:
    """Layers of tasks as a project has them: each waits for one to three of the layers before it."""
    source = random.Random(6)
    items: list[dict[str, Any]] = []
    for number in range(count):
        before = list(range(max(0, number - 40), number - 8)) if number >= 20 else []
        deps = sorted(source.sample(before, min(len(before), source.randint(1, 3))))
        size = source.choice((1, 2, 2, 3, 5))
        items.append({"title": f"t{number}", "role": "work", "size": size, "deps": [f"t{dep}" for dep in deps]})
    return items


def efficiency(home: Path, count: int) -> dict[str, float]:
    """Eight workers on a graph: their time by that of the best schedule found for it."""
    items = graph(count)
    plan = make_plan([TaskItem(one["title"], deps=tuple(one["deps"]), size=one["size"]) for one in items])
    schedule = Schedule(plan)
    best = max(schedule.shortest(), schedule.work / AGENTS) * UNIT
    swarm = asyncio.run(swarm_of(home, items, None))
    sizes = {one["title"]: one["size"] for one in items}
    hands = together(Order(str(home), swarm, wait=5.0, unit=UNIT, sizes=sizes), AGENTS)
    figures = [hand.figures for hand in hands if hand.figures]
    seconds = max(one["last"] for one in figures) - min(one["first"] for one in figures)
    return {
        "tasks": count,
        "work_s": round(schedule.work * UNIT, 1),
        "critical_path_s": round(schedule.shortest() * UNIT, 1),
        "list_schedule_s": round(schedule.makespan(AGENTS) * UNIT, 1),
        "no_schedule_is_under_s": round(best, 1),
        "took_s": round(seconds, 2),
        "ratio": round(seconds / best, 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--tasks", type=int, default=1_000)
    parser.add_argument("--delay", type=float, default=20.0, help="milliseconds of a round trip to the primary")
    arguments = parser.parse_args()
    results: dict[str, Any] = {"machine": machine(), "delay_ms": arguments.delay}
    print(f"{'store':10} {'processes':>9} {'tasks/s':>9} {'claim p50':>10} {'p99 ms':>8}")
    for processes in arguments.processes:
        with tempfile.TemporaryDirectory() as folder:
            show(results, "local", processes, throughput(Path(folder), processes, arguments.tasks, None))
    for processes in arguments.processes:
        tasks = min(arguments.tasks, 100 * processes)
        with tempfile.TemporaryDirectory() as folder:
            show(results, "primary", processes, at_a_distance(Path(folder), processes, tasks, arguments.delay))
    with tempfile.TemporaryDirectory() as folder:
        results["schedule"] = efficiency(Path(folder), 200)
    print(json.dumps(results["schedule"]))
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "swarm.json").write_text(json.dumps(results, indent=1) + "\n", "utf-8")


def show(results: dict[str, Any], store: str, processes: int, figures: dict[str, float]) -> None:
    results[f"{store}, {processes} processes"] = figures
    rate, half, most = figures.values()
    print(f"{store:10} {processes:9} {rate:9} {half:10} {most:8}", flush=True)


if __name__ == "__main__":
    main()
