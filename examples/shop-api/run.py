"""A small e-commerce API, built by one worker and by eight: how much sooner, and what happens when things go wrong.

    python examples/shop-api/run.py [--workers 8] [--unit 0.25] [--skip-takeover]

The workers are processes with servers of their own; they do not work but sleep and write files, so that the figures are
those of the coordination. Everything goes through the tools, offline, in a temporary directory. The exit code is 0 only
if every task was done once and every file written.
"""

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import anyio
from anyio.abc import Process
from anyio.streams.text import TextReceiveStream
from mcp import Client, StdioServerParameters
from plan import PRICES, SHOP, Task

WORKER: Final = Path(__file__).with_name("worker.py")
PATIENCE: Final = 240.0


@dataclass
class Site:
    """A store, a swarm on it, and the coordinator's client."""

    store: Path
    client: Client
    swarm: str = ""
    metrics: dict[str, Any] | None = None

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Call a tool that must succeed."""
        result = await self.client.call_tool(tool, arguments)
        if result.is_error or result.structured_content is None:
            raise SystemExit(f"{tool}: {result.content}")
        return result.structured_content

    async def begin(self, tasks: list[Task], *, learning: bool, agents: int) -> None:
        """Make the swarm; what auto measures of the tasks is kept."""
        measured = await self.call("swarm_init", tasks=tasks, maxAgents=agents)
        self.metrics = measured["metrics"]
        made = await self.call("swarm_init", objective="a shop", topology="mesh", maxAgents=agents, learning=learning)
        self.swarm = made["swarmId"]

    async def work_off(self, tasks: list[Task]) -> float:
        """Hand the tasks out and wait until all are done; the seconds that took."""
        items = [{**one, "body": str(one["size"])} for one in tasks]
        cursor = (await self.call("wait_for_changes", timeout=0))["cursor"]
        begun = time.monotonic()
        group = (await self.call("task_orchestrate", task="the shop", subtasks=items))["group"]
        while True:
            heard = await self.call("wait_for_changes", since=cursor, kinds=["task"], timeout=10)
            cursor = heard["cursor"]
            if any(line.startswith(f"task {group} done") for line in heard["events"]):
                took = time.monotonic() - begun
                await self.call("memory_usage", action="store", key="run/over", value=True)
                return took

    async def attempts(self, titles: set[str]) -> int:
        """How often tasks with these titles were claimed."""
        done = (await self.call("swarm_status", tasks="done"))["listed"]
        found = [await self.call("swarm_status", tasks=one["id"]) for one in done if one["title"] in titles]
        return sum(len(one["task"]["history"]) for one in found)


@asynccontextmanager
async def a_site(folder: Path, name: str) -> AsyncGenerator[Site]:
    """A store of its own, and a client of a server on it."""
    store = folder / name
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "swarm_memory", "serve"],
        env=os.environ | {"SWARM_MEMORY_HOME": str(store), "SWARM_MEMORY_PROJECT": "shop-api"},
    )
    async with Client(server) as client:
        yield Site(store, client)


@asynccontextmanager
async def workers(site: Site, number: int, unit: float) -> AsyncGenerator[list[Process]]:
    """So many worker processes that have joined the swarm; ended with the block."""
    command = [sys.executable, str(WORKER), str(site.store), site.swarm, str(unit), str(site.store / "files")]
    async with AsyncExitStack() as stack:
        begun = [await anyio.open_process(command, stderr=None) for _ in range(number)]
        started = [await stack.enter_async_context(process) for process in begun]
        for process in started:
            line = await TextReceiveStream(process.stdout).receive() if process.stdout else ""
            if not line.startswith("ready"):
                raise SystemExit(f"a worker did not begin: {line}")
        yield started
        for process in started:
            if process.returncode is None:
                process.terminate()


async def build(folder: Path, number: int, unit: float) -> tuple[float, float]:
    """Build the shop with so many workers; the seconds it took, and those of the best schedule possible."""
    async with a_site(folder, f"by-{number}") as site:
        await site.begin(SHOP, learning=False, agents=max(number, 2))
        async with workers(site, number, unit):
            took = await site.work_off(SHOP)
        missing = [one for task in SHOP for one in task["writes"] if not list((site.store / "files").glob(one))]
        if missing:
            raise SystemExit(f"not written: {missing}")
        metrics = site.metrics or {}
        return took, unit * max(metrics["work"] / number, metrics["criticalPath"])


async def learn(folder: Path, unit: float, *, learning: bool) -> int:
    """Work off four tasks with the same trap; how many attempts they took."""
    async with a_site(folder, f"learning-{learning}") as site:
        await site.begin(PRICES, learning=learning, agents=2)
        async with workers(site, 1, unit):
            await site.work_off(PRICES)
        return await site.attempts({task["title"] for task in PRICES})


async def take_over(folder: Path) -> tuple[float, dict[str, Any]]:
    """Kill a worker in the middle of a task; the seconds until another one has it, and what that one is told."""
    async with a_site(folder, "takeover") as site:
        long = [{"title": "checkout", "size": 8, "deps": [], "writes": ["shop/checkout.py"], "kind": "code"}]
        await site.begin(long, learning=False, agents=4)
        async with workers(site, 1, 0.5) as [victim]:
            cursor = (await site.call("wait_for_changes", timeout=0))["cursor"]
            await site.call("task_orchestrate", task="checkout", subtasks=[{**long[0], "body": "8"}])
            heard: list[str] = []
            while not any("progress" in line for line in heard):
                told = await site.call("wait_for_changes", since=cursor, kinds=["task"], timeout=20)
                cursor, heard = told["cursor"], told["events"]
            victim.send_signal(signal.SIGKILL)
            killed = time.monotonic()
            other = (await site.call("agent_spawn", type="coder"))["agent"]
            claimed: dict[str, Any] = {"claim": None}
            while claimed["claim"] is None:
                claimed = await site.call("task_claim", agent=other, wait=25)
            return time.monotonic() - killed, claimed["recovery"]


async def main() -> None:
    """Run everything and print the figures."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--workers", type=int, default=8)
    arguments.add_argument("--unit", type=float, default=0.25, help="seconds of work for a task of the size 1")
    arguments.add_argument("--skip-takeover", action="store_true", help="it waits for a lease of 45 seconds")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="shop-api-") as place, anyio.fail_after(PATIENCE):
        folder = Path(place)
        async with anyio.create_task_group() as tasks:
            if not given.skip_takeover:
                tasks.start_soon(_show_takeover, folder)
            alone, _ = await build(folder, 1, given.unit)
            together, best = await build(folder, given.workers, given.unit)
            print(f"{len(SHOP)} tasks by one worker: {alone:.1f} s")
            print(
                f"{len(SHOP)} tasks by {given.workers} workers: {together:.1f} s, {alone / together:.1f} times sooner"
            )
            print(f"the best schedule possible takes {best:.1f} s; this one took {together / best:.2f} times as long")
            await _show_learning(folder, given.unit / 4)


async def _show_learning(folder: Path, unit: float) -> None:
    attempts: dict[bool, int] = {}

    async def count(*, learning: bool) -> None:
        attempts[learning] = await learn(folder, unit, learning=learning)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(partial(count, learning=False))
        tasks.start_soon(partial(count, learning=True))
    print(f"{len(PRICES)} tasks with one trap: {attempts[False]} attempts without lessons, {attempts[True]} with them")


async def _show_takeover(folder: Path) -> None:
    seconds, recovery = await take_over(folder)
    print(f"a worker was killed in the middle of its task; {seconds:.0f} s later another one had it, and was told:")
    print(f"  it had {recovery['had']}; it {recovery['ended']}; {recovery['note']}")


if __name__ == "__main__":
    anyio.run(main)
