"""Programs of others that keep memories, installed from their registry and filled by their own tools.

``python tests/e2e/peers.py`` makes the samples below ``samples/`` anew that way, as text: what was a database is its
dump. Those of mcp-turso and of Claude's memory files are written by hand after their documents: no registry has a
program that makes them.
"""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from npm import Node
from rawclient import RawClient

SAMPLES: Final = Path(__file__).with_name("samples")
WORDS: Final = "refresh tokens"
_Call = tuple[str, dict[str, Any]]

_GRAPH: Final = [
    {
        "name": "auth-service",
        "entityType": "service",
        "observations": ["Refresh tokens rotate on every use, because of replay", "Written in Go"],
    },
    {"name": "Ada Lovelace", "entityType": "person", "observations": ["Prefers small commits"]},
]


@dataclass(frozen=True)
class Peer:
    """One program.

    Attributes:
        package: Name and version in the npm registry.
        program: What it installs.
        serve: Arguments that make it an MCP server on stdio.
        natives: Packages of it that are compiled here: their ready-made builds are not in the registry.
        before: Arguments of commands that are run first.
        calls: Fill it.
        search: Its own search for ``WORDS``.
        source: What ``swarm-memory import`` is given.
        files: What it has made: name of the sample, and the file.
    """

    name: str
    package: str
    program: str
    calls: Sequence[_Call]
    search: _Call
    source: str
    files: Mapping[str, str]
    serve: Sequence[str] = ()
    natives: Sequence[str] = ()
    before: Sequence[Sequence[str]] = ()
    env: Mapping[str, str] = field(default_factory=dict[str, str])


PEERS: Final = (
    Peer(
        name="claude-flow-2",
        package="claude-flow@2.7.47",
        program="claude-flow",
        serve=("mcp", "start"),
        natives=("better-sqlite3",),
        calls=(
            (
                "memory_usage",
                {
                    "action": "store",
                    "key": "swarm/shared/plan",
                    "value": '{"step":1,"of":"the rollout"}',
                    "namespace": "coordination",
                },
            ),
            (
                "memory_usage",
                {
                    "action": "store",
                    "key": "decision/tokens",
                    "value": "Refresh tokens rotate on every use, because of replay",
                },
            ),
            (
                "memory_usage",
                {
                    "action": "store",
                    "key": "feature/user-auth",
                    "value": "implementing JWT",
                    "namespace": "swarm",
                    "ttl": 315_000_000,
                },
            ),
        ),
        search=("memory_usage", {"action": "search", "value": WORDS}),
        source=".",
        files={"memory.sql": ".swarm/memory.db"},
    ),
    Peer(
        name="claude-flow-3",
        package="ruflo@3.42.5",
        program="ruflo",
        serve=("mcp", "start"),
        natives=("better-sqlite3",),
        before=(("memory", "init"),),
        calls=(
            (
                "memory_store",
                {
                    "key": "decision/tokens",
                    "value": "Refresh tokens rotate on every use, because of replay",
                    "namespace": "patterns",
                    "tags": ["auth", "security"],
                },
            ),
            ("memory_store", {"key": "swarm/shared/plan", "value": {"step": 1}, "namespace": "coordination"}),
            (
                "agentdb_pattern-store",
                {
                    "pattern": "Keep the clock of the database, not that of the client",
                    "type": "time",
                    "confidence": 0.9,
                },
            ),
            (
                "agentdb_hierarchical-store",
                {"key": "caches", "value": "The cache was cold after each deployment", "tier": "episodic"},
            ),
        ),
        search=("memory_search", {"query": WORDS}),
        source=".",
        files={"memory.sql": ".swarm/memory.db", "agentdb-memory.sql": ".swarm/agentdb-memory.db"},
    ),
    Peer(
        name="server-memory",
        package="@modelcontextprotocol/server-memory@2026.8.31",
        program="mcp-server-memory",
        calls=(
            ("create_entities", {"entities": _GRAPH}),
            (
                "create_relations",
                {"relations": [{"from": "Ada Lovelace", "to": "auth-service", "relationType": "maintains"}]},
            ),
        ),
        search=("search_nodes", {"query": WORDS}),
        source="memory.jsonl",
        files={"memory.jsonl": "memory.jsonl"},
        env={"MEMORY_FILE_PATH": "{folder}/memory.jsonl"},
    ),
    Peer(
        name="mcp-memory-libsql",
        package="mcp-memory-libsql@0.0.17",
        program="mcp-memory-libsql",
        calls=(
            ("create_entities", {"entities": _GRAPH}),
            (
                "create_relations",
                {"relations": [{"source": "Ada Lovelace", "target": "auth-service", "type": "maintains"}]},
            ),
        ),
        search=("search_nodes", {"query": WORDS}),
        source="memory-tool.db",
        files={"memory-tool.sql": "memory-tool.db"},
        env={"LIBSQL_URL": "file:{folder}/memory-tool.db"},
    ),
)  # fmt: skip - a table


