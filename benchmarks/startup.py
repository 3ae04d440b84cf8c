"""Start-up, memory and end of a server: ``scripts/bench startup [--times 5] [--together 8]``.

Starts real servers, the first on a fresh store, and takes the time from the start of the process to the answers of
``initialize`` and ``tools/list``, the resident memory when idle, and the time from closing stdin to the end. Then
starts several at once. Prints a table and writes JSON to ``benchmarks/results/startup.json``.
"""

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path

from rawserver import RawServer, machine

PROJECT = "bench/startup"
RESULTS = Path(__file__).parent / "results"


def start(home: Path) -> tuple[RawServer, dict[str, float]]:
    """One server, asked for its tools as soon as it answers."""
    begin = time.perf_counter()
    server = RawServer(home, PROJECT)
    server.greet()
    greeted = time.perf_counter() - begin
    tools = server.request("tools/list")
    listed = time.perf_counter() - begin
    return server, {"initialize s": greeted, "tools/list s": listed, "tools/list bytes": float(len(tools))}


def alone(home: Path) -> dict[str, float]:
    """One server from its start to its end."""
    server, figures = start(home)
    figures["idle MB"] = server.memory() / 1e6
    begin = time.perf_counter()
    server.end()
    return figures | {"end s": time.perf_counter() - begin}


def together(home: Path, count: int) -> float:
    """Seconds until the last of several servers that start at once has told its tools."""
    begin = time.perf_counter()
    servers = [RawServer(home, PROJECT) for _ in range(count)]
    for server in servers:
        server.greet()
        server.request("tools/list")
    taken = time.perf_counter() - begin
    for server in servers:
        server.end()
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--together", type=int, default=8)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        runs = [alone(Path(folder)) for _ in range(options.times)]
        all_at_once = together(Path(folder), options.together)
    names = list(runs[0])
    figures = {name: [run[name] for run in runs] for name in names}
    print("| | best | median | worst |\n| --- | --- | --- | --- |")
    for name, values in figures.items():
        print(f"| {name} | {min(values):,.3g} | {statistics.median(values):,.3g} | {max(values):,.3g} |")
    print(f"\n{options.together} servers at once: the last answers tools/list after {all_at_once:.1f} s")
    RESULTS.mkdir(exist_ok=True)
    report = {"machine": machine(), "runs": runs, "together": {"count": options.together, "seconds": all_at_once}}
    (RESULTS / "startup.json").write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
