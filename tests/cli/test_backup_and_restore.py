"""backup and restore: one sound file, checked both ways, and never over anything that is not given up."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from commandline import Commands
from team import Team, call

from swarm_memory.storage.migrate import known_migrations


@pytest.fixture
def other(run: Commands) -> Commands:
    return replace(run, home=run.home.with_name("other"))


@pytest.fixture
def file(run: Commands, tmp_path: Path) -> Path:
    """A backup of a small store."""
    call(
        run,
        ("memory_usage", {"action": "store", "key": "plan", "value": 1}),
        ("memory_usage", {"action": "store", "key": "plan", "value": {"of": "old"}}),
        ("add_knowledge", {"topic": "Tokens rotate", "content": "Because of replay."}),
        ("swarm_init", {"objective": "ship it"}),
    )
    path = tmp_path / "backup.db"
    told = run("backup", str(path)).expect(0)
    assert told.out.startswith(f"backed up 2 memories and 1 past version to {path}: ")
    return path


def files(path: Path) -> list[str]:
    return sorted(one.name for one in path.iterdir() if one.is_file())


def test_what_was_backed_up_is_there_again_as_another_history(run: Commands, other: Commands, file: Path) -> None:
    assert file.stat().st_mode & 0o777 == 0o600
    restored = other("restore", str(file), "--json").expect(0).json
    was = run("status", "--json").json
    now = other("status", "--json").json
    assert (restored["memories"], restored["versions"], restored["replaced"]) == (2, 1, False)
    assert (now["seq"], now["schema"]) == (was["seq"], was["schema"])
    assert now["epoch"] != was["epoch"]
    assert other("export").out == run("export").out
    [found] = other("search", "replay", "--json").json["results"]
    assert found["topic"] == "Tokens rotate"
    assert other("doctor").code == 0
    assert files(other.home) == ["memory.db", "memory.db-turn"]
    assert (other.home / "memory.db").stat().st_mode & 0o777 == 0o600


def test_nothing_is_overwritten_unasked(run: Commands, file: Path) -> None:
    before = file.read_bytes()
    assert run("backup", str(file)).expect(2).err.startswith("[configuration] ")
    assert file.read_bytes() == before
    run("set", "plan", "newer").expect(0)
    refused = run("restore", str(file)).expect(2)
    assert "--replace" in refused.err
    assert run("get", "plan").out == "newer\n"
    assert "replaced" in run("restore", str(file), "--replace", "--json").expect(0).out
    assert run("get", "plan").out == '{\n  "of": "old"\n}\n'
    run("set", "plan", "after").expect(0)
    assert file.read_bytes() == before
    assert [name for name in files(file.parent) if "part" in name] == []


def test_a_store_that_is_no_database_any_more_is_kept_aside(run: Commands, file: Path) -> None:
    (run.home / "memory.db").write_bytes(b"not a database" * 1000)
    told = run("restore", str(file), "--replace").expect(0)
    [aside] = run.home.glob("memory.db.damaged-*")
    assert str(aside) in told.err
    assert aside.read_bytes().startswith(b"not a database")
    assert run("get", "plan").expect(0).out == '{\n  "of": "old"\n}\n'


def test_what_is_no_sound_store_is_not_restored(run: Commands, file: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.db"
    run("set", "plan", "stays").expect(0)

    def refused(code: str) -> None:
        done = run("restore", str(bad), "--replace").expect(1)
        assert done.err.startswith(f"[{code}] "), done.err
        with closing(sqlite3.connect(run.home / "memory.db")) as connection:
            assert connection.execute("SELECT content FROM memories WHERE key = 'plan'").fetchall() == [("stays",)]
        assert [name for name in files(run.home) if "restoring" in name] == []

    bad.write_bytes(b"")
    refused("invalid_argument")
    bad.write_bytes(b"no database at all" * 500)
    refused("storage_corrupt")
    whole = file.read_bytes()
    bad.write_bytes(whole[: len(whole) // 2])
    refused("storage_corrupt")
    middle = len(whole) // 2
    bad.write_bytes(whole[: middle - 20_000] + b"\xa5" * 40_000 + whole[middle + 20_000 :])
    refused("storage_corrupt")
    bad.unlink()
    with closing(sqlite3.connect(bad)) as connection, connection:
        connection.execute("CREATE TABLE memories (id)")
    refused("invalid_argument")

    for change in (
        "UPDATE migrations SET checksum = 'other' WHERE number = 1",
        f"INSERT INTO migrations VALUES (99, 'later', 'x', {known_migrations()[-1].number + 1}, 1, 0)",
        f"INSERT INTO migrations VALUES (99, 'later', 'x', 1, {known_migrations()[-1].number + 1}, 0)",
    ):
        bad.write_bytes(whole)
        with closing(sqlite3.connect(bad)) as connection, connection:
            connection.execute(change)
        refused("schema_mismatch")
    run("restore", str(tmp_path / "missing.db")).expect(2)


def test_a_backup_of_an_older_schema_is_brought_up(other: Commands, tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    with closing(sqlite3.connect(old)) as connection, connection:
        connection.execute(
            "CREATE TABLE migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL,"
            " min_reader INTEGER NOT NULL, min_writer INTEGER NOT NULL, applied_at INTEGER NOT NULL) STRICT"
        )
        first = known_migrations()[0]
        for statement in first.statements:
            connection.execute(statement)
        connection.execute("INSERT INTO migrations VALUES (1, ?1, ?2, 1, 1, 0)", (first.name, first.checksum))
    assert other("restore", str(old), "--json").expect(0).json["schema"] == known_migrations()[-1].number
    other("set", "k", "v").expect(0)


def test_there_must_be_something_to_back_up_and_a_place_for_it(run: Commands, tmp_path: Path) -> None:
    assert str(run.home) in run("backup", str(tmp_path / "b.db")).expect(2).err
    assert not run.home.exists()
    run("set", "k", "v").expect(0)
    run("backup", str(tmp_path / "no such" / "b.db")).expect(2)
    assert not list(tmp_path.glob("b.db*"))


def test_with_a_primary_it_is_told_what_to_do_instead(run: Commands, file: Path, team: Team, tmp_path: Path) -> None:
    remote = replace(run, env=run.env | team.env() | {"SWARM_MEMORY_MODE": "remote"})
    told = remote("backup", str(tmp_path / "b.db")).expect(2).err
    assert "swarm-memory export" in told
    idle = replace(run, env=run.env | team.env())
    assert idle("backup", str(tmp_path / "b.db")).expect(1).err.startswith("[storage_unavailable] This machine's copy")
    assert "push-to-primary" in idle("restore", str(file)).expect(2).err
    assert not list(tmp_path.glob("b.db*"))
