"""Time of a hook, from the start of its process to its end: ``scripts/bench hooks [--sizes 1000,100000] [--times 40]``.

For each size a fresh store is filled with generated memories; then each hook is run as Claude Code runs it, a process
of the installed program with the event on stdin, one after another. ``python`` is the interpreter alone, which no hook
can be faster than; ``processor`` is the median of what a run took of one, whatever else the machine did. Prints a table
and writes JSON to ``benchmarks/results/hooks.json``.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median, quantiles
from typing import Any

import anyio

from latency import NAMES, PROJECT, SEED, SUBJECTS, VERBS, fill
from rawserver import machine

RESULTS = Path(__file__).parent / "results"
PROGRAM = Path(sys.executable).with_name("swarm-memory")
SECONDS = 30  # no run takes so long


def transcript(folder: Path) -> Path:
    """A session of about two megabytes, as Claude Code writes it."""
    path = folder / "transcript.jsonl"
    said: list[dict[str, Any]] = []
    for turn in range(400):
        edit = {"type": "tool_use", "name": "Edit", "input": {"file_path": f"/src/file{turn % 30}.py"}}
        text = {"type": "text", "text": f"The cause of number {turn} was a missing lock. " * 20}
        said += [
            {"type": "user", "message": {"role": "user", "content": f"Why does test {turn} fail after a deploy?"}},
            {"type": "assistant", "message": {"role": "assistant", "content": [text, edit]}},
            {"type": "user", "message": {"role": "user", "content": [{"type": "tool_result", "content": "x" * 4000}]}},
        ]
    path.write_text("".join(f"{json.dumps(one)}\n" for one in said))
    return path


def events(chance: random.Random, path: Path) -> dict[str, Callable[[], dict[str, str]]]:
    """What Claude Code tells each hook."""
    base = {"session_id": "bench", "cwd": "/", "transcript_path": str(path)}
    ask = [
        lambda: (
            f"why does the {chance.choice(SUBJECTS)} of {chance.choice(NAMES)} fail after a deploy behind the proxy?"
        ),
        lambda: f"please look at the {chance.choice(SUBJECTS)} again, it {chance.choice(VERBS)} under load",
        lambda: f"rename {chance.choice(NAMES)} everywhere and run the linter on what has changed since yesterday",
    ]
    return {
        "session-start": lambda: base | {"source": "startup"},
        "user-prompt": lambda: base | {"prompt": chance.choice(ask)()},
        "pre-compact": lambda: base | {"trigger": "auto"},
        "session-end": lambda: base | {"reason": "other"},
    }


def timed(command: list[str], env: dict[str, str], data: str) -> tuple[float, float, int]:
    """Milliseconds of one process, those of a processor that it took, and how many bytes it printed."""
    begin, used = time.perf_counter(), processor()
    done = subprocess.run(command, input=data.encode(), env=env, capture_output=True, timeout=SECONDS, check=True)
    return (time.perf_counter() - begin) * 1000, processor() - used, len(done.stdout)


def processor() -> float:
    """Milliseconds that all ended children have taken of a processor."""
    spent = getrusage(RUSAGE_CHILDREN)
    return (spent.ru_utime + spent.ru_stime) * 1000


def percentiles(values: list[float]) -> dict[str, float]:
    cuts = quantiles(values, n=100, method="inclusive")
    return {"p50": round(cuts[49]), "p95": round(cuts[94]), "worst": round(max(values))}


def run(size: int, times: int) -> dict[str, dict[str, float]]:
    """All hooks on one store of this size, in turn, so that a slow moment of the machine hits all of them."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        anyio.run(fill, home / "memory.db", size)
        env = {**os.environ, "SWARM_MEMORY_HOME": folder, "SWARM_MEMORY_PROJECT": PROJECT}
        told = events(random.Random(SEED), transcript(home))
        taken: dict[str, list[float]] = {name: [] for name in ["python", *told]}
        busy: dict[str, list[float]] = {name: [] for name in taken}
        spoken = dict.fromkeys(taken, 0)
        for number in range(times + 2):
            for name, figures in taken.items():
                command = [sys.executable, "-c", "pass"] if name == "python" else [str(PROGRAM), "hook", name]
                data = json.dumps(told[name]()) if name in told else ""
                milliseconds, used, printed = timed(command, env, data)
                if number >= 2:  # the first ones fill the caches of the file system
                    figures.append(milliseconds)
                    busy[name].append(used)
                    spoken[name] += printed > 0
        log = home / "hooks.log"
        if log.exists():
            raise SystemExit(f"a hook failed: {log.read_text()}")
        return {
            name: percentiles(values) | {"processor": round(median(busy[name])), "spoke": spoken[name]}
            for name, values in taken.items()
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000,100000")
    parser.add_argument("--times", type=int, default=40)
    options = parser.parse_args()
    sizes = [int(size) for size in options.sizes.split(",")]
    results = {size: run(size, options.times) for size in sizes}
    shown = ("p50", "p95", "worst", "processor")
    print(f"| milliseconds: {' / '.join(shown)} | {' | '.join(f'{size:,} memories' for size in sizes)} |")
    print("| --- |" + " --- |" * len(sizes))
    for name in results[sizes[0]]:
        cells = (" / ".join(f"{results[size][name][one]:.0f}" for one in shown) for size in sizes)
        print(f"| {name} | {' | '.join(cells)} |")
    RESULTS.mkdir(exist_ok=True)
    report = {"machine": machine(), "times": options.times, "sizes": results}
    (RESULTS / "hooks.json").write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
