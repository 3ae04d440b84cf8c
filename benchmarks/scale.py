"""Speed and memory of search: ``scripts/bench scale [--sizes 10000,100000,1000000] [--calls 300] [--primary]``.

Memories are made of sentences from the docstrings of Python's standard library, two of them and a name that few share,
half in conversations of twenty; 60 % of them in the project that is searched, the others in nine more. One real server
is asked over stdio, one call at a time:

- **rare**: three words of a sentence, common ones left out, and a name;
- **common**: a whole sentence, stop words and the most common words of all included;
- **question**: "how do we ..." with four words of a sentence.

Prints p50 and p99 in milliseconds, the protocol's own no-op beside them, the resident memory above that of the server
before its first search, the longest that a no-op waited while the first search read the store in, and the time to store
one. With ``--primary`` the server reads a replica of a real sqld on this machine. Writes JSON to
``benchmarks/results/scale.json`` or ``scale-replica.json``.
"""

import argparse
import ast
import json
import random
import re
import sysconfig
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import anyio

import latency
from distance import Sqld
from rawserver import RawServer, machine
from swarm_memory.config import Settings
from swarm_memory.models.caller import Caller, Origin
from swarm_memory.models.knowledge import Knowledge
from swarm_memory.services.embedding.choice import choose_embedding
from swarm_memory.services.indexing import Indexer
from swarm_memory.storage.opening import open_store
from swarm_memory.storage.vectors import VectorReads
from swarm_memory.storage.writer import Writer

RESULTS = Path(__file__).parent / "results"
OWN = "bench/own"
SEED = 20_261_125
BATCH = 500
SENTENCE = re.compile(r"[A-Z][^.!?\n]{30,200}[.!?]")


def sentences() -> list[str]:
    """Some ten thousand sentences of English about programming."""
    found: dict[str, None] = {}
    for file in sorted(Path(sysconfig.get_path("stdlib")).rglob("*.py")):
        if "site-packages" in file.parts or "test" in file.parts:
            continue
        try:
            tree = ast.parse(file.read_text("utf-8"))
        except (SyntaxError, UnicodeDecodeError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
                text = " ".join((ast.get_docstring(node) or "").split())
                found.update(dict.fromkeys(SENTENCE.findall(text)))
    return list(found)


def memory(chance: random.Random, known: list[str], number: int) -> Knowledge:
    first, second = chance.choice(known), chance.choice(known)
    name = f"{chance.choice(known).split()[0].lower()}{number // 20 % 5_000}"
    talk = f"talk-{number // 20}" if number // 20 % 2 else None
    return Knowledge(None if talk else first[:40], f"{first} {second} See {name}.", conversation=talk)


async def fill(home: Path, url: str | None, known: list[str], size: int) -> None:
    """Store so many, with their vectors."""
    chance = random.Random(SEED)
    given = {"home": home, "mode": "remote" if url else "local", "TURSO_DB_URL": url}
    database = (await open_store(Settings.model_validate(given), lasting=False)).database
    await database.prepare()
    writer, embedding = Writer(database), choose_embedding("static", home)
    await embedding.loaded(60)
    indexer = Indexer(embedding, VectorReads(database), writer, lasting=False)
    for start in range(0, size, BATCH):
        project = OWN if start // BATCH % 10 < 6 else f"bench/other{start // BATCH % 9}"
        caller = Caller(project, Origin(agent=f"agent{start // BATCH % 30}"))
        pieces = [memory(chance, known, number) for number in range(start, min(size, start + BATCH))]
        await writer.apply([await indexer.addition(piece, caller) for piece in pieces])
    await database.aclose()


def queries(chance: random.Random, known: list[str]) -> dict[str, Callable[[int], str]]:
    def words(number: int) -> list[str]:
        return re.findall(r"[a-zA-Z]{4,}", chance.choice(known))[:number]

    return {
        "rare": lambda n: f"{' '.join(words(3))} {chance.choice(known).split()[0].lower()}{n % 5_000}",
        "common": lambda _: chance.choice(known),
        "question": lambda _: f"how do we {' '.join(words(4))}",
    }


def first_search(server: RawServer) -> tuple[float, float]:
    """Milliseconds of the first search, and of the longest no-op until everything is read in."""
    begin = time.perf_counter()
    server.answer("search_knowledge", query="configuration of the parser")
    first = (time.perf_counter() - begin) * 1000
    longest = 0.0
    while "loading" in server.answer("search_knowledge", query="parser")["searched"]:
        for _ in range(20):
            begin = time.perf_counter()
            server.request("ping")
            longest = max(longest, (time.perf_counter() - begin) * 1000)
    return round(first, 1), round(longest, 1)


def measure(server: RawServer, known: list[str], calls: int, *, greeted: bool) -> dict[str, Any]:
    chance = random.Random(SEED + 1)
    if not greeted:
        server.greet()
    server.answer("memory_usage", action="retrieve", key="none")
    bare = server.memory()
    first, longest = first_search(server)
    told: dict[str, Any] = {"first search": first, "longest stall": longest}
    told["no-op"] = latency.measure(lambda _: server.request("ping"), calls)
    for name, make in queries(chance, known).items():
        told[name] = latency.measure(lambda n, make=make: server.answer("search_knowledge", query=make(n)), calls)
    told["MB above bare"] = round((server.memory() - bare) / 1e6, 1)
    told["store"] = latency.measure(
        lambda n: server.answer("add_knowledge", topic=f"note {n}", content=chance.choice(known)), calls
    )
    told["next search finds it"] = found_at_once(server)
    return told


def found_at_once(server: RawServer) -> bool:
    for number in range(20):
        server.answer("add_knowledge", topic="fresh", content=f"the zebrafish number zq{number} swims")
        results = server.answer("search_knowledge", query=f"zq{number} zebrafish")["results"]
        if f"zq{number}" not in results[0]["content"]:
            return False
    return True


def run(size: int, calls: int, *, primary: bool) -> dict[str, Any]:
    known = sentences()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        home = Path(folder) / "home"
        home.mkdir()
        url = stack.enter_context(Sqld(Path(folder) / "primary")).url if primary else None
        begin = time.perf_counter()
        anyio.run(fill, home, url, known, size)
        seconds = time.perf_counter() - begin
        server = RawServer(home, OWN, **({"TURSO_DB_URL": url} if url else {}))
        if primary:
            server.greet()
            server.answer("memory_usage", action="list", limit=1)
            time.sleep(5 + size / 20_000)  # the first synchronisation
        told = measure(server, known, calls, greeted=primary)
        server.end()
        told["seconds to fill"] = round(seconds, 1)
        told["MB on disk"] = round(sum(one.stat().st_size for one in home.rglob("*") if one.is_file()) / 1e6, 1)
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="10000,100000,1000000")
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--primary", action="store_true", help="Read a replica of an sqld on this machine.")
    options = parser.parse_args()
    results = {int(size): run(int(size), options.calls, primary=options.primary) for size in options.sizes.split(",")}
    print(f"| | {' | '.join(f'{size:,} memories' for size in results)} |")
    print("| --- |" + " --- |" * len(results))
    for name in next(iter(results.values())):
        cells = (told[name] for told in results.values())
        shown = (f"{cell['p50']} / {cell['p99']}" if isinstance(cell, dict) else str(cell) for cell in cells)
        print(f"| {name} | {' | '.join(shown)} |")
    RESULTS.mkdir(exist_ok=True)
    report = {"machine": machine(), "calls": options.calls, "sizes": results}
    (RESULTS / ("scale-replica.json" if options.primary else "scale.json")).write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
