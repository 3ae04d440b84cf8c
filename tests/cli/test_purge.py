"""purge: of what is purged nothing is left, and everything else is."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from commandline import COMMAND, Commands
from team import Team, call

SECRET = "hunterswordfishxyzzy"
STEMS = ("hunterswordfishxyzzi", SECRET)  # the index keeps the stem


@pytest.fixture
def other(run: Commands) -> Commands:
    return replace(run, home=run.home.with_name("other"))


def everything(secret: str) -> tuple[tuple[str, dict[str, Any]], ...]:
    """Calls that leave a secret word in every place where a memory can be."""
    return (
        *(("memory_usage", {"action": "store", "key": f"pad/{n}", "value": f"padding {n} " * 40}) for n in range(120)),
        ("memory_usage", {"action": "store", "key": "old", "value": f"{secret} in the history", "agent": secret}),
        ("memory_usage", {"action": "store", "key": "old", "value": {secret: ["rotated"]}, "tags": [secret, "kept"]}),
        ("memory_usage", {"action": "store", "key": f"key/{secret}", "value": 1, "tags": ["doomed"]}),
        ("memory_usage", {"action": "append", "key": "list", "value": f"{secret} again"}),
        ("memory_usage", {"action": "append", "key": "list", "value": "and more"}),
        ("memory_usage", {"action": "store", "key": "deleted", "value": secret * 3}),
        ("memory_usage", {"action": "delete", "key": "deleted"}),
        (
            "add_knowledge",
            {
                "topic": f"About {secret}",
                "content": f"It is {secret}. " * 30,
                "source": secret,
                "attributes": {"password": secret},
                "namespace": "vault",
            },
        ),
        ("memory_usage", {"action": "store", "key": "kept", "value": "stays here", "tags": ["kept"]}),
    )  # fmt: skip - a table


def tables(run: Commands) -> str:
    """All that SQL can reach, the index's own words included."""
    with closing(sqlite3.connect(run.home / "memory.db")) as connection:
        connection.execute("CREATE VIRTUAL TABLE temp.words USING fts5vocab(main, memory_index, 'instance')")
        told = list(connection.iterdump())
        told += [str(row) for row in connection.execute("SELECT * FROM temp.words")]
        blobs = connection.execute("SELECT block FROM memory_index_data").fetchall()
        return "\n".join(told) + "".join(bytes(row[0]).decode("latin-1") for row in blobs)


def found_in_files(folder: Path) -> list[str]:
    """Files below the folder that have the secret in any of their bytes, in either case."""
    words = [word.encode() for word in STEMS]
    held = [path for path in folder.rglob("*") if path.is_file()]
    return sorted(path.name for path in held if any(word in path.read_bytes().lower() for word in words))


PURGES = (
    ("old", f"key/{SECRET}", "list", "deleted"),
    ("--namespace", "vault"),
)


