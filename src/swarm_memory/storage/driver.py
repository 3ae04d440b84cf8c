"""The only importer of a database library: libSQL where it has a wheel, else the standard library's sqlite3.

Both speak SQLite's SQL on the same file format. One process uses one of them only, since two SQLite builds on one
file in one process break each other's file locks.

What this module keeps from the rest (libsql 0.1.8, each held by a test in ``tests/driver``): its tracing lines on
stdout, its errors that are all ``ValueError`` with a text, its integers of 2^31 and more bound as REAL.
"""

import os
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Protocol

from swarm_memory.errors import (
    StorageBusy,
    StorageCorrupt,
    StorageError,
    StorageFull,
    StorageReadOnly,
    StorageUnavailable,
)
from swarm_memory.storage.queries import Row, SqlValue

# libSQL reads this once, when it is loaded; its INFO lines would go to stdout, where the protocol is.
os.environ.setdefault("RUST_LOG", "off")

try:
    import libsql as _imported
except ImportError:  # no wheel for this platform
    _imported = None

_libsql: Any = _imported  # it ships no types; Connection below is the typed face of what is used

_EXACT_IN_DOUBLE: Final = 2**53


class Refused(Exception):
    """A guard of a batch found its rule broken; the batch was rolled back.

    Args:
        guard: Name of the guard's SQL block.
        index: Position of the guard's statement in the batch.
    """

    def __init__(self, guard: str, index: int) -> None:
        """Say which guard it was."""
        super().__init__(guard)
        self.guard = guard
        self.index = index


class GuardRaised(Exception):
    """The statement just run was a guard whose rule is broken."""


class AlreadyThere(Exception):
    """A UNIQUE or PRIMARY KEY rule of the schema stopped the batch; it was rolled back."""


class _Cursor(Protocol):
    @property
    def description(self) -> Sequence[Sequence[Any]] | None: ...
    def fetchall(self) -> list[Any] | None: ...


class _Raw(Protocol):
    def execute(self, sql: str, parameters: tuple[SqlValue, ...] = ..., /) -> _Cursor: ...
    def close(self) -> None: ...


# (part of the driver's text in lower case, error, what happened, next step). First match wins.
_TEXTS: Final[tuple[tuple[str, type[StorageError], str, str], ...]] = (
    ("database is locked", StorageBusy, "Another writer holds the store.", "try again."),
    ("database table is locked", StorageBusy, "Another statement holds the table.", "try again."),
    ("database schema has changed", StorageBusy, "Another process migrated the store.", "try again."),
    (
        "database or disk is full",
        StorageFull,
        "The disk is full; nothing was written.",
        "free disk space, then try again.",
    ),
    ("file is not a database", StorageCorrupt, "The file is no database.", "run `swarm-memory doctor`."),
    ("disk image is malformed", StorageCorrupt, "The database file is damaged.", "run `swarm-memory doctor`."),
    ("readonly database", StorageReadOnly, "The store may only be read from here.", "check the file's permissions."),
    ("read-only", StorageReadOnly, "The store may only be read from here.", "check the file's permissions."),
    ("unable to open", StorageUnavailable, "The database file cannot be opened.", "run `swarm-memory doctor`."),
    ("disk i/o error", StorageUnavailable, "The disk failed while the store was used.", "run `swarm-memory doctor`."),
)


def engine_name(*, force_sqlite: bool = False) -> str:
    """Name and version of what runs the SQL, for status answers: ``libsql 3.45.1`` or ``sqlite3 3.40.1``."""
    if _libsql is None or force_sqlite:
        return f"sqlite3 {sqlite3.sqlite_version}"
    return f"libsql {connect(':memory:').run('SELECT sqlite_version()')[0][0]}"


def translate(error: Exception) -> Exception:
    """Turn a driver's error into one of this project's, by its text; an unknown one is a fault and stays as it is."""
    text = str(error).lower()
    if text.endswith("refused"):
        return GuardRaised()
    if "unique constraint failed" in text:
        return AlreadyThere(str(error))
    for part, kind, message, next_step in _TEXTS:
        if part in text:
            return kind(message, next_step=next_step)
    return error


class Connection:
    """One open database file. Calls block: statements here are short, and libSQL holds the GIL in any thread.

    Every method raises the storage errors of ``errors.py``, ``GuardRaised`` for a guard, and the driver's own error
    for what can only be a fault of this program (SQL that does not prepare).
    """

    def __init__(self, raw: _Raw) -> None:
        """Wrap what ``connect`` opened."""
        self._raw = raw

    def run(self, sql: str, args: tuple[SqlValue, ...] = ()) -> list[Row]:
        """Run one statement and fetch all its rows (an unfetched RETURNING keeps the write open).

        Raises:
            OverflowError: An integer that the driver would not bind exactly; give it as text and CAST it.
        """
        for value in args:
            if isinstance(value, int) and not -_EXACT_IN_DOUBLE <= value <= _EXACT_IN_DOUBLE:
                raise OverflowError(f"an integer of {value.bit_length()} bits cannot be bound exactly")
        try:
            # libSQL gives None, not an empty list, for a statement that has no rows to tell.
            return self._raw.execute(sql, args).fetchall() or []
        except (ValueError, sqlite3.Error) as error:
            raise translate(error) from error

    def roll_back(self) -> None:
        """End the transaction, if there is one: some errors end it by themselves."""
        with suppress(ValueError, sqlite3.Error):
            self._raw.execute("ROLLBACK")

    def columns(self, sql: str, args: tuple[SqlValue, ...] = ()) -> tuple[str, ...]:
        """Run a statement for the names of its columns; for tests of queries against the schema."""
        return tuple(column[0] for column in self._raw.execute(sql, args).description or ())

    def close(self) -> None:
        """Release the file. The connection is not usable after it."""
        self._raw.close()


def connect(path: Path | str, *, force_sqlite: bool = False) -> Connection:
    """Open a database file for reading and writing; it is made if missing. Transactions are only those one begins.

    Args:
        path: The file, or ``:memory:``.
        force_sqlite: Use the standard library's engine even where libSQL is there (tests of platforms without it).

    Raises:
        StorageUnavailable: The file cannot be opened.
    """
    # Waiting for a lock inside the driver holds the GIL: time-out 0, and the caller retries.
    try:
        if _libsql is None or force_sqlite:
            return Connection(sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False))
        return Connection(_libsql.connect(str(path), timeout=0, isolation_level=None))
    except (ValueError, sqlite3.Error) as error:
        raise translate(error) from error
