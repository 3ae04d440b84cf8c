"""Replica and remote mode over a network: ``scripts/bench replication [--rtt 50 150 260] [--quick] [--out FILE]``.

A real sqld stands behind a relay, each a process of its own, which lets every byte arrive half a round trip later. For
each round trip prints one table, with what is wanted beside where it is wanted at that round trip, and writes JSON to
``benchmarks/results/replication.json``. Milliseconds unless the row says otherwise. The rows:

- *write*: ``app.memory.apply``, one after the other; *loop*: longest time for which the event loop served nothing else;
- *read*: ``app.memory.retrieve`` while another machine writes, so that every synchronisation has something to bring;
  *over MCP*: ``memory_usage`` from a client in memory, less what a call takes that does nothing (an unknown tool);
- *visible*: from the acknowledgement of a write of one machine until ``retrieve`` finds it on another one, which
  looks every millisecond;
- *killed*: SIGKILL for the replicator alone, or for the server that it is a child of, while another server of that
  machine reads: until somebody else has synchronised;
- *primary stopped*: SIGKILL for sqld, for ten seconds; reads and writes go on meanwhile. *Behind a write*: for five, at
  once after a write of this process, which the replica has perhaps not got yet;
- *32 writers*: tasks of one process;
- *first synchronisation*: of a new machine, with a store that has ``--memories``. The bytes are all that the primary
  sent, those for the reads meanwhile included.
"""

import argparse
import json
import os
import random
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Final

import anyio
import anyio.to_thread
from mcp import Client

from distance import (
    KNOWN,
    SEED,
    Figures,
    Relay,
    Scene,
    Sqld,
    attempt,
    beside,
    fill,
    find,
    is_child_of,
    named,
    percentiles,
    start_server,
    store,
    timed,
    until,
)
from rawserver import machine
from swarm_memory.app import open_app
from swarm_memory.server import build_server
from swarm_memory.storage.beacon import State

RESULTS = Path(__file__).parent / "results"
WRITERS = 32
# Without it a write checkpoints the log at every thousandth page, and from then on all writes of sqld 0.24.32 hang when
# four or more are waiting (https://github.com/tursodatabase/libsql/pull/1955).
SQLD = ("--checkpoint-interval-s", "5")

# At a round trip of 50 ms: row → what it may be at most; at least where negative.
WANTED: Final[Figures] = {
    "write, replica mode, p50": 60,
    "write, replica mode, p95": 70,
    "write, replica mode, loop": 30,
    "32 writers, writes a second": -300,
    "32 writers, p99": 250,
    "32 writers, writes that failed": 0,
    "read, p50": 0.5,
    "read, p99": 5,
    "visible on another machine, p50": 250,
    "visible on another machine, p99": 400,
    "replicator killed, s until another synchronises": 3,
    "replicator killed, reads that failed": 0,
    "its server killed, s until another synchronises": 3,
    "its server killed, reads that failed": 0,
    "primary stopped 10 s, reads that failed": 0,
}
WANTED_AT = 50.0


async def writes(scene: Scene, mode: str) -> Figures:
    gaps: list[float] = []

    async def tick() -> None:
        begin = time.perf_counter()
        await anyio.sleep(0.001)
        gaps.append(time.perf_counter() - begin - 0.001)

    async with scene.machine("writes", mode) as app:
        await timed(lambda n: store(app, f"warm/{mode}/{n}"), 5)
        async with beside(tick):
            taken = await timed(lambda n: store(app, f"write/{mode}/{n}"), scene.times)
    return named(f"write, {mode} mode", {**percentiles(taken, 50, 95), "loop": round(max(gaps) * 1000, 2)})


async def reads(scene: Scene) -> Figures:
    """While every synchronisation has something to bring."""
    numbers = iter(range(10**9))
    async with (
        scene.machine("here") as app,
        scene.machine("there", "remote") as other,
        beside(lambda: store(other, f"other/{next(numbers)}")),
    ):
        plain = await timed(lambda _: find(app, KNOWN), scene.times * 20, pause=0.001)
        async with Client(build_server(app, app.settings.tools)) as client:
            arguments = {"action": "retrieve", "key": KNOWN}
            tool = await timed(lambda _: client.call_tool("memory_usage", arguments), scene.times * 10, 0.001)
            nothing = await timed(lambda _: client.call_tool("nothing", {}), scene.times * 10, 0.001)
    above = percentiles(tool, 50, 99), percentiles(nothing, 50, 99)
    difference = {name: round(figure - above[1][name], 2) for name, figure in above[0].items()}
    return {**named("read", percentiles(plain, 50, 99)), **named("read over MCP above a no-op", difference)}