@pytest.mark.parametrize("engine", ["sqlite3", "libsql"])
def test_what_was_purged_is_in_no_byte_of_the_store_nor_of_a_later_backup(
    run: Commands, tmp_path: Path, engine: str
) -> None:
    run = replace(run, env=run.env | {"SWARM_MEMORY_ENGINE": engine})
    call(run, *everything(SECRET))
    holder = subprocess.Popen(  # a server that runs keeps the WAL, with all that was ever written to it
        [COMMAND, "serve"],
        env={**run.env, "SWARM_MEMORY_HOME": str(run.home)},
        cwd=run.cwd,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        call(run, ("memory_usage", {"action": "store", "key": "one more", "value": 1}))
        assert found_in_files(run.home)
        for what in PURGES:
            told = run("purge", *what, "--yes", "--json").expect(0).json
            assert told["is_scrubbed"] is True
        assert SECRET not in tables(run).lower()
        assert found_in_files(run.home) == []
        run("backup", str(tmp_path / "later.db")).expect(0)
        run("export", "--output", str(tmp_path / "later.jsonl")).expect(0)
        assert found_in_files(tmp_path) == []
    finally:
        holder.communicate(timeout=20)
    assert found_in_files(run.home) == []
    assert run("get", "kept").expect(0).out == "stays here\n"
    assert run("search", "padding", "77", "--json").expect(0).json["results"][0]["key"] == "pad/77"
    with closing(sqlite3.connect(run.home / "memory.db")) as connection:
        connection.execute("INSERT INTO memory_index (memory_index, rank) VALUES ('integrity-check', 1)")
        orphans = "SELECT count(*) FROM memory_vectors WHERE memory NOT IN (SELECT num FROM memories WHERE buried = 0)"
        assert connection.execute(orphans).fetchone() == (0,)
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_only_what_fits_everything_that_is_given_is_purged(run: Commands) -> None:
    call(
        run,
        ("memory_usage", {"action": "store", "key": "a", "value": 1, "tags": ["x"], "agent": "eve"}),
        ("memory_usage", {"action": "store", "key": "a", "value": 1, "tags": ["x"], "namespace": "other"}),
        ("memory_usage", {"action": "store", "key": "a", "value": 1, "tags": ["x"], "project": "elsewhere"}),
        ("memory_usage", {"action": "store", "key": "b", "value": 1, "tags": ["y"], "agent": "eve"}),
        ("memory_usage", {"action": "store", "key": "c", "value": "by eve", "agent": "eve"}),
        ("memory_usage", {"action": "store", "key": "c", "value": "by bob", "agent": "bob"}),
    )
    with closing(sqlite3.connect(run.home / "memory.db")) as connection, connection:
        connection.execute("UPDATE memories SET updated_at = updated_at - 86400000 * 10 WHERE key = 'b'")

    def would(*options: str) -> tuple[int, int]:
        told = run("purge", *options, "--dry-run", "--json").expect(0).json
        return told["memories"], told["versions"]

    assert would("a") == (2, 0)
    assert would("a", "b") == (3, 0)
    assert would("a", "--namespace", "default") == (1, 0)
    assert would("a", "--all-projects") == (3, 0)
    assert would("--tag", "x") == (2, 0)
    assert would("--tag", "x", "--agent", "eve") == (1, 0)
    assert would("--agent", "eve") == (2, 1)
    assert would("--older-than", "9d") == (1, 0)
    assert would("--older-than", "11d") == (0, 0)
    assert would("--project", "elsewhere") == (1, 0)
    assert would("--project", "local/shop") == (4, 0)

    run("purge", "--agent", "eve", "--yes").expect(0)
    assert run("get", "c").out == "by bob\n"
    [history] = call(run, ("memory_usage", {"action": "history", "key": "c"}))
    assert [one["value"] for one in history["versions"]] == ["by bob"]
    with closing(sqlite3.connect(run.home / "memory.db")) as connection:
        assert connection.execute("SELECT count(*) FROM changes WHERE actor = 'eve'").fetchone() == (0,)
    assert [one["namespace"] for one in run("list", "--json").json["entries"]] == ["default", "other"]


def test_a_person_is_shown_what_goes_and_asked(run: Commands) -> None:
    run("set", "k", "v").expect(0)
    declined = run("purge", "k", stdin="n\n").expect(1)
    assert "would purge 1 memory with all their versions" in declined.out
    assert "k  namespace default, project local/shop" in declined.out
    assert run("get", "k").expect(0).out == "v\n"
    run("purge", "k", stdin="").expect(1)
    assert run("get", "k").expect(0).out == "v\n"
    agreed = run("purge", "k", stdin="y\n").expect(0)
    assert "purged 1 memory" in agreed.out
    assert "Backups and exports made before" in agreed.err
    run("get", "k").expect(1)


@pytest.mark.parametrize(
    "options",
    [(), ("--all-projects",), ("k", "--json"), ("--older-than", "soon"), ("--all-projects", "--project", "p", "k")],
)
def test_a_wish_that_says_too_little_or_too_much_is_refused(run: Commands, options: tuple[str, ...]) -> None:
    run("purge", *options).expect(2)
    assert not run.home.exists()


def test_numbers_are_not_given_again_and_a_key_begins_anew(run: Commands, other: Commands) -> None:
    for value in "abc":
        run("set", "k", value).expect(0)
    seq = run("status", "--json").json["seq"]
    run("purge", "k", "--yes").expect(0)
    stored = call(run, ("memory_usage", {"action": "store", "key": "k", "value": "new", "if_version": 0}))[0]
    assert (stored["version"], stored["created"]) == (1, True)
    assert stored["seq"] > seq
    with closing(sqlite3.connect(run.home / "memory.db")) as connection:
        nums = connection.execute("SELECT num, project, key FROM memories ORDER BY num").fetchall()
    assert nums == [(1, "", None), (2, "local/shop", "k")]
    exported = run("export").expect(0).out
    assert len(exported.splitlines()) == 3
    other("import", "-", stdin=exported).expect(0)
    run("purge", "--project", "local/shop", "--yes").expect(0)
    with closing(sqlite3.connect(run.home / "memory.db")) as connection:
        assert connection.execute("SELECT project, key FROM memories").fetchall() == [("", None)]


_RETRY = """
import anyio, json, sys
from swarm_memory.app import open_app
from swarm_memory.config import load_settings
from swarm_memory.models.operations import Append
from swarm_memory.models.values import encode
async def main():
    async with open_app(load_settings(), lasting=False) as app:
        caller = app.caller(request=("request-1", "hash"))
        await app.memory.apply([Append("default", "list", encode([sys.argv[1]]))], caller)
anyio.run(main)
"""


def test_outcomes_kept_for_retries_go_too(run: Commands) -> None:
    environment = {**run.env, "SWARM_MEMORY_HOME": str(run.home)}
    for _ in range(2):  # the second one is a retry
        subprocess.run([sys.executable, "-c", _RETRY, SECRET], env=environment, cwd=run.cwd, check=True, timeout=60)
    with closing(sqlite3.connect(run.home / "memory.db")) as connection:
        assert SECRET in connection.execute("SELECT outcome FROM requests").fetchone()[0]
    run("purge", "list", "--yes").expect(0)
    with closing(sqlite3.connect(run.home / "memory.db")) as connection:
        assert connection.execute("SELECT * FROM requests").fetchall() == []
    assert found_in_files(run.home) == []


def test_a_purge_of_many_goes_in_batches(run: Commands) -> None:
    operations = [{"action": "store", "key": f"k{n}", "value": f"{n}", "tags": ["bulk"]} for n in range(1_000)]
    parts = [operations[start : start + 100] for start in range(0, 1_000, 100)]
    call(run, *(("memory_usage", {"action": "batch", "operations": part}) for part in parts))
    told = run("purge", "--tag", "bulk", "--yes", "--json").expect(0).json
    assert (told["memories"], len(told["first"])) == (1_000, 20)
    assert run("list", "--json").json["entries"] == []


@pytest.mark.parametrize("mode", ["remote", "replica"])
def test_on_a_primary_it_is_gone_from_all_that_sql_can_reach_and_the_rest_is_told(
    run: Commands, team: Team, mode: str
) -> None:
    shared = replace(run, env=run.env | team.env() | {"SWARM_MEMORY_MODE": mode})
    call(shared, *everything(SECRET))
    [told, _] = [shared("purge", *what, "--yes", "--json").expect(0).json for what in PURGES]
    assert any("point-in-time" in one and "replicas" in one for one in told["may_remain"])
    for [name] in team.rows("SELECT name FROM sqlite_schema WHERE type = 'table'"):
        columns = [str(row[1]) for row in team.rows(f"PRAGMA table_info({name})")]
        held = " OR ".join(
            f"instr(lower(CAST({column} AS TEXT)), '{word}') OR instr(hex({column}), '{word.encode().hex().upper()}')"
            for column in columns
            for word in STEMS
        )
        assert team.rows(f"SELECT count(*) FROM {name} WHERE {held}") == [[0]], name
    assert shared("get", "kept").expect(0).out == "stays here\n"
    assert json.loads(shared("search", "padding", "77", "--json").expect(0).out)["results"][0]["key"] == "pad/77"