@dataclass
class Installed:
    """A peer that is installed, and has a folder of its own to work in."""

    peer: Peer
    node: Node
    folder: Path

    @property
    def source(self) -> Path:
        return self.folder / self.peer.source

    def fill(self) -> None:
        """Install it, and store something by its own tools."""
        self.node.install(self.peer.package)
        self.node.rebuild(*self.peer.natives)
        for arguments in self.peer.before:
            done = self.node.run_file(self._program, *arguments, cwd=self.folder, env=self._env)
            assert done.returncode == 0, done.stdout + done.stderr
        for answer in self.ask(*self.peer.calls):
            assert '"success": false' not in answer, answer

    def found(self) -> str:
        """What its own search answers."""
        return self.ask(self.peer.search)[0]

    def ask(self, *calls: _Call) -> list[str]:
        """The texts that its server answers to these calls.

        Each is asked of a process of its own: a native part of ruflo 3.42.5 crashes under Node 24, and not under 20.
        """
        try:
            return [self._ask_once(tool, arguments) for tool, arguments in calls]
        finally:
            self._end_daemon()

    def _ask_once(self, tool: str, arguments: dict[str, Any]) -> str:
        command = [str(self._program), *self.peer.serve]
        with RawClient(command, env={**self.node.environment, **self._env}, cwd=self.folder) as server:
            server.handshake()
            answer = server.text_of(server.call(tool, **arguments))
            server.close_stdin()
            with suppress(subprocess.TimeoutExpired):
                server.process.wait(3)
            return answer

    def _end_daemon(self) -> None:
        """ruflo starts a process that would stay for ever."""
        file = self.folder / ".claude-flow" / "daemon.pid"
        with suppress(FileNotFoundError, ProcessLookupError, ValueError):
            os.kill(int(file.read_text()), signal.SIGTERM)

    @property
    def _program(self) -> Path:
        return self.node.folder / "node_modules" / ".bin" / self.peer.program

    @property
    def _env(self) -> dict[str, str]:
        given = {name: value.format(folder=self.folder) for name, value in self.peer.env.items()}
        return given | {"HOME": str(self.folder)}


def dump(database: Path) -> str:
    """A database as SQL, without what its own indexes keep."""
    with closing(sqlite3.connect(database)) as connection:
        return "\n".join(connection.iterdump()) + "\n"


def unpack(sample: Path, folder: Path) -> Path:
    """The files of a sample as their program would have left them, below a folder."""
    for file in sample.iterdir():
        if file.suffix == ".sql":
            with closing(sqlite3.connect(folder / f"{file.stem}.db")) as connection:
                connection.executescript(file.read_text("utf-8"))
        else:
            (folder / file.name).write_bytes(file.read_bytes())
    return folder


def main() -> None:
    """Make the samples anew."""
    for peer in PEERS:
        with tempfile.TemporaryDirectory() as temporary:
            node = Node(Path(temporary, "node"), Path(temporary, "home"))
            installed = Installed(peer, node, Path(temporary, "work"))
            for folder in (node.folder, node.home, installed.folder):
                folder.mkdir()
            installed.fill()
            target = SAMPLES / peer.name
            target.mkdir(parents=True, exist_ok=True)
            for name, made in peer.files.items():
                file = installed.folder / made
                text = dump(file) if name.endswith(".sql") else file.read_text("utf-8")
                (target / name).write_text(text, "utf-8")
        sys.stderr.write(f"{peer.name}: {json.dumps(sorted(peer.files))}\n")


if __name__ == "__main__":
    main()
