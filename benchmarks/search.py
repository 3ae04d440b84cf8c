"""How well search finds: ``scripts/bench search --data FILE [--modes words,meaning,hybrid] [--embedder NAME]``.

FILE holds conversations with questions: ``[{gid, docs: [{id, text, speaker, date, sess}], qa: [{q, cat, ev}]}]``,
where ev are ids of docs; LoCoMo in this form is what the figures of docs/benchmarks.md are from. A real server stores
each turn by ``add_knowledge`` (its speaker as the agent, its date as the topic, its session as the conversation, all of
it as one project); each question is asked by ``search_knowledge`` within its conversation, and within the next one,
which has no answer to it. Prints tables, and writes JSON to ``benchmarks/results/search-NAME.json``.

- **R@k**: the share of a question's evidence that is among the first k results, averaged over the questions.
- **any@10**: questions with some of their evidence among the first ten.
- **in N tokens**: the same two shares within an answer of ``max_tokens: N``.
- **empty**: questions of another conversation that are answered with nothing.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from distance import Sqld
from rawserver import RawServer, machine

RESULTS = Path(__file__).parent / "results"
DEPTHS = (5, 10, 50)
BUDGETS = (500, 1_000, 2_000)


@dataclass
class Conversation:
    """One project: what is stored, and what is asked."""

    project: str
    docs: list[dict[str, Any]]
    questions: list[tuple[str, Any, list[str]]]
    ids: dict[str, str] = field(default_factory=dict[str, str])


def conversations(file: Path, *, sessions: bool) -> list[Conversation]:
    """Those of the file; with ``sessions``, each session as one text, and evidence as the sessions that hold it."""
    every: list[Conversation] = []
    for one in json.loads(file.read_text("utf-8")):
        docs, session_of = one["docs"], {doc["id"]: f"s{doc['sess']}" for doc in one["docs"]}
        if sessions:
            docs = merged(docs)
        known = {doc["id"] for doc in docs}
        questions: list[tuple[str, Any, list[str]]] = []
        for asked in one["qa"]:
            evidence = [session_of[id_] for id_ in asked["ev"] if id_ in session_of] if sessions else asked["ev"]
            if evidence := sorted(set(evidence) & known):
                questions.append((asked["q"], asked.get("cat"), evidence))
        every.append(Conversation(f"bench/{one['gid']}", docs, questions))
    return every


def merged(docs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    by_session: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for doc in docs:
        by_session[f"s{doc['sess']}"].append(doc)
    return [
        {"id": name, "date": turns[0]["date"], "text": "\n".join(f"{one['speaker']}: {one['text']}" for one in turns)}
        for name, turns in by_session.items()
    ]


def fill(server: RawServer, every: list[Conversation], *, sessions: bool) -> float:
    begin = time.perf_counter()
    for one in every:
        for doc in one.docs:
            place = {} if sessions else {"agent": doc["speaker"], "session_id": f"s{doc['sess']}"}
            told = server.answer(
                "add_knowledge", topic=doc["date"], content=doc["text"] or "-", project=one.project, **place
            )
            one.ids[told["id"]] = doc["id"]
    return time.perf_counter() - begin


def share(results: list[dict[str, Any]], one: Conversation, evidence: list[str], depth: int) -> float:
    found = {one.ids.get(result["id"]) for result in results[:depth]}
    return len(found & set(evidence)) / len(evidence)


def ask(server: RawServer, one: Conversation, query: str, mode: str, **more: Any) -> list[dict[str, Any]]:
    given = {"limit": 50, "max_tokens": 50_000} | more
    return server.answer("search_knowledge", query=query, project=one.project, mode=mode, **given)["results"]


def judge(server: RawServer, every: list[Conversation], mode: str, *, budgets: bool) -> dict[str, Any]:
    """All figures of one mode."""
    at: dict[str, list[float]] = defaultdict(list)
    by_category: dict[str, list[float]] = defaultdict(list)
    taken: list[float] = []
    for number, one in enumerate(every):
        other = every[(number + 1) % len(every)]
        for query, category, evidence in one.questions:
            begin = time.perf_counter()
            results = ask(server, one, query, mode)
            taken.append((time.perf_counter() - begin) * 1000)
            for depth in DEPTHS:
                at[f"R@{depth}"].append(share(results, one, evidence, depth))
            by_category[str(category)].append(at["R@10"][-1])
            at["any@10"].append(float(at["R@10"][-1] > 0))
            ranks = [place for place, result in enumerate(results, 1) if one.ids.get(result["id"]) in evidence]
            at["MRR"].append(1 / ranks[0] if ranks else 0.0)
            for tokens in BUDGETS if budgets else ():
                inside = share(ask(server, one, query, mode, max_tokens=tokens), one, evidence, 50)
                at[f"in {tokens}"].append(inside)
                at[f"any in {tokens}"].append(float(inside > 0))
            if budgets:
                at["empty"].append(float(not ask(server, other, query, mode, limit=1)))
    figures = {name: round(100 * statistics.fmean(values), 1) for name, values in at.items()}
    figures["ms p50"] = round(statistics.median(taken), 1)
    return {
        "figures": figures,
        "R@10 by category": {k: round(100 * statistics.fmean(v), 1) for k, v in by_category.items()},
    }


def run(options: argparse.Namespace, *, sessions: bool) -> dict[str, Any]:
    """One store, all modes."""
    every = conversations(options.data, sessions=sessions)
    modes, embedder, primary, models = options.modes.split(","), options.embedder, options.primary, options.models
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        given = {"SWARM_MEMORY_EMBEDDER": embedder}
        if primary:
            given["TURSO_DB_URL"] = stack.enter_context(Sqld(Path(folder) / "primary")).url
        if models is not None:
            (Path(folder) / "models").symlink_to(models.resolve())
        server = RawServer(Path(folder), "bench/none", **given)
        server.greet()
        seconds = fill(server, every, sessions=sessions)
        wait_until_whole(server)
        told = {mode: judge(server, every, mode, budgets=not sessions) for mode in modes}
        server.end()
    size = sum(len(one.docs) for one in every), sum(len(one.questions) for one in every)
    return {"memories": size[0], "questions": size[1], "seconds to store": round(seconds, 1), "modes": told}


def wait_until_whole(server: RawServer) -> None:
    """Until each memory that was stored before the model was there has its vector."""
    for _ in range(600):
        if "loading" not in server.answer("search_knowledge", query="anything at all")["searched"]:
            return
        time.sleep(0.5)
    raise SystemExit("the vectors are not made after five minutes")


def show(title: str, told: dict[str, Any]) -> None:
    modes = told["modes"]
    print(f"\n{title}: {told['memories']:,} memories, {told['questions']:,} questions\n")
    print(f"| per cent | {' | '.join(modes)} |\n| --- |{' --- |' * len(modes)}")
    for name in next(iter(modes.values()))["figures"]:
        print(f"| {name} | {' | '.join(str(one['figures'][name]) for one in modes.values())} |")
    for name in sorted(next(iter(modes.values()))["R@10 by category"]):
        cells = " | ".join(str(one["R@10 by category"][name]) for one in modes.values())
        print(f"| R@10, category {name} | {cells} |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--modes", default="words,meaning,hybrid")
    parser.add_argument("--embedder", default="auto")
    parser.add_argument("--turns-only", action="store_true", help="Leave the sessions as single texts out.")
    parser.add_argument("--models", type=Path, help="Folder of pulled models.")
    parser.add_argument("--primary", action="store_true", help="Read a replica of an sqld on this machine.")
    options = parser.parse_args()
    report: dict[str, Any] = {"machine": machine(), "embedder": options.embedder}
    report["turns"] = run(options, sessions=False)
    show("Turns", report["turns"])
    if not options.turns_only:
        report["sessions"] = run(options, sessions=True)
        show("Sessions", report["sessions"])
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"search-{options.embedder}{'-replica' if options.primary else ''}.json").write_text(
        json.dumps(report, indent=1)
    )


if __name__ == "__main__":
    main()
