"""Real errors of both engines, and what the driver's table makes of each. No line of the table is without one."""

import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rawengines import open_raw

from swarm_memory.errors import (
    StorageBusy,
    StorageCorrupt,
    StorageError,
    StorageFull,
    StorageReadOnly,
    StorageUnavailable,
)
from swarm_memory.storage.driver import (
    _TEXTS,  # pyright: ignore[reportPrivateUsage] - the table under test
    AlreadyThere,
    Engine,
    GuardRaised,
    connect,
    translate,
)


def _locked(engine: str, path: Path) -> None:
    holder, other = open_raw(engine, path), open_raw(engine, path)
    holder.execute("BEGIN IMMEDIATE")
    other.execute("BEGIN IMMEDIATE")


def _table_locked(engine: str, path: Path) -> None:
    raw = open_raw(engine, path)
    raw.execute("CREATE TABLE t (a)")
    raw.execute("INSERT INTO t VALUES (1), (2), (3)").fetchall()
    rows = raw.execute("SELECT a FROM t")
    rows.fetchone()
    raw.execute("DROP TABLE t")


def _full(engine: str, path: Path) -> None:
    raw = open_raw(engine, path)
    raw.execute("CREATE TABLE t (a)")
    raw.execute("PRAGMA max_page_count = 3").fetchall()
    raw.execute("INSERT INTO t VALUES (zeroblob(100000))").fetchall()


def _no_database(engine: str, path: Path) -> None:
    path.write_bytes(b"a letter to my aunt " * 100)
    open_raw(engine, path).execute("SELECT * FROM t").fetchall()


def _damaged(engine: str, path: Path) -> None:
    raw = open_raw(engine, path)
    raw.execute("CREATE TABLE t (a)")
    raw.execute("INSERT INTO t VALUES (zeroblob(100000))").fetchall()
    raw.close()
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    path.write_bytes(data)
    open_raw(engine, path).execute("SELECT * FROM t").fetchall()


def _read_only(engine: str, path: Path) -> None:
    raw = open_raw(engine, path)
    raw.execute("CREATE TABLE t (a)")
    raw.execute("PRAGMA query_only = 1").fetchall()
    raw.execute("INSERT INTO t VALUES (1)").fetchall()


def _not_a_file(engine: str, path: Path) -> None:
    path.mkdir()
    open_raw(engine, path).execute("CREATE TABLE t (a)")


PROVOKED: list[tuple[Callable[[str, Path], None], type[StorageError]]] = [
    (_locked, StorageBusy),
    (_table_locked, StorageBusy),
    (_full, StorageFull),
    (_no_database, StorageCorrupt),
    (_damaged, StorageCorrupt),
    (_read_only, StorageReadOnly),
    (_not_a_file, StorageUnavailable),
]


@pytest.mark.parametrize(("provoke", "kind"), PROVOKED)
def test_a_real_error_is_told_as_what_it_is(
    engine: str, tmp_path: Path, provoke: Callable[[str, Path], None], kind: type[StorageError]
) -> None:
    with pytest.raises(Exception, match=r".") as error:
        provoke(engine, tmp_path / "some.db")

    told = translate(error.value)
    assert type(told) is kind, error.value
    assert str(told).startswith(f"[{kind.code}] ")


_DISK_FAULT = """
import sys
from swarm_memory.storage.driver import connect
from swarm_memory.errors import StorageError
connection = connect(sys.argv[1], sys.argv[2])
connection.run("CREATE TABLE t (a)")
try:
    for _ in range(100):
        connection.run("INSERT INTO t VALUES (zeroblob(100000))")
except StorageError as error:
    print(error.code)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a limit on the size of files is POSIX's")
def test_a_disk_that_fails_is_told_as_unavailable_or_full(engine: str, tmp_path: Path) -> None:
    def limited() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

    done = subprocess.run(
        [sys.executable, "-c", _DISK_FAULT, str(tmp_path / "some.db"), engine],
        preexec_fn=limited,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.strip() in ("storage_unavailable", "storage_full")


# Lines that no test can provoke at will: another spelling, or a race inside the engine.
HARD_TO_PROVOKE = {"database schema has changed", "read-only", "disk i/o error"}


def test_every_line_of_the_table_is_met_by_a_real_error(engine: str, tmp_path: Path) -> None:
    met: set[str] = set()
    for number, (provoke, _) in enumerate(PROVOKED):
        with pytest.raises(Exception, match=r".") as error:
            provoke(engine, tmp_path / f"{number}.db")
        met |= {part for part, *_ in _TEXTS if part in str(error.value).lower()}

    assert {part for part, *_ in _TEXTS} - met <= HARD_TO_PROVOKE


def test_a_guard_and_a_double_row_have_names_of_their_own(engine: Engine, tmp_path: Path) -> None:
    connection = connect(tmp_path / "some.db", engine)
    for sql in (
        "CREATE TABLE t (a INTEGER UNIQUE)",
        "CREATE VIEW refusal AS SELECT 1",
        "CREATE TRIGGER r INSTEAD OF INSERT ON refusal BEGIN SELECT RAISE(ABORT, 'refused'); END",
        "INSERT INTO t VALUES (1)",
    ):
        connection.run(sql)

    with pytest.raises(GuardRaised):
        connection.run("INSERT INTO refusal SELECT 1")
    with pytest.raises(AlreadyThere, match="UNIQUE constraint failed"):
        connection.run("INSERT INTO t VALUES (1)")
    connection.close()


def test_a_fault_of_the_program_stays_what_it_is(engine: Engine) -> None:
    connection = connect(":memory:", engine)
    with pytest.raises(Exception, match="no such table") as fault:
        connection.run("SELECT * FROM nowhere")

    assert not isinstance(fault.value, StorageError)
    connection.close()


@pytest.mark.parametrize("number", [2**53 + 1, -(2**53) - 1, 2**63, 10**30])
def test_an_integer_that_would_lose_digits_is_refused_before_it_is_bound(engine: Engine, number: int) -> None:
    connection = connect(":memory:", engine)
    with pytest.raises(OverflowError):
        connection.run("SELECT ?1", (number,))
    exact: Any = connection.run("SELECT CAST(?1 AS INTEGER), CAST(?2 AS INTEGER)", (2**53, -(2**53)))
    assert exact == [(2**53, -(2**53))]
    connection.close()


def test_rows_are_a_list_even_where_there_are_none(engine: Engine) -> None:
    connection = connect(":memory:", engine)
    assert connection.run("CREATE TABLE t (a)") == []
    assert connection.run("SELECT * FROM t") == []
    assert connection.columns("SELECT a AS first, 2 AS second FROM t") == ("first", "second")
    connection.close()
