"""What storage/driver.py builds on: how libsql 0.1.8 behaves. A new version must be looked at again here."""

import os
import subprocess
import sys
from importlib.metadata import requires, version
from pathlib import Path
from typing import Any

import pytest
from rawengines import open_raw


def test_the_binding_is_pinned_to_the_release_these_facts_hold_for() -> None:
    # Newer ones speak only the newer protocol of embedded replicas, which a self-hosted sqld does not.
    assert version("libsql") == "0.1.8"
    assert any(line.startswith("libsql==0.1.8;") for line in requires("swarm-memory") or [])


def test_it_holds_a_sqlite_with_full_text_search_and_strict_tables(raw: Any) -> None:
    assert raw.execute("SELECT sqlite_version()").fetchall() == [("3.45.1",)]
    raw.execute("CREATE VIRTUAL TABLE words USING fts5(a, tokenize = 'porter unicode61 remove_diacritics 2')")
    raw.execute("CREATE TABLE strict_one (a INTEGER NOT NULL) STRICT")


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ("SELECT * FROM nowhere", "no such table: nowhere"),
        ("SELEKT", "syntax error"),
        ("INSERT INTO t VALUES (1)", "UNIQUE constraint failed: t.a"),
        ("INSERT INTO t VALUES (NULL)", "NOT NULL constraint failed: t.a"),
        ("INSERT INTO guarded VALUES (1)", "refused"),
    ],
)
def test_every_error_is_a_value_error_with_a_text(raw: Any, sql: str, text: str) -> None:
    raw.execute("CREATE TABLE t (a INTEGER NOT NULL UNIQUE)")
    raw.execute("INSERT INTO t VALUES (1)")
    raw.execute("CREATE VIEW guarded AS SELECT 1")
    raw.execute("CREATE TRIGGER g INSTEAD OF INSERT ON guarded BEGIN SELECT RAISE(ABORT, 'refused'); END")

    with pytest.raises(ValueError, match=text) as error:
        raw.execute(sql).fetchall()
    assert type(error.value) is ValueError


@pytest.mark.parametrize(("number", "kind"), [(2**31 - 1, "integer"), (2**31, "real"), (2**53 + 1, "real")])
def test_integers_of_2_31_and_more_are_bound_as_doubles(raw: Any, number: int, kind: str) -> None:
    [(bound, back)] = raw.execute("SELECT typeof(?1), CAST(?1 AS INTEGER)", (number,)).fetchall()

    assert bound == kind
    assert (back == number) == (number <= 2**53)


def test_integers_come_back_exactly(raw: Any) -> None:
    query = "SELECT 9223372036854775807, CAST(?1 AS INTEGER)"
    assert raw.execute(query, (str(-(2**63)),)).fetchall() == [(2**63 - 1, -(2**63))]


def test_parameters_by_number_work_and_by_name_do_not(raw: Any) -> None:
    assert raw.execute("SELECT ?2, ?1, ?2", ("a", "b")).fetchall() == [("b", "a", "b")]
    with pytest.raises((ValueError, TypeError, BaseException)):
        raw.execute("SELECT :a", {"a": 1}).fetchall()


def test_a_statement_without_rows_gives_none_for_its_rows(raw: Any) -> None:
    assert raw.execute("CREATE TABLE t (a)").fetchall() is None
    assert raw.execute("SELECT 1 WHERE 0").fetchall() == []


def test_with_isolation_level_none_there_are_only_the_transactions_one_begins(raw: Any, tmp_path: Path) -> None:
    raw.execute("CREATE TABLE t (a)")
    raw.execute("INSERT INTO t VALUES (1)").fetchall()

    other = open_raw("libsql", tmp_path / "raw.db")
    assert other.execute("SELECT count(*) FROM t").fetchall() == [(1,)]
    raw.execute("BEGIN IMMEDIATE")
    with pytest.raises(ValueError, match="database is locked"):
        other.execute("BEGIN IMMEDIATE")
    raw.execute("ROLLBACK")


def test_the_other_connection_of_a_process_reads_while_one_writes(raw: Any, tmp_path: Path) -> None:
    raw.execute("PRAGMA journal_mode = WAL").fetchall()
    raw.execute("CREATE TABLE t (a)")
    reader = open_raw("libsql", tmp_path / "raw.db")
    raw.execute("BEGIN IMMEDIATE")
    raw.execute("INSERT INTO t VALUES (1)").fetchall()

    assert reader.execute("SELECT count(*) FROM t").fetchall() == [(0,)]
    raw.execute("COMMIT")
    assert reader.execute("SELECT count(*) FROM t").fetchall() == [(1,)]


def test_returning_sees_the_row_before_its_after_triggers(raw: Any) -> None:
    raw.execute("CREATE TABLE t (a INTEGER PRIMARY KEY, b)")
    raw.execute("CREATE TABLE log (n)")
    raw.execute("CREATE TRIGGER after_t AFTER INSERT ON t BEGIN INSERT INTO log VALUES (1); END")

    rows = raw.execute("INSERT INTO t (b) VALUES (5) RETURNING b, (SELECT count(*) FROM log)").fetchall()

    assert rows == [(5, 0)]
    assert raw.execute("SELECT count(*) FROM log").fetchall() == [(1,)]


def test_changes_keeps_its_value_across_selects_and_ignores_triggers(raw: Any) -> None:
    raw.execute("CREATE TABLE t (a)")
    raw.execute("CREATE TABLE log (n)")
    raw.execute("CREATE TRIGGER after_t AFTER INSERT ON t BEGIN INSERT INTO log VALUES (1), (2); END")
    raw.execute("INSERT INTO t VALUES (1)").fetchall()
    raw.execute("SELECT count(*) FROM log").fetchall()

    assert raw.execute("SELECT changes()").fetchall() == [(1,)]


_QUIET = """
import swarm_memory.storage.driver as driver
import sys
connection = driver.connect(sys.argv[1], "libsql")
connection.run("CREATE TABLE t (a)")
connection.run("SELECT 1")
connection.close()
"""


def test_the_drivers_import_keeps_its_tracing_lines_from_stdout(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "RUST_LOG"}
    done = subprocess.run(
        [sys.executable, "-c", _QUIET, str(tmp_path / "quiet.db")],
        env=environment,
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == b""
