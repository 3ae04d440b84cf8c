"""What the prompt hook recalls, on dialogues with questions: ``scripts/bench recall --data FILE [--joined 1]``.

FILE is JSON as of LoCoMo: ``[{gid, docs: [{id, text, speaker, date, sess}], qa: [{q, ev: [ids of docs]}]}]``. Each
conversation becomes a project with one memory a turn. Then the hook's own code is asked every question that has
evidence, and as many questions of another conversation, which nothing there answers. It speaks or is silent:

* ``own``: share of the conversation's own questions at which it spoke;
* ``foreign``: share of the others at which it did;
* ``precision``: of all times it spoke, the share at its own questions;
* ``with evidence``: of all times it spoke, the share where a memory that answers the question was among what it said.

``--joined 5`` makes long prompts: each question is followed by four of another conversation.

Prints a table and writes JSON to ``benchmarks/results/recall.json``. Nothing of FILE is kept.
"""

import argparse
import json
import random
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import anyio

from rawserver import machine
from swarm_memory.hooks.event import Event
from swarm_memory.hooks.settings import QuickSettings
from swarm_memory.hooks.store import Reach, opened
from swarm_memory.hooks.text import recall_text
from swarm_memory.hooks.work import RECALL_TOKENS, RECALLED, asks_anything
from swarm_memory.models.knowledge import Knowledge
from swarm_memory.services.excerpt import tokens_of
from swarm_memory.storage.local import open_local
from swarm_memory.storage.memories import add_knowledge
from swarm_memory.storage.writer import Writer

SEED = 20_260_131
RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True)
class Spoken:
    """What came of one prompt.

    Attributes:
        notes: Texts of the memories it named, in their order.
        tokens: Of all that it said.
    """

    own: bool
    notes: list[str]
    evidence: frozenset[str]
    tokens: int


async def fill(reach: Reach, home: Path, docs: list[dict[str, Any]]) -> None:
    """One memory a turn, a hundred a batch."""
    database = await open_local(home / "memory.db")
    writer = Writer(database)
    turns = [Knowledge(f"{one['speaker']}, {one['date']}", one["text"], source=one["id"]) for one in docs]
    for start in range(0, len(turns), 100):
        await writer.apply([add_knowledge(one, reach.caller) for one in turns[start : start + 100]])
    database.close()


async def ask(reach: Reach, question: str, evidence: list[str], *, own: bool) -> Spoken:
    hits = await reach.recall.recall(question, reach.caller.project, RECALLED) if asks_anything(question) else []
    text = recall_text(hits, RECALL_TOKENS)
    named = [str(hit.memory.source) for hit in hits if hit.memory.id in text]
    return Spoken(own, named, frozenset(evidence), tokens_of(text))


async def run(data: list[dict[str, Any]], home: Path, joined: int) -> list[Spoken]:
    """All conversations, one project each."""
    chance = random.Random(SEED)
    spoken: list[Spoken] = []
    for number, conversation in enumerate(data):
        settings = QuickSettings(home, f"bench/{conversation['gid']}", None, "auto", "normal", None)
        async with opened(Event(session="bench"), settings, make=True) as reach:
            assert reach is not None
            await fill(reach, home, conversation["docs"])
            others = [one["q"] for one in data[(number + 1) % len(data)]["qa"] if one["ev"]]
            for one in conversation["qa"]:
                if one["ev"]:
                    about, foreign, *rest = [one["q"], *chance.sample(others, joined)]
                    spoken.append(await ask(reach, " ".join([about, *rest]), one["ev"], own=True))
                    spoken.append(await ask(reach, " ".join([foreign, *rest]), [], own=False))
    return spoken


def share(of: list[Spoken], over: list[Spoken]) -> float:
    return round(len(of) / len(over), 3) if over else 0.0


def report(spoken: list[Spoken]) -> dict[str, float]:
    loud = [one for one in spoken if one.notes]
    own, foreign = ([one for one in spoken if one.own is kind] for kind in (True, False))
    told = [note in one.evidence for one in loud for note in one.notes]
    return {
        "own": share([one for one in own if one.notes], own),
        "foreign": share([one for one in foreign if one.notes], foreign),
        "precision": share([one for one in loud if one.own], loud),
        "with evidence": share([one for one in loud if one.evidence & set(one.notes)], loud),
        "evidence among the memories told": round(mean(told), 3) if told else 0.0,
        "memories told each time": round(len(told) / max(1, len(loud)), 2),
        "tokens each time": round(mean(one.tokens for one in loud)) if loud else 0,
        "most tokens": max((one.tokens for one in loud), default=0),
        "questions asked": len(spoken),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, metavar="FILE")
    parser.add_argument("--joined", type=int, default=1, help="questions that make one prompt")
    options = parser.parse_args()
    data = json.loads(options.data.read_text("utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        figures = report(anyio.run(run, data, Path(folder), options.joined))
    print("| | |\n| --- | --- |")
    for name, value in figures.items():
        print(f"| {name} | {value:,} |")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "recall.json").write_text(json.dumps({"machine": machine(), "figures": figures}, indent=1))


if __name__ == "__main__":
    main()
