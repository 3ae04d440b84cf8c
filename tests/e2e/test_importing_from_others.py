"""What other programs have kept is found here: samples that the real programs made, and on demand the programs."""

import json
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from npm import Node
from peers import PEERS, SAMPLES, WORDS, Installed, Peer, unpack

ROOT = Path(__file__).parents[2]
COMMAND = str(Path(sys.executable).with_name("swarm-memory"))
NAMES = {"claude-flow-2": "claude-flow", "claude-flow-3": "claude-flow", "claude-memory": "markdown"}
# Of each sample: how many memories it makes, and which of them the words "refresh tokens" find.
EXPECTED = {
    "claude-flow-2": (3, {"decision/tokens"}),
    "claude-flow-3": (4, {"decision/tokens"}),
    "server-memory": (2, {"auth-service"}),
    "mcp-memory-libsql": (2, {"auth-service"}),
    "mcp-turso": (4, {"Refresh tokens", None}),
    "claude-memory": (2, {"refresh-tokens", "Memory"}),
}


@dataclass(frozen=True)
class Store:
    """A store of its own, and the command."""

    home: Path

    def __call__(self, *arguments: str, code: int = 0) -> str:
        done = subprocess.run(
            [COMMAND, *arguments],
            env={
                "SWARM_MEMORY_HOME": str(self.home),
                "SWARM_MEMORY_PROJECT": "here",
                "HOME": str(self.home.parent),
                "PATH": os.defpath,
            },
            cwd=self.home.parent,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )  # fmt: skip - a call
        assert done.returncode == code, done.stdout + done.stderr
        return done.stderr if code else done.stdout

    def json(self, *arguments: str) -> Any:
        return json.loads(self(*arguments, "--json"))

    def found(self, words: str) -> set[str | None]:
        """Keys or topics of what holds all these words; a search also finds what means the same."""
        held = [
            one for one in self.json("search", words)["results"] if _has(f"{one.get('topic')} {one['content']}", words)
        ]
        return {one.get("key") or one.get("topic") for one in held}


def _has(text: str, words: str) -> bool:
    return all(word in text.lower() for word in words.split())


@pytest.fixture
def store(tmp_path: Path) -> Store:
    home = tmp_path / "home"
    home.mkdir()
    return Store(home)


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


def source_of(name: str, folder: Path) -> Path:
    """The sample, as its program would have left it."""
    unpack(SAMPLES / name, folder)
    files = list(folder.iterdir())
    return files[0] if len(files) == 1 else folder


