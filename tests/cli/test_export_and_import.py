"""export and import: what a store holds leaves it as lines, and comes back exactly."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from children import wait_until
from commandline import COMMAND, Commands
from team import Team, call
from test_terminal import at_terminal

TABLES = ("memories", "versions", "memory_tags", "swarms", "lesson_stats")

FULL: tuple[tuple[str, dict[str, Any]], ...] = (
    *(
        ("memory_usage", {"action": "store", "key": "plan/é", "value": {"step": n}, "tags": ["b", "a"]})
        for n in range(4)
    ),
    ("memory_usage", {"action": "store", "key": "007", "value": "007", "namespace": "texts", "agent": "bond"}),
    ("memory_usage", {"action": "store", "key": "null", "value": None}),
    ("memory_usage", {"action": "store", "key": "lines", "value": 'a\u2028b\n"c"\\ \U0001f41d'}),
    ("memory_usage", {"action": "increment", "key": "count", "value": 2**62}),
    ("memory_usage", {"action": "increment", "key": "real", "value": 0.1}),
    ("memory_usage", {"action": "increment", "key": "real", "value": 0.2}),
    ("memory_usage", {"action": "append", "key": "list", "value": {"deep": [1, 2.5, True]}}),
    ("memory_usage", {"action": "append", "key": "list", "value": "more words"}),
    ("memory_usage", {"action": "store", "key": "short", "value": "lived", "ttl": 3600}),
    ("memory_usage", {"action": "store", "key": "gone", "value": "a value of old"}),
    ("memory_usage", {"action": "delete", "key": "gone"}),
    ("memory_usage", {"action": "store", "key": "again", "value": 1}),
    ("memory_usage", {"action": "delete", "key": "again"}),
    ("memory_usage", {"action": "store", "key": "again", "value": 2}),
    ("memory_usage", {"action": "store", "key": "brief", "value": "expires", "ttl": 1}),
    ("memory_usage", {"action": "store", "key": "elsewhere", "value": 1, "project": "example.org/other"}),
    (
        "add_knowledge",
        {
            "topic": "Tokens rotate",
            "content": "Because of replay.",
            "tags": ["auth"],
            "priority": "high",
            "attributes": {"pattern": "authentication", "weight": 0.5},
            "source": "a talk",
        },
    ),
    ("add_conversation", {"session_id": "s", "message": "Why?", "response": "Because."}),
    ("swarm_init", {"topology": "mesh", "objective": "ship it", "config": {"a": [1]}}),
)  # fmt: skip - a table


_LESSON = """
INSERT INTO memories (id, project, namespace, kind, format, size, version, born, created_at, updated_at, topic, content)
VALUES ('lesson-1', 'local/shop', 'default', 'lesson', 'text', 16, 1, 1, 5, 5, 'builds', 'Build it first!!')
"""
_OUTCOMES = "INSERT INTO lesson_stats VALUES ('lesson-1', 1.1, 0.30000000000000004, 1e-300, 0, 3, 1795616453080, NULL)"


@pytest.fixture
def full(run: Commands) -> Commands:
    """A store with something of everything, and one memory that has expired."""
    call(run, *FULL)
    with closing(sqlite3.connect(run.home / "memory.db")) as connection, connection:
        connection.execute(_LESSON)
        connection.execute(_OUTCOMES)
    wait_until(lambda: run("get", "brief").code == 1, "it expires")
    return run


@pytest.fixture
def other(run: Commands) -> Commands:
    return replace(run, home=run.home.with_name("other"))


def rows(run: Commands, table: str) -> list[tuple[Any, ...]]:
    """All of a table, without what is derived for the index."""
    with closing(sqlite3.connect(run.home / "memory.db")) as connection:
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[1] != "hints"]
        return sorted(connection.execute(f"SELECT {', '.join(columns)} FROM {table}").fetchall(), key=repr)


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.split("\n") if line]


def test_an_export_taken_into_an_empty_store_gives_the_same_store(full: Commands, other: Commands) -> None:
    exported = full("export").expect(0)
    told = other("import", "-", "--json", stdin=exported.out).expect(0).json
    assert told["taken"] == len([one for one in lines(exported.out) if one["type"] == "memory"])
    assert (told["already_there"], told["conflicts"], told["skipped"], told["untaken"]) == (0, 0, 0, [])
    assert other("export").expect(0).out == exported.out

    # What has expired leaves the store with the next write; an export tells it as the tombstone it becomes.
    with closing(sqlite3.connect(full.home / "memory.db")) as connection, connection:
        connection.execute("UPDATE facts SET value = 0 WHERE name = 'purged_at'")
    for run in (full, other):
        run("set", "one more", "write").expect(0)
        run("get", "one more").expect(0)
    mine = [row for row in rows(full, "memories") if "one more" not in row]
    theirs = [row for row in rows(other, "memories") if "one more" not in row]
    assert mine == theirs
    for table in TABLES[1:]:
        assert rows(full, table) == rows(other, table), table
    with closing(sqlite3.connect(other.home / "memory.db")) as connection:
        connection.execute("INSERT INTO memory_index (memory_index, rank) VALUES ('integrity-check', 1)")
        lacking = "SELECT key FROM memories WHERE buried = 0 AND num NOT IN (SELECT memory FROM memory_vectors)"
        assert connection.execute(lacking).fetchall() == [("one more",)]  # no server has run since that was stored


def test_what_was_exported_is_found_and_read_where_it_was_taken(full: Commands, other: Commands) -> None:
    other("import", "-", stdin=full("export").out).expect(0)
    for asked in (
        ("get", "plan/é", "--json"),
        ("get", "007", "--namespace", "texts", "--json"),
        ("get", "list", "--json"),
        ("get", "real", "--json"),
    ):
        told = [{**run(*asked).expect(0).json, "fresh_as_of": ""} for run in (full, other)]
        assert told[0] == told[1]
    history = [
        call(run, ("memory_usage", {"action": "history", "key": "gone"}))[0]["versions"] for run in (full, other)
    ]
    assert history[0] == history[1]
    assert [one.get("deleted", False) for one in history[1]] == [True, False]
    [found] = other("search", "replay", "--json").expect(0).json["results"]
    assert found["topic"] == "Tokens rotate"
    assert other("search", "expires", "--json").expect(0).json["results"] == []
    assert (
        other("set", "--if-version", "0", "gone", "new").expect(0).out.startswith("stored gone in default: version 3,")
    )


def test_a_second_import_takes_nothing_and_an_interrupted_one_is_made_up_for(full: Commands, other: Commands) -> None:
    exported = full("export").out
    half = "\n".join(exported.split("\n")[:4])
    cut = other("import", "-", stdin=half).expect(1)
    assert cut.err.splitlines()[-1].startswith("[invalid_argument] The export ends before its last line")
    other("import", "-", stdin=exported).expect(0)
    assert other("export").out == exported

    before = [rows(other, table) for table in (*TABLES, "changes")]
    again = other("import", "-", "--json", stdin=exported).expect(0).json
    assert (again["taken"], again["versions"], again["swarms"], again["conflicts"]) == (0, 0, 0, 0)
    assert [rows(other, table) for table in (*TABLES, "changes")] == before


def test_a_dry_run_tells_the_same_and_writes_nothing(full: Commands, other: Commands) -> None:
    exported = full("export").out
    would = other("import", "-", "--dry-run", "--json", stdin=exported).expect(0).json
    assert [rows(other, table) for table in (*TABLES, "changes")] == [[]] * 6
    did = other("import", "-", "--json", stdin=exported).expect(0).json
    assert would == {**did, "dry_run": True}


def test_what_the_store_has_stays_unless_it_is_to_be_overwritten(run: Commands, other: Commands) -> None:
    for machine, value in ((run, "theirs"), (other, "mine")):
        machine("set", "shared", value).expect(0)
        machine("set", "same", "equal").expect(0)
    exported = run("export").out
    told = other("import", "-", stdin=exported).expect(0)
    assert "1 already there" in told.out
    assert "1 conflict" in told.out
    assert "local/shop default shared: the store has another one under this name" in told.out
    assert "--overwrite" in told.err
    assert other("get", "shared").out == "mine\n"

    over = other("import", "-", "--overwrite", "--json", stdin=exported).expect(0).json
    assert (over["replaced"], over["conflicts"]) == (1, 0)
    assert other("get", "shared").out == "theirs\n"
    [history] = call(other, ("memory_usage", {"action": "history", "key": "shared"}))
    assert [(one["version"], one["value"]) for one in history["versions"]] == [(2, "theirs"), (1, "mine")]
    again = other("import", "-", "--overwrite", "--json", stdin=exported).expect(0).json
    assert (again["replaced"], again["already_there"]) == (0, 2)


def test_an_older_export_does_not_undo_what_came_after_it(full: Commands) -> None:
    exported = full("export").out
    full("set", "plan/é", "newer").expect(0)
    call(full, ("memory_usage", {"action": "delete", "key": "list"}))
    told = full("import", "-", "--json", stdin=exported).expect(0).json
    assert (told["taken"], told["replaced"], told["conflicts"]) == (0, 0, 1)
    assert told["untaken"] == [{"what": "local/shop default list", "why": "it was deleted here since"}]
    assert full("get", "plan/é").out == "newer\n"
    full("get", "list").expect(1)


def test_one_project_can_be_exported_alone(full: Commands) -> None:
    exported = lines(full("export", "--project", "example.org/other").expect(0).out)
    assert [one.get("key") for one in exported if one["type"] == "memory"] == ["elsewhere"]
    assert exported[-1] == {"type": "end", "memories": 1, "versions": 0, "lessons": 0, "swarms": 0}


def test_a_file_that_is_there_is_not_written_over(full: Commands, tmp_path: Path) -> None:
    file = tmp_path / "out.jsonl"
    done = full("export", "--output", str(file)).expect(0)
    assert done.out == ""
    assert done.err.startswith("exported 16 memories, ")
    assert file.read_text("utf-8") == full("export").out
    assert file.stat().st_mode & 0o777 == 0o600
    full("export", "--output", str(file)).expect(2)
    full("export", "--output", str(tmp_path / "no such" / "out.jsonl")).expect(2)
    assert [path.name for path in tmp_path.glob("out*")] == ["out.jsonl"]
    assert "would take 0 memories" in at_terminal(full, "import", "--dry-run", str(file))


_GOOD = {
    "type": "memory",
    "id": "a",
    "project": "p",
    "namespace": "n",
    "key": "k",
    "kind": "entry",
    "version": 1,
    "born": 1,
    "created_at": 1,
    "updated_at": 1,
    "content": "x",
}  # fmt: skip - one line of an export


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "[]",
        "{",
        "[" * 100_000,
        json.dumps({**_GOOD, "surprise": 1}),
        json.dumps({**_GOOD, "kind": "other"}),
        json.dumps({**_GOOD, "version": "1"}),
        json.dumps({**_GOOD, "version": 0}),
        json.dumps({**_GOOD, "namespace": "a/b"}),
        json.dumps({**_GOOD, "key": "k" * 1_025}),
        json.dumps({**_GOOD, "content": "a\0b"}),
        json.dumps({**_GOOD, "content": "x" * 1_000_001}),
        json.dumps({**_GOOD, "content": "{", "format": "json"}),
        json.dumps({**_GOOD, "content": "[" * 65 + "]" * 65, "format": "json"}),
        json.dumps({**_GOOD, "buried": 1, "expires_at": 0}),
        json.dumps({**_GOOD, "expires_at": 0}),
        json.dumps({**_GOOD, "tags": ["t"] * 33}),
        json.dumps({"type": "end", "memories": 7, "versions": 0, "lessons": 0, "swarms": 0}),
    ],
)
def test_a_broken_line_is_named_and_what_came_before_it_stays(run: Commands, broken: str) -> None:
    text = "\n".join(('{"type":"export","format":1}', json.dumps(_GOOD | {"id": "b", "key": "before"}), broken, ""))
    done = run("import", "-", stdin=text).expect(1)
    told = done.err.splitlines()[-1]
    assert told.startswith("[invalid_argument] ")
    assert len(told) < 1_000
    assert run("get", "before", "--project", "p", "--namespace", "n").out == "x\n"


@pytest.mark.parametrize("text", [b"", b"{}\n", b"\xff\xfe\n", b'{"type":"export","format":2}\n'])
def test_what_is_no_export_is_refused(run: Commands, text: bytes) -> None:
    assert run("import", "-", stdin=text).expect(1).err.startswith("[invalid_argument] ")


_MEASURED = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
_MILLION = """
INSERT INTO memories (id, project, namespace, key, kind, format, size, version, born, created_at, updated_at, content)
VALUES (?1, 'p', 'n', ?1, 'entry', 'text', 1000002, 1, 1, 1, 1, hex(zeroblob(500000)))
"""


def test_an_export_needs_no_more_memory_for_a_larger_store(run: Commands, tmp_path: Path) -> None:
    run("list").expect(0)
    peaks: list[int] = []
    for count in (1, 60):
        with closing(sqlite3.connect(run.home / "memory.db")) as connection, connection:
            connection.executemany(_MILLION, [(f"{count}-{number}",) for number in range(count)])
        file = tmp_path / f"{count}.jsonl"
        done = subprocess.run(
            [sys.executable, "-c", _MEASURED, COMMAND, "export", "--output", str(file)],
            env={**run.env, "SWARM_MEMORY_HOME": str(run.home)},
            cwd=run.cwd,
            stdout=subprocess.PIPE,
            timeout=120,
            check=True,
        )
        peaks.append(int(done.stdout) * (1 if sys.platform == "darwin" else 1024))
        assert file.stat().st_size > count * 1_000_000
    assert peaks[1] - peaks[0] < 20_000_000


@pytest.mark.parametrize("mode", ["replica", "remote"])
def test_a_primary_is_exported_and_taken_into_like_a_file(full: Commands, team: Team, mode: str) -> None:
    exported = full("export").out
    shared = replace(full, home=full.home.with_name(mode), env=full.env | team.env() | {"SWARM_MEMORY_MODE": mode})
    told = shared("import", "-", "--json", stdin=exported).expect(0).json
    assert (told["taken"], told["swarms"]) == (16, 1)
    assert shared("export").expect(0).out == exported
    assert shared("import", "-", "--json", stdin=exported).expect(0).json["taken"] == 0
    assert team.rows("SELECT count(*) FROM versions") == [[len(rows(full, "versions"))]]
