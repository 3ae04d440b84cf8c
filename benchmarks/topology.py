"""How long topology auto takes for a thousand tasks of several shapes.

Prints a table and writes JSON to ``benchmarks/results/topology.json``.

scripts/bench topology [--tasks 1000]
"""

import argparse
import json
import random
import time
from collections.abc import Callable
from pathlib import Path

from swarm_memory.models.assessment import Thresholds
from swarm_memory.models.paths import path_glob
from swarm_memory.models.plan import SIZES, TaskItem, make_plan
from swarm_memory.services.topology_auto import assess

_RUNS = 5
_RESULTS = Path(__file__).parent / "results"


def independent(number: int, _dice: random.Random) -> list[TaskItem]:
    return [TaskItem(f"t{at}", writes=(path_glob(f"src/module{at}/**"),)) for at in range(number)]


def chain(number: int, _dice: random.Random) -> list[TaskItem]:
    return [TaskItem(f"t{at}", deps=(f"t{at - 1}",) if at else ()) for at in range(number)]


def layers(number: int, dice: random.Random) -> list[TaskItem]:
    def deps(at: int) -> tuple[str, ...]:
        first = at // 10 * 10
        return tuple({f"t{dice.randrange(first - 10, first)}" for _ in range(3)}) if first else ()

    return [TaskItem(f"t{at}", deps=deps(at), size=dice.choice(SIZES)) for at in range(number)]


def dense(number: int, dice: random.Random) -> list[TaskItem]:
    def deps(at: int) -> tuple[str, ...]:
        return tuple({f"t{dice.randrange(at)}" for _ in range(30)}) if at else ()

    return [TaskItem(f"t{at}", deps=deps(at), size=dice.choice(SIZES)) for at in range(number)]


def few_files(number: int, _dice: random.Random) -> list[TaskItem]:
    return [
        TaskItem(f"t{at}", writes=(path_glob(f"src/{at % 30}/*.py"), path_glob(f"tests/{at % 37}/**")))
        for at in range(number)
    ]


SHAPES: dict[str, Callable[[int, random.Random], list[TaskItem]]] = {
    "independent, a directory each": independent,
    "one chain": chain,
    "layers of ten": layers,
    "thirty dependencies each": dense,
    "on few directories": few_files,
}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--tasks", type=int, default=1_000)
    number = arguments.parse_args().tasks
    found: list[dict[str, object]] = []
    print(f"{number} tasks, best and worst of {2 * _RUNS} runs")
    print("\n| shape | ms | agents of 8 | agents of 64 |")
    print("| --- | --- | --- | --- |")
    for name, make in SHAPES.items():
        items = make(number, random.Random(1))
        times: list[float] = []
        for most in (8, 64) * _RUNS:
            begun = time.perf_counter()
            assess(make_plan(items), most, Thresholds())
            times.append((time.perf_counter() - begun) * 1000)
        few, many = (assess(make_plan(items), most, Thresholds()).recommended_agents for most in (8, 64))
        print(f"| {name} | {min(times):.0f} to {max(times):.0f} | {few} | {many} |")
        found.append({"shape": name, "best_ms": min(times), "worst_ms": max(times), "agents": [few, many]})
    _RESULTS.mkdir(exist_ok=True)
    (_RESULTS / "topology.json").write_text(json.dumps({"tasks": number, "shapes": found}, indent=1))


if __name__ == "__main__":
    main()
