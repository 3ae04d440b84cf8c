"""Migrations: applied once, in order, each with its record, by whoever comes first, and never over a newer store."""

import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from swarm_memory.errors import SchemaMismatch
from swarm_memory.storage.database import Database
from swarm_memory.storage.driver import Engine, connect
from swarm_memory.storage.local import open_local
from swarm_memory.storage.migrate import Migration, known_migrations, migrate, parse_migration, split_statements
from swarm_memory.storage.queries import Statement

pytestmark = pytest.mark.anyio

HEAD = "-- min_reader: {reader}\n-- min_writer: {writer}\n"
NEXT = known_migrations()[-1].number + 1


def later(number: int, *, reader: int = 1, writer: int = 1, sql: str = "CREATE TABLE later{number} (a);") -> Migration:
    """A migration of a version to come."""
    text = HEAD.format(reader=reader, writer=writer) + sql.format(number=number)
    return parse_migration(f"{number:04}_later{number}.sql", text)


async def _schema(database: Database) -> list[Any]:
    query = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'memory_index_%' ORDER BY 1, 2"
    [rows] = await database.read(Statement("schema", query))
    return rows


async def _names(database: Database) -> list[Any]:
    [rows] = await database.read(Statement("names", "SELECT number, name FROM migrations ORDER BY number"))
    return rows


def test_migrations_are_numbered_from_one_without_gaps() -> None:
    assert [one.number for one in known_migrations()] == list(range(1, NEXT))


def test_a_script_is_cut_into_statements_and_triggers_stay_whole() -> None:
    trigger = "CREATE TRIGGER t AFTER INSERT ON a BEGIN\n  SELECT 1;\n  SELECT ';';\nEND;"
    script = f"CREATE TABLE a (x);\n-- note; more\n{trigger}\n"

    assert split_statements(script) == ("CREATE TABLE a (x);", f"-- note; more\n{trigger}")


@pytest.mark.parametrize("name", ["1_x.sql", "0001-x.sql", "0001_x.txt"])
def test_a_file_with_another_name_or_without_its_head_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"is not named NNNN_name\.sql or lacks its two head lines"):
        parse_migration(name, HEAD.format(reader=1, writer=1))
    with pytest.raises(ValueError, match="lacks its two head lines"):
        parse_migration("0001_x.sql", "CREATE TABLE a (x);")


async def test_migrating_again_changes_nothing(database: Database) -> None:
    before = await _schema(database)

    schema = await migrate(database)

    assert (schema.number, schema.writable) == (NEXT - 1, True)
    assert await _schema(database) == before


async def test_a_store_migrated_step_by_step_equals_a_fresh_one(
    database: Database, engine: Engine, tmp_path: Path
) -> None:
    other = await open_local(tmp_path / "other.db", engine=engine)
    for count in range(1, NEXT):
        await migrate(other, known_migrations()[:count])

    assert await _schema(other) == await _schema(database)
    assert await _names(other) == await _names(database)
    other.close()


async def test_a_changed_checksum_stops_the_start(database: Database) -> None:
    known = list(known_migrations())
    known[0] = replace(known[0], checksum="another")

    with pytest.raises(SchemaMismatch, match=r"^\[schema_mismatch\] Migration 1 .* Next: "):
        await migrate(database, known)


async def test_a_newer_store_that_demands_a_newer_reader_is_refused(database: Database) -> None:
    with suppress(SchemaMismatch):  # a primary's answers tell of it at once
        await migrate(database, [*known_migrations(), later(NEXT, reader=NEXT, writer=NEXT)])

    with pytest.raises(SchemaMismatch, match="install a newer swarm-memory"):
        await migrate(database)


async def test_a_newer_store_that_demands_a_newer_writer_is_read_only(database: Database) -> None:
    await migrate(database, [*known_migrations(), later(NEXT, writer=NEXT), later(NEXT + 1)])

    schema = await migrate(database)

    assert (schema.number, schema.writable) == (NEXT + 1, False)


async def test_a_newer_store_that_demands_nothing_new_is_read_and_written(database: Database) -> None:
    await migrate(database, [*known_migrations(), later(NEXT)])

    schema = await migrate(database)

    assert (schema.number, schema.writable) == (NEXT, True)


async def test_a_migration_that_fails_leaves_nothing_of_itself(database: Database) -> None:
    before = await _schema(database)
    broken = later(NEXT, sql="CREATE TABLE later (a);\nINSERT INTO nowhere VALUES (1);")

    with pytest.raises(Exception, match="nowhere"):
        await migrate(database, [*known_migrations(), broken])

    assert await _schema(database) == before
    assert (await migrate(database)).number == NEXT - 1


_WORKER = """
import sys, pathlib, anyio
from swarm_memory.storage.local import open_local
from swarm_memory.storage.migrate import migrate

async def once(path):
    database = await open_local(pathlib.Path(path), busy_timeout=20, engine=sys.argv[1])
    schema = await migrate(database)
    database.close()
    return schema

print("ready", flush=True)
for line in sys.stdin:
    print(anyio.run(once, line.strip()), flush=True)
"""


def test_two_processes_that_start_at_once_on_a_fresh_path_make_one_schema(engine: Engine, tmp_path: Path) -> None:
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", _WORKER, engine], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    try:
        answers = [[_answer(worker) for worker in workers]]
        for number in range(10):
            for worker in workers:
                assert worker.stdin is not None
                worker.stdin.write(f"{tmp_path / f'{number}.db'}\n")
                worker.stdin.flush()
            answers.append([_answer(worker) for worker in workers])
    finally:
        for worker in workers:
            worker.kill()
            worker.communicate()

    expected = f"Schema(number={NEXT - 1}, writable=True)"
    assert answers == [["ready"] * 2, *([[expected] * 2] * 10)]
    for number in range(10):
        opened = connect(tmp_path / f"{number}.db", engine)
        names = opened.run("SELECT number, name FROM migrations ORDER BY number")
        assert names == [(one.number, one.name) for one in known_migrations()]
        opened.close()


def _answer(worker: "subprocess.Popen[str]") -> str:
    assert worker.stdout is not None
    return worker.stdout.readline().strip()