async def visibility(scene: Scene) -> Figures:
    chance = random.Random(SEED)
    acknowledged: dict[str, float] = {}
    seen: dict[str, float] = {}

    async with scene.machine("here") as writer, scene.machine("there") as reader:

        async def look(key: str) -> None:
            await until(lambda: find(reader, key), 0.001)
            seen[key] = time.monotonic()

        for number in range(scene.times):
            async with anyio.create_task_group() as group:
                key = f"visible/{number}"
                group.start_soon(look, key)
                await anyio.sleep(chance.uniform(0.0, 0.4))  # two intervals of the other's synchronisations
                await store(writer, key)
                acknowledged[key] = time.monotonic()
    return named(
        "visible on another machine", percentiles([max(0.0, seen[key] - acknowledged[key]) for key in seen], 50, 99)
    )


async def owner_killed(scene: Scene, name: str, *, with_server: bool) -> Figures:
    rounds = [
        await kill_owner(scene, name.replace(" ", "-"), with_server=with_server) for _ in range(scene.times // 15)
    ]
    outcomes = [outcome for _, found in rounds for outcome in found]
    return {
        f"{name}, s until another synchronises": round(max(seconds for seconds, _ in rounds), 2),
        f"{name}, reads": len(outcomes),
        f"{name}, reads that failed": sum(told != "" for _, told in outcomes),
        f"{name}, slowest read": round(max(took for took, _ in outcomes) * 1000, 2),
    }


async def kill_owner(scene: Scene, home: str, *, with_server: bool) -> tuple[float, list[tuple[float, str]]]:
    """Seconds until somebody else has synchronised, and how the reads meanwhile went."""
    outcomes: list[tuple[float, str]] = []
    server = start_server(scene, home)

    def is_kept_by_server(state: State) -> bool:
        return state.ready and is_child_of(server.pid, state.owner)

    try:
        found = await scene.until(home, is_kept_by_server)
        async with scene.machine(home) as app:

            async def read() -> None:
                outcomes.append(await attempt(lambda: find(app, KNOWN)))
                await anyio.sleep(0.005)

            async with beside(read):
                await anyio.sleep(1.0)
                begin = time.monotonic()
                if with_server:
                    server.end()
                else:
                    os.kill(found.owner, signal.SIGKILL)
                await scene.until(home, lambda state: state.owner != found.owner and state.synced_at > begin)
                return time.monotonic() - begin, outcomes
    finally:
        server.end()


async def primary_stopped(scene: Scene, name: str, seconds: float, *, behind_a_write: bool) -> Figures:
    read_outcomes: list[tuple[float, str]] = []
    refusals: list[tuple[float, str]] = []
    async with scene.machine("stopped") as app:

        async def read() -> None:
            read_outcomes.append(await attempt(lambda: find(app, KNOWN)))
            await anyio.sleep(0.005)

        async def works() -> bool:
            return (await attempt(lambda: store(app, "again")))[1] == ""

        if behind_a_write:
            await store(app, "last")
        await anyio.to_thread.run_sync(scene.sqld.kill)
        async with beside(read):
            begin = time.monotonic()
            while time.monotonic() < begin + seconds:
                refusals.append(await attempt(lambda: store(app, "stopped")))
                await anyio.sleep(0.2)
            await anyio.to_thread.run_sync(scene.sqld.start)
            begin = time.monotonic()
            await until(works, 0.02)
            back = time.monotonic() - begin
    codes = Counter(told for _, told in refusals)
    return {
        f"{name}, reads": len(read_outcomes),
        f"{name}, reads that failed": sum(told != "" for _, told in read_outcomes),
        f"{name}, slowest read": round(max(took for took, _ in read_outcomes) * 1000, 2),
        **{f"{name}, writes {code or 'done'}": count for code, count in codes.items()},
        f"{name}, slowest refusal": round(max(took for took, _ in refusals) * 1000, 2),
        f"{name}, s until writes work again": round(back, 2),
    }


async def many_writers(scene: Scene) -> Figures:
    outcomes: list[tuple[float, str]] = []
    seconds = 3.0 if scene.quick else 10.0
    async with scene.machine("many") as app:

        async def write(name: int, *, until: float, count: bool) -> None:
            number = 0
            while time.monotonic() < until:
                outcome = await attempt(lambda key=f"many/{name}/{count}/{number}": store(app, key))
                if count:
                    outcomes.append(outcome)
                number += 1

        for count in (False, True):
            end = time.monotonic() + (seconds if count else 1.0)  # the first second connects
            async with anyio.create_task_group() as group:
                for name in range(WRITERS):
                    group.start_soon(lambda n=name, e=end, c=count: write(n, until=e, count=c))
    done = [took for took, told in outcomes if not told]
    figures = {"writes a second": round(len(done) / seconds), **percentiles(done, 50, 99)}
    return named(f"{WRITERS} writers", {**figures, "writes that failed": len(outcomes) - len(done)})


async def first_synchronisation(scene: Scene) -> Figures:
    """Of a store that has memories already, on a machine that was never there."""
    outcomes: list[tuple[float, str]] = []
    before = scene.relay.stats().from_target
    begin = time.monotonic()
    async with open_app(scene.settings("first")) as app:

        async def read() -> None:
            outcomes.append(await attempt(lambda: find(app, "item/1")))
            await anyio.sleep(0.02)

        async with beside(read):
            await scene.until("first", lambda state: state.ready)
        seconds = time.monotonic() - begin
    name = "first synchronisation"
    return {
        f"{name}, s": round(seconds, 2),
        f"{name}, MB received": round((scene.relay.stats().from_target - before) / 1e6, 1),
        f"{name}, reads meanwhile": len(outcomes),
        f"{name}, reads that failed": sum(told != "" for _, told in outcomes),
        f"{name}, slowest read": round(max(took for took, _ in outcomes) * 1000, 2),
    }


MEASUREMENTS: Sequence[Callable[[Scene], Awaitable[Figures]]] = (
    lambda scene: writes(scene, "replica"),
    lambda scene: writes(scene, "remote"),
    many_writers,
    reads,
    visibility,
    lambda scene: owner_killed(scene, "replicator killed", with_server=False),
    lambda scene: owner_killed(scene, "its server killed", with_server=True),
    lambda scene: primary_stopped(scene, "primary stopped 10 s", 10.0, behind_a_write=False),
    lambda scene: primary_stopped(scene, "primary stopped behind a write", 5.0, behind_a_write=True),
)


def measure(round_trip: float, full: Sqld, *, quick: bool) -> Figures:
    """Everything at one round trip; each measurement has a primary of its own."""
    figures: Figures = {}
    for measurement in (*MEASUREMENTS, first_synchronisation):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            own = Sqld(folder / "primary", arguments=SQLD)
            sqld = full if measurement is first_synchronisation else own.__enter__()
            try:
                with Relay(sqld.port) as relay:
                    relay.set_delay(round_trip / 2)
                    figures |= anyio.run(measurement, Scene(folder, sqld, relay, quick))
            finally:
                own.kill()
    return figures


def print_table(round_trip: float, figures: Figures) -> None:
    print(f"\n| {round_trip:g} ms round trip | measured | wanted |\n| --- | --- | --- |")
    for row, figure in figures.items():
        wanted = WANTED.get(row) if round_trip == WANTED_AT or row.endswith(("failed", "synchronises")) else None
        cell = ""
        if wanted is not None:
            met = figure >= -wanted if wanted < 0 else figure <= wanted
            cell = f"{'≥' if wanted < 0 else '≤'} {abs(wanted):g}{'' if met else ': missed'}"
        print(f"| {row} | {figure:,g} | {cell} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rtt", type=float, nargs="+", default=[50.0, 150.0, 260.0], help="milliseconds")
    parser.add_argument("--memories", type=int, default=10_000, help="of the store that is synchronised first")
    parser.add_argument("--quick", action="store_true", help="a third of the calls: to see that all of it works")
    parser.add_argument("--out", type=Path, default=RESULTS / "replication.json")
    options = parser.parse_args()
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder, Sqld(Path(folder) / "full", arguments=SQLD) as full:
        anyio.run(fill, Path(folder), full.url, options.memories)
        for round_trip in options.rtt:
            results[f"{round_trip:g}"] = measure(round_trip, full, quick=options.quick)
            print_table(round_trip, results[f"{round_trip:g}"])
    options.out.parent.mkdir(exist_ok=True)
    report = {"machine": machine(), "memories": options.memories, "milliseconds": results}
    options.out.write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
