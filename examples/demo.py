"""What swarm-memory does, in under a minute: two real servers, one store, this repository's own documents.

Everything goes through the real MCP client, as from Claude Code. Run it with ``scripts/demo``. The exit code is 0 only
if everything that is shown came out as it is told here.
"""  # noqa: INP001 - an example is no package

import json
import re
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import anyio
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from rich.console import Console
from rich.text import Text

ROOT: Final = Path(__file__).resolve().parents[1]
DOCUMENTS: Final = ("README.md", "docs/**/*.md", "CHANGELOG.md", "CONTRIBUTING.md")
PATIENCE: Final = 60.0  # seconds for everything; it takes about ten
EACH: Final = 50  # increments by each server

# What documents of such systems ask for, to the letter.
PREVIOUS: Final = {"query": "project:api-rest previous-decisions", "location": "auto"}
MESH: Final = {"topology": "mesh", "maxAgents": 8, "persistence": "turso"}
PUBLISH: Final = {"action": "store", "key": "decision/architecture", "sync": "global"}
PATTERN: Final = {"query": "pattern:authentication implementation:successful", "tags": "security,jwt"}
FEATURE: Final = {"action": "store", "key": "feature/user-auth", "value": {"status": "implementing JWT"}}
READ: Final = {"action": "retrieve", "key": "feature/user-auth"}
AUTO: Final = {"topology": "auto", "persistence": "turso", "learning": True}


@dataclass(frozen=True)
class Answer:
    """What a call gave: ``content``, or with an error its ``text``; and how many ``ms`` it took."""

    content: dict[str, Any]
    text: str
    refused: bool
    ms: float


@dataclass
class Agent:
    """A coding agent: a name, and a client of a server process of its own."""

    name: str
    client: Client

    async def call(self, tool: str, arguments: dict[str, Any]) -> Answer:
        """Call a tool of the server."""
        begun = time.perf_counter()
        result = await self.client.call_tool(tool, arguments)
        ms = (time.perf_counter() - begun) * 1000
        text = "".join(part.text for part in result.content if part.type == "text")
        return Answer(result.structured_content or {}, text, bool(result.is_error), ms)


@dataclass
class Show:
    """Prints what happens, and counts what did not come out as told."""

    console: Console = field(default_factory=lambda: Console(highlight=False))
    failures: int = 0

    def title(self, text: str) -> None:
        """Begin a part."""
        self.console.print()
        self.console.print(Text(text, style="bold cyan"))

    async def call(self, agent: Agent, tool: str, arguments: dict[str, Any]) -> Answer:
        """Make a call and print it; an error too, since what it says is the point of it."""
        self._print(Text(f"{agent.name}  ", style="bold") + Text(f"{tool} {json.dumps(arguments)}"), indent=2)
        answer = await agent.call(tool, arguments)
        if answer.refused:
            self._print(Text(answer.text, style="yellow"), indent=5)
        return answer

    def expect(self, held: bool, told: str, answer: Answer | None = None) -> None:  # noqa: FBT001 - an assertion
        """Print what was expected, and whether it held."""
        self.failures += not held
        mark = Text("✔  ", style="green") if held else Text("✘  ", style="bold red")
        took = Text(f"  {answer.ms:.1f} ms" if answer else "", style="dim")
        self._print(mark + Text(told) + took, indent=5)

    def _print(self, text: Text, indent: int) -> None:
        width = min(self.console.width, 110) if self.console.is_terminal else 110
        for line in text.wrap(self.console, width - indent - 3):
            self.console.print(Text(" " * indent) + line, soft_wrap=True)
            indent = max(indent, 5)


@asynccontextmanager
async def agent(name: str, store: Path) -> AsyncGenerator[Agent]:
    """Start a server process as an MCP client does, and connect to it."""
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "swarm_memory", "serve", "--tools", "all"],
        env={
            "SWARM_MEMORY_HOME": str(store),
            "SWARM_MEMORY_PROJECT": "api-rest",
            "SWARM_MEMORY_AGENT": f"agent-{name}",
            "SWARM_MEMORY_MODE": "local",
        },
        cwd=ROOT,
    )
    async with Client(server, read_timeout_seconds=PATIENCE) as client:
        yield Agent(name, client)


