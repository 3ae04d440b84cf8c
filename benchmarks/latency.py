"""Latency of one call through stdio: ``scripts/bench latency [--sizes 1000,10000,100000] [--calls 500]``.

For each size a fresh store is filled with generated memories, half of them keys and half knowledge; then one real
server process is asked over stdio, one call at a time, by a client that only writes and reads lines, so that what is
measured is the server. ``ping`` is the protocol's own no-op, the floor of what any tool could reach. Prints a table
(milliseconds) and writes JSON to ``benchmarks/results/latency.json``.
"""

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import anyio

from rawserver import RawServer, machine
from swarm_memory.models.caller import Caller, Origin
from swarm_memory.models.knowledge import Knowledge
from swarm_memory.models.operations import Store
from swarm_memory.models.values import encode
from swarm_memory.storage.local import open_local
from swarm_memory.storage.memories import add_knowledge, change_of
from swarm_memory.storage.migrate import migrate
from swarm_memory.storage.writer import Writer

PROJECT = "bench/latency"
RESULTS = Path(__file__).parent / "results"
SEED = 20_260_131

SUBJECTS = "login session token cache index queue invoice webhook parser router migration replica deploy test".split()
VERBS = "fails expires retries blocks leaks drops merges validates encrypts rotates batches rejects".split()
PLACES = "in staging on mobile behind the proxy under load after midnight with old clients during a deploy".split(" ")
NAMES = [f"{first}{last}" for first in ("auth", "user", "order", "mail", "stock", "price") for last in range(60)]


def sentence(chance: random.Random) -> str:
    """About fifteen words: common ones, rarer ones, and a name that few others share."""
    words = [chance.choice(SUBJECTS), chance.choice(VERBS), *chance.sample(PLACES, 5), chance.choice(NAMES)]
    return f"The {words[0]} of {words[-1]} {words[1]} {' '.join(words[2:-1])} because the {chance.choice(SUBJECTS)} was"


async def fill(database_path: Path, size: int) -> None:
    """Store so many memories, a hundred a batch."""
    chance = random.Random(SEED)
    database = await open_local(database_path)
    await migrate(database)
    writer, caller = Writer(database), Caller(PROJECT, Origin(agent="bench"))
    for start in range(0, size, 100):
        changes = [
            change_of(Store("default", f"area{i % 50}/item{i}", encode({"note": sentence(chance), "n": i})), caller)
            if i % 2
            else add_knowledge(Knowledge(f"{chance.choice(SUBJECTS)} {i}", sentence(chance)), caller)
            for i in range(start, start + 100)
        ]
        await writer.apply(changes)
    database.close()


def measure(call: Callable[[int], object], times: int) -> dict[str, float]:
    """Percentiles in milliseconds, after a tenth as many calls that do not count."""
    taken: list[float] = []
    for number in range(times + times // 10):
        begin = time.perf_counter()
        call(number)
        taken.append((time.perf_counter() - begin) * 1000)
    counted = sorted(taken[times // 10 :])
    percentiles = statistics.quantiles(counted, n=100, method="inclusive")
    return {"p50": round(percentiles[49], 2), "p95": round(percentiles[94], 2), "p99": round(percentiles[98], 2)}


def run(size: int, calls: int) -> dict[str, dict[str, float]]:
    """All operations on one store of this size."""
    chance = random.Random(SEED + 1)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        anyio.run(fill, home / "memory.db", size)
        server = RawServer(home, PROJECT)
        server.greet()
        odd = [number | 1 for number in (chance.randrange(size) for _ in range(calls * 2))]
        figures = {
            "ping": measure(lambda _: server.request("ping"), calls),
            "store": measure(
                lambda n: server.call("memory_usage", action="store", key=f"new/{n}", value={"note": sentence(chance)}),
                calls,
            ),
            "retrieve": measure(
                lambda n: server.call("memory_usage", action="retrieve", key=f"area{odd[n] % 50}/item{odd[n]}"), calls
            ),
            "list 20": measure(
                lambda n: server.call("memory_usage", action="list", pattern=f"area{n % 50}/*", limit=20), calls
            ),
            "search rare word": measure(lambda n: server.call("search_knowledge", query=NAMES[n % len(NAMES)]), calls),
            "search common words": measure(
                lambda n: server.call("search_knowledge", query=f"why does the {SUBJECTS[n % 14]} fail after a deploy"),
                calls,
            ),
            "brief": measure(lambda _: server.call("search_knowledge"), calls),
        }
        figures["resident MB"] = {"p50": round(server.memory() / 1e6, 1)}
        server.end()
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000,10000,100000")
    parser.add_argument("--calls", type=int, default=500)
    options = parser.parse_args()
    sizes = [int(size) for size in options.sizes.split(",")]
    results = {size: run(size, options.calls) for size in sizes}
    print(f"| milliseconds, p50 / p95 / p99 | {' | '.join(f'{size:,} memories' for size in sizes)} |")
    print("| --- |" + " --- |" * len(sizes))
    for name in results[sizes[0]]:
        cells = (" / ".join(str(value) for value in results[size][name].values()) for size in sizes)
        print(f"| {name} | {' | '.join(cells)} |")
    RESULTS.mkdir(exist_ok=True)
    report = {"machine": machine(), "calls": options.calls, "sizes": results}
    (RESULTS / "latency.json").write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
