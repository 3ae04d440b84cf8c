"""Many servers of one machine on one primary: ``scripts/bench servers [--count 10] [--seconds 20]``.

Starts real stdio servers in replica mode against a real sqld, lets each serve some calls, and then leaves them idle.
Prints their memory together (PSS, the replica's owner included), their CPU time while idle, and how many processes and
connections keep the replica; writes JSON to ``benchmarks/results/servers.json``.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import psutil

from rawserver import RawServer, machine

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "primary"))

from children import wait_until
from relay import Relay
from sqld import Sqld

PROJECT = "bench/servers"
RESULTS = Path(__file__).parent / "results"
CALLS = 5
IDLE_AFTER = 35.0  # seconds: the owner is quick for 30 s after a call


def family(servers: list[RawServer]) -> list[psutil.Process]:
    """The servers and their children."""
    own = [psutil.Process(server.process.pid) for server in servers]
    return [*own, *(child for one in own for child in one.children(recursive=True))]


def cpu(processes: list[psutil.Process]) -> float:
    """Seconds of CPU that these processes have used."""
    return sum(sum(one.cpu_times()[:2]) for one in processes)


def measure(folder: Path, count: int, seconds: float) -> dict[str, float]:
    with Sqld(folder / "primary") as primary, Relay(primary.port) as relay:
        os.environ["TURSO_DB_URL"] = relay.url
        servers = [RawServer(folder / "home", PROJECT) for _ in range(count)]
        for server in servers:
            server.greet()
        for number, server in enumerate(servers):
            for call in range(CALLS):
                server.call("memory_usage", action="store", key=f"{number}/{call}", value="some words to find")
                server.call("memory_usage", action="retrieve", key=f"{number}/{call}")
            server.call("search_knowledge", query="words")
        wait_until(lambda: len(family(servers)) == count + 1, "one process keeps the replica")
        idle = time.monotonic() + IDLE_AFTER
        wait_until(lambda: time.monotonic() > idle, "the owner is idle", patience=IDLE_AFTER + 5)
        processes = family(servers)
        before, passed, end = cpu(processes), relay.stats().total, time.monotonic() + seconds
        wait_until(lambda: time.monotonic() > end, "the idle time has passed", patience=seconds + 5)
        figures = {
            "servers": float(count),
            "replica files": float(len(list((folder / "home").glob("replicas/*/replica-*.db")))),
            "owners": float(len(processes) - count),
            "PSS together, MB": sum(one.memory_full_info().pss for one in processes) / 1e6,
            "PSS of the owner, MB": processes[-1].memory_full_info().pss / 1e6,
            "idle CPU together, % of one core": 100 * (cpu(processes) - before) / seconds,
            "connections opened while idle": float(relay.stats().total - passed),
        }
        for server in servers:
            server.end()
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), options.count, options.seconds)
    print("| | |\n| --- | --- |")
    for name, value in figures.items():
        print(f"| {name} | {value:,.3g} |")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "servers.json").write_text(json.dumps({"machine": machine(), "figures": figures}, indent=1))


if __name__ == "__main__":
    main()