def sections() -> list[dict[str, Any]]:
    """Every ``##`` section of this repository's documents, as arguments of ``add_knowledge``."""
    found: list[dict[str, Any]] = []
    for path in sorted({path for pattern in DOCUMENTS for path in ROOT.glob(pattern)}):
        source = str(path.relative_to(ROOT))
        head, *parts = re.split(r"^## +(.+)$", path.read_text("utf-8"), flags=re.MULTILINE)
        title = head.partition("\n")[0].strip("# ") or source
        texts = [
            (title, head),
            *((f"{title}: {name}", text) for name, text in zip(parts[::2], parts[1::2], strict=True)),
        ]
        found += [
            {"topic": topic, "content": text.strip(), "source": source, "tags": ["docs"]}
            for topic, text in texts
            if text.strip()
        ]
    return found


async def load(show: Show, a: Agent, b: Agent) -> int:
    """Real input: half of the sections by each server, at the same time."""
    show.title("1. Two server processes, one store. Real input: this repository's own documents")
    knowledge = sections()
    refused: list[str] = []

    async def add(who: Agent, share: list[dict[str, Any]]) -> None:
        answers = [await who.call("add_knowledge", one) for one in share]
        refused.extend(answer.text for answer in answers if answer.refused)

    begun = time.perf_counter()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(add, a, knowledge[::2])
        tasks.start_soon(add, b, knowledge[1::2])
    seconds = time.perf_counter() - begun
    files = len({one["source"] for one in knowledge})
    show.expect(
        bool(knowledge) and not refused,
        f"A and B loaded {len(knowledge)} sections of {files} files in {seconds:.2f} s {''.join(refused[:1])}".rstrip(),
    )
    answer = await show.call(b, "search_knowledge", {"query": "tests without mocks and sleeps", "limit": 3})
    found = [f"{result.get('topic')} ({result.get('source')})" for result in answer.content.get("results", [])]
    best = next(iter(found), "nothing")
    show.expect(best.endswith("(CONTRIBUTING.md)"), f"B finds a document by its words: {best}", answer)
    return len(knowledge)


async def share(show: Show, a: Agent, b: Agent) -> None:
    """What one agent stores, the others have."""
    show.title("2. What A stores, B reads")
    stored = await show.call(a, "memory_usage", FEATURE)
    show.expect(not stored.refused, "acknowledged: from now on it outlives this process", stored)
    read = await show.call(b, "memory_usage", READ)
    value, writer = read.content.get("value"), read.content.get("agent")
    show.expect(value == FEATURE["value"], f"B has {json.dumps(value)}, written by {writer}", read)
    await a.call(
        "add_knowledge",
        {
            "topic": "JWT authentication with rotating refresh tokens",
            "content": "Access tokens live 15 minutes. A refresh token is used once; a second use revokes its family.",
            "tags": ["jwt", "security"],
            "attributes": {"pattern": "authentication", "implementation": "successful"},
        },
    )
    found = await show.call(b, "search_knowledge", PATTERN)
    topics = [result["topic"] for result in found.content.get("results", [])]
    show.expect(len(topics) == 1, f"by field:value and tags, B finds what A has learned: {topics}", found)


