"""How soon waiters hear of an event: ``scripts/bench waiting [--waiters 32] [--events 100]``.

One process stores keys, others wait for them with ``wait_for_changes``: as many processes as waiters, then all in
one process, as over HTTP; then processes with a replica of a real sqld. What a waiter costs while nothing happens is
measured too. Prints a table and writes JSON to ``benchmarks/results/waiting.json``.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rawserver import machine

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "primary"))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "tools"))

from sqld import Sqld
from toolsession import Door, Session, make_settings

from swarm_memory.app import App, open_app
from swarm_memory.config import Settings

RESULTS = Path(__file__).parent / "results"
IDLE = 5.0  # seconds without an event, to see what waiting costs
PAUSE = 0.1  # seconds between two events


def settings_of(home: Path, url: str | None) -> Settings:
    return make_settings(home, "replica" if url else "local", url)


async def wait(app: App, events: int) -> list[float]:
    """Milliseconds from before the store of each event until it was heard of."""
    session = Session(Door(app))
    cursor = (await session.call("wait_for_changes", timeout=0))["cursor"]
    print("ready", flush=True)
    took: list[float] = []
    while len(took) < events:
        heard = await session.call("wait_for_changes", since=cursor, keys=["e/*"], kinds=["memory"], timeout=50)
        now = time.monotonic_ns()
        cursor = heard["cursor"]
        took += [(now - int(line.split("/")[2].split()[0])) / 1e6 for line in heard["events"]]
    return took


async def waiters(home: Path, url: str | None, number: int, events: int) -> None:
    """So many waiters in this process; their figures on stdout."""
    async with open_app(settings_of(home, url)) as app:
        await Session(Door(app)).call("memory_status")
        tasks = [asyncio.create_task(wait(app, events)) for _ in range(number)]
        await asyncio.sleep(1)
        begun = time.process_time()
        await asyncio.sleep(IDLE)
        cpu = (time.process_time() - begun) / IDLE * 100
        took = [one for task in tasks for one in await task]
    print(json.dumps({"took": took, "cpu": cpu}), flush=True)


async def tell(home: Path, url: str | None, events: int) -> None:
    """Store the events."""
    async with open_app(settings_of(home, url)) as app:
        session = Session(Door(app))
        for _ in range(events):
            await session.store(f"e/{time.monotonic_ns()}", 1)
            await asyncio.sleep(PAUSE)


def measure(home: Path, url: str | None, shape: tuple[int, int], events: int) -> dict[str, float]:
    """Figures of ``shape``: processes, and waiters in each."""
    asyncio.run(tell(home, url, 1))
    processes, each = shape
    command = [sys.executable, __file__, "--as-waiter", str(home), url or "", str(each), str(events)]
    begun = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) for _ in range(processes)
    ]
    for process in begun:
        for _ in range(each):
            assert process.stdout
            process.stdout.readline()
    time.sleep(IDLE + 2)
    asyncio.run(tell(home, url, events))
    figures: list[dict[str, Any]] = [
        json.loads(process.communicate(timeout=120)[0].splitlines()[-1]) for process in begun
    ]
    took = sorted(one for figure in figures for one in figure["took"])
    return {
        "p50_ms": round(took[len(took) // 2], 1),
        "p99_ms": round(took[int(len(took) * 0.99)], 1),
        "longest_ms": round(took[-1], 1),
        "idle_cpu_percent_per_process": round(sum(figure["cpu"] for figure in figures) / len(figures), 2),
        "heard": len(took),
    }


def main() -> None:
    if sys.argv[1:2] == ["--as-waiter"]:
        home, url, number, events = sys.argv[2:]
        asyncio.run(waiters(Path(home), url or None, int(number), int(events)))
        return
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--waiters", type=int, default=32)
    arguments.add_argument("--events", type=int, default=100)
    given = arguments.parse_args()
    found: dict[str, Any] = {"machine": machine()}
    print("| waiters | p50 ms | p99 ms | longest ms | CPU of a process that waits, % of a core |")
    print("| --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as place, Sqld(Path(place) / "primary") as primary:
        cases: list[tuple[str, str | None, tuple[int, int]]] = [
            (f"{given.waiters} processes, local file", None, (given.waiters, 1)),
            (f"{given.waiters} in one process, local file", None, (1, given.waiters)),
            ("8 processes, one replica", primary.url, (8, 1)),
        ]
        for number, (name, url, shape) in enumerate(cases):
            figures = measure(Path(place) / f"home-{number}", url, shape, given.events)
            found[name] = figures
            shown = (figures[one] for one in ("p50_ms", "p99_ms", "longest_ms", "idle_cpu_percent_per_process"))
            print(f"| {name} | {' | '.join(map(str, shown))} |", flush=True)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "waiting.json").write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