def state(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {str(one): (one.stat().st_mtime_ns, one.read_bytes()) for one in folder.rglob("*") if one.is_file()}


def test_there_is_a_sample_of_each_program() -> None:
    assert {one.name for one in SAMPLES.iterdir()} == set(EXPECTED)
    assert {peer.name for peer in PEERS} < set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_what_a_sample_holds_is_taken_once_and_found_and_the_source_stays(store: Store, work: Path, name: str) -> None:
    source = source_of(name, work)
    before = state(work)
    count, found = EXPECTED[name]
    would = store.json("import", str(source), "--dry-run")
    assert (would["format"], would["taken"]) == (NAMES.get(name, name), count)
    assert store.json("search", WORDS)["results"] == []
    told = store.json("import", str(source))
    assert {**told, "dry_run": True} == would
    assert (told["conflicts"], told["replaced"]) == (0, 0)
    assert store.found(WORDS) == found
    again = store.json("import", str(source))
    assert (again["taken"], again["already_there"], again["conflicts"]) == (0, count, 0)
    assert state(work) == before


def test_entries_keep_key_namespace_value_tags_times_and_expiry(store: Store, work: Path) -> None:
    store("import", str(source_of("claude-flow-3", work)))
    told = store.json("get", "decision/tokens", "--namespace", "patterns")
    assert told["value"] == "Refresh tokens rotate on every use, because of replay"
    assert told["tags"] == ["auth", "security"]
    assert told["created_at"].startswith("2026-11-25T15:")
    assert store.json("get", "swarm/shared/plan", "--namespace", "coordination")["value"] == '{"step":1}'
    assert store.found("clock of the database") == {"time"}
    assert store.found("cache cold") == {"caches"}


def test_what_has_no_counterpart_is_told(store: Store, work: Path) -> None:
    told = store.json("import", str(source_of("mcp-turso", work)))
    assert told["untaken"] == [{"what": "memory.db: table tasks, 1 rows", "why": "it has no counterpart here"}]
    assert told["skipped"] == 1
    turns = store.json("search", "replay")["results"]
    assert {one["kind"] for one in turns if "replay" in one["content"]} == {"knowledge", "conversation"}


def test_graphs_keep_observations_relations_and_types(store: Store, work: Path) -> None:
    store("import", str(source_of("server-memory", work)))
    assert store.found("maintains") == {"Ada Lovelace"}
    found, *_ = store.json("search", "small commits")["results"]
    assert (found["topic"], found["tags"]) == ("Ada Lovelace", ["person"])
    assert "Ada Lovelace maintains auth-service" in store("get", "--id", found["id"])


def test_a_file_with_front_matter_is_one_memory_and_others_are_cut_at_headings(store: Store, work: Path) -> None:
    store("import", str(source_of("claude-memory", work)))
    found, *_ = store.json("search", "comes again session")["results"]
    assert (found["topic"], found["tags"]) == ("refresh-tokens", ["project"])
    notes = work / "notes"
    (notes / "deep").mkdir(parents=True)
    (notes / ".hidden").mkdir()
    (notes / ".hidden" / "no.md").write_text("# Hidden\n\ninvisible")
    (notes / "link.md").symlink_to("/etc/hostname")
    (notes / "deep" / "CLAUDE.md").write_text(
        "before any heading\n\n# Rules\n\nalways\n\n## Style\n\n```sh\n# no heading\n```\n\n### Deeper\n\nstays\n"
        "# Empty\n\n# Rules\n\nonce more\n"
    )
    assert store.json("import", str(notes))["taken"] == 4
    assert store.found("deeper stays") == {"Rules > Style"}
    assert store.found("invisible") == set()
    assert store.found("once more") == {"Rules"}


def test_a_changed_source_is_told_and_taken_only_when_that_is_wanted(store: Store, work: Path) -> None:
    note = work / "CLAUDE.md"
    note.write_text("# Rules\n\nUse tabs.\n")
    assert store.json("import", str(note))["taken"] == 1
    note.write_text("# Rules\n\nUse spaces.\n")
    told = store.json("import", str(note))
    assert (told["taken"], told["conflicts"]) == (0, 1)
    assert store.found("tabs") == {"Rules"}
    assert store.json("import", str(note), "--overwrite")["replaced"] == 1
    assert store.found("tabs") == set()
    assert store.found("spaces") == {"Rules"}
    store("set", "k", "mine")
    with closing(sqlite3.connect(work / "memory.db")) as connection:
        connection.executescript((SAMPLES / "claude-flow-2" / "memory.sql").read_text("utf-8"))
        connection.execute("UPDATE memory_entries SET key = 'k', namespace = 'default' WHERE key = 'decision/tokens'")
        connection.commit()
    assert store.json("import", str(work / "memory.db"))["conflicts"] == 1
    assert store("get", "k") == "mine\n"


def test_a_store_that_is_open_elsewhere_is_read_with_its_wal(store: Store, work: Path) -> None:
    unpack(SAMPLES / "claude-flow-2", work)
    with closing(sqlite3.connect(work / "memory.db", isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("INSERT INTO memory_entries (key, value) VALUES ('late', 'only in the WAL')")
        before = state(work)
        assert store.json("import", str(work / "memory.db"))["taken"] == 4
        assert state(work) == before
    assert store("get", "late") == "only in the WAL\n"


def _made(path: Path, *statements: str) -> Path:
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)
    return path


_V3 = (
    "CREATE TABLE memory_entries (id, key, namespace, content, tags, metadata, created_at, updated_at, expires_at,"
    " status)"
)


def test_what_no_memory_can_be_is_skipped_with_its_reason(store: Store, work: Path) -> None:
    rows = (
        "(1, 'gone', 'n', 'x', NULL, NULL, 1, 1, NULL, 'deleted')",
        "(2, 'late', 'n', 'x', NULL, NULL, 1, 1, 2, 'active')",
        "(3, '', 'n', 'x', NULL, NULL, 1, 1, NULL, 'active')",
        "(4, 'nul', 'n', 'a' || char(0) || 'b', NULL, NULL, 1, 1, NULL, 'active')",
        f"(5, 'long', 'n', hex(zeroblob({600_000})), NULL, NULL, 1, 1, NULL, 'active')",
        "(6, 'bytes', 'n', CAST(x'ff41' AS TEXT), 'a,,b', '{', 'soon', 1e300, NULL, 'active')",
        "(7, 'fine', 'a/b', 'yes', '[1, \"t\"]', '[]', 1, 1, NULL, 'active')",
    )
    path = _made(work / "memory.db", _V3, *(f"INSERT INTO memory_entries VALUES {row}" for row in rows))
    told = store.json("import", str(path))
    assert (told["taken"], told["skipped"]) == (2, 5)
    assert store.json("get", "fine", "--namespace", "a.b")["tags"] == ["t"]
    assert store.json("get", "bytes", "--namespace", "n")["value"] == "\ufffdA"


@pytest.mark.parametrize("form", [(), ("--from", "claude-flow"), ("--from", "server-memory")])
@pytest.mark.parametrize(
    "content",
    [b"", b"\0" * 100, b"SQLite format 3\0" + b"\xa5" * 5_000, b"[" * 100_000, b'{"type":"entity"}\n[]\n', b"{}"],
)
def test_what_is_of_no_known_format_is_refused(store: Store, work: Path, content: bytes, form: tuple[str, ...]) -> None:
    source = work / "source"
    source.write_bytes(content)
    told = store("import", str(source), *form, code=1 if content != b"{}" or form != ("--from", "claude-flow") else 0)
    assert told.startswith(("[invalid_argument] ", "took 0 memories"))
    assert len(told) < 1_000


def test_what_looks_like_a_secret_is_left_out_unless_it_is_allowed(store: Store, work: Path) -> None:
    token = "ghp_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hJ6"
    note = work / "notes.md"
    note.write_text(f"# Access\n\nuse {token} for it\n\n# Rules\n\nSmall commits.\n")
    told = store.json("import", str(note))
    assert (told["taken"], told["skipped"]) == (1, 1)
    assert "looks like a secret" in told["untaken"][0]["why"]
    assert token not in json.dumps(told)
    assert store.json("import", str(note), "--allow-secrets")["taken"] == 1


def test_a_source_of_several_projects_and_a_store_of_this_program_are_refused(store: Store, work: Path) -> None:
    for project in ("one", "two"):
        (work / project / "memory").mkdir(parents=True)
        (work / project / "memory" / "a.md").write_text("text")
    assert "--project" in store("import", str(work), code=1)
    assert store.json("import", str(work / "one" / "memory"), "--project", "one")["taken"] == 1
    assert "restore" in store("import", str(store.home / "memory.db"), code=1)


BLOCK = re.compile(r"^(<!-- not run: .+ -->\n)?```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_every_command_of_the_page_on_moving_runs(tmp_path: Path) -> None:
    home, shop = tmp_path / "home", tmp_path / "home" / "shop"
    notes = home / ".claude" / "projects" / "-home-ada-shop" / "memory"
    for folder in (shop / ".swarm", shop / "docs" / "decisions", notes):
        folder.mkdir(parents=True)
    unpack(SAMPLES / "claude-flow-3", shop / ".swarm")
    unpack(SAMPLES / "server-memory", shop)
    unpack(SAMPLES / "mcp-memory-libsql", shop)
    unpack(SAMPLES / "mcp-turso", shop)
    (shop / "memory.db").rename(shop / "my-memory.db")
    unpack(SAMPLES / "claude-memory", notes)
    (shop / "CLAUDE.md").write_text("# Rules\n\nSmall commits.\n")
    (shop / "docs" / "decisions" / "0001.md").write_text("# One file\n\nBecause of many processes.\n")
    blocks = BLOCK.findall((ROOT / "docs" / "moving.md").read_text("utf-8"))
    assert {kind for _, kind, _ in blocks} == {"sh"}
    for reason, _, block in blocks:
        if reason:
            continue
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block],
            env={"HOME": str(home), "PATH": f"{Path(COMMAND).parent}{os.pathsep}{os.defpath}"},
            cwd=shop,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, block + done.stdout + done.stderr
        assert "took 0 memories, 0 past versions and 0 swarms; 0 already there" not in done.stdout
        assert "Nothing was found" not in done.stderr


@pytest.mark.clients
@pytest.mark.parametrize("peer", PEERS, ids=lambda peer: peer.name)
def test_what_the_real_program_keeps_and_finds_is_found_here(
    store: Store, work: Path, tmp_path: Path, peer: Peer
) -> None:
    (tmp_path / "node").mkdir()
    installed = Installed(peer, Node(tmp_path / "node", work), work)
    installed.fill()
    theirs = installed.found()
    before = state(work)
    told = store.json("import", str(installed.source))
    count, names = EXPECTED[peer.name]
    assert (told["taken"], told["conflicts"]) == (count, 0)
    found = store.found(WORDS)
    assert found >= names
    assert all(name is None or name in theirs for name in names), theirs
    assert state(work) == before