async def refuse(show: Show, a: Agent, b: Agent) -> None:
    """No call succeeds without having done what it says."""
    show.title("3. Honest refusals: an error says what to do, and nothing is done silently")
    for arguments in (MESH, AUTO):
        answer = await show.call(a, "swarm_init", arguments)
        show.expect(answer.text.startswith("[no_primary]"), "refused: no silent local swarm", answer)
    answer = await show.call(a, "swarm_init", {"topology": "mesh", "maxAgents": 8})
    persistence = answer.content.get("persistence")
    show.expect(persistence == "local", f"swarm {answer.content.get('swarmId')}, persistence {persistence}", answer)
    answer = await show.call(a, "memory_usage", PUBLISH)
    show.expect(answer.text.startswith("[value_missing]"), "refused: there is nothing to publish yet", answer)
    answer = await show.call(a, "memory_usage", {**PUBLISH, "value": "REST, one service, libSQL"})
    show.expect(answer.content.get("version") == 1, "stored as version 1", answer)
    answer = await show.call(b, "memory_usage", PUBLISH)
    show.expect(answer.content.get("version") == 2, "now it is published again, as version 2", answer)
    answer = await show.call(b, "search_knowledge", PREVIOUS)
    keys = [result.get("key") for result in answer.content.get("results", [])]
    show.expect("decision/architecture" in keys, "finds decision/architecture among the previous decisions", answer)


async def contend(show: Show, a: Agent, b: Agent) -> None:
    """Two writers at once lose nothing."""
    show.title("4. Two agents write the same key")
    plan = {"action": "store", "key": "plan/owner", "if_version": 0}
    first = await show.call(a, "memory_usage", {**plan, "value": "A"})
    show.expect(first.content.get("version") == 1, "stored, since the key did not exist (version 0)", first)
    late = await show.call(b, "memory_usage", {**plan, "value": "B"})
    show.expect(
        late.text.startswith("[version_conflict]"), "the second one is told instead of overwriting the first", late
    )

    async def count(who: Agent) -> None:
        for _ in range(EACH):
            await who.call("memory_usage", {"action": "increment", "key": "counter"})

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(count, a)
        tasks.start_soon(count, b)
    total = (await a.call("memory_usage", {"action": "retrieve", "key": "counter"})).content.get("value")
    show.expect(total == 2 * EACH, f"{EACH} increments by each at the same time: the counter is {total}")


async def remember(show: Show, c: Agent, loaded: int) -> None:
    """A new process finds what the ended ones left."""
    show.title("5. Both servers have ended. A third process has everything")
    status = await show.call(c, "memory_status", {})
    counts = (status.content.get("knowledge"), status.content.get("entries"))
    show.expect(counts == (loaded + 1, 4), f"{counts[0]} pieces of knowledge, {counts[1]} keys", status)
    read = await show.call(c, "memory_usage", READ)
    show.expect(read.content.get("value") == FEATURE["value"], f"still {json.dumps(read.content.get('value'))}", read)
    history = await show.call(c, "memory_usage", {"action": "history", "key": "decision/architecture"})
    writers = [f"version {one['version']} by {one['agent']}" for one in history.content.get("versions", [])]
    show.expect(writers == ["version 2 by agent-B", "version 1 by agent-A"], ", ".join(writers), history)


async def play(show: Show, store: Path) -> None:
    """The whole demonstration on a fresh store."""
    async with agent("A", store) as a, agent("B", store) as b:
        loaded = await load(show, a, b)
        await share(show, a, b)
        await refuse(show, a, b)
        await contend(show, a, b)
    async with agent("C", store) as c:
        await remember(show, c, loaded)


async def main() -> int:
    """Play it; 0 if everything came out as told."""
    show = Show()
    show.console.print(Text("swarm-memory", style="bold") + Text(": one durable, shared memory for coding agents"))
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, anyio.fail_after(PATIENCE):
        await play(show, Path(folder) / "store")
    show.console.print()
    if show.failures:
        show.console.print(Text(f"{show.failures} expectations did not hold.", style="bold red"))
        return 1
    show.console.print(Text(f"Everything held, in {time.perf_counter() - begun:.0f} s.", style="bold green"))
    command = Path(sys.executable).with_name("swarm-memory")
    show.console.print(f"In Claude Code:  claude mcp add swarm-memory -- {command}", soft_wrap=True)
    return 0


if __name__ == "__main__":
    sys.exit(anyio.run(main))
