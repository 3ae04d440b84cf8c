"""The only importer of a database library: the standard library's sqlite3, and libSQL.

Both speak SQLite's SQL on the same file format. One process uses one of them only, since two SQLite builds on one
file in one process break each other's file locks.

What this module keeps from the rest (libsql 0.1.8, each held by a test in ``tests/driver``): its tracing lines on
stdout, its errors that are all ``ValueError`` with a text, its integers of 2^31 and more bound as REAL.
"""

import os
import sqlite3
import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Literal, Protocol
from urllib.parse import quote

from swarm_memory.errors import (
    InvalidArgument,
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

Engine = Literal["sqlite3", "libsql"]

_EXACT_IN_DOUBLE: Final = 2**53
_OLDEST_SQLITE: Final = (3, 37, 0)
_COPY_RETRY: Final = 0.02  # seconds


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


def choose_engine(wish: Engine | Literal["auto"]) -> Engine:
    """The engine for a local file.

    ``auto`` takes the standard library's: it keeps prepared statements, which makes it faster, and does not hold the
    GIL while it works (docs/decisions/0001). Where Python was built with an SQLite that lacks what the schema needs
    (STRICT tables, since 3.37, and FTS5), it takes libSQL.

    Raises:
        StorageUnavailable: The engine wished for is not there, or none is.
    """
    if wish != "libsql" and sqlite3.sqlite_version_info >= _OLDEST_SQLITE and _has_full_text():
        return "sqlite3"
    if wish != "sqlite3" and _libsql is not None:
        return "libsql"
    raise StorageUnavailable(
        f"The engine {wish} cannot serve here: Python's SQLite is {sqlite3.sqlite_version}, and libsql is "
        f"{'missing' if _libsql is None else 'installed'}.",
        next_step="set SWARM_MEMORY_ENGINE=auto, or use a Python with SQLite 3.37 or newer and FTS5.",
    )


def engine_name(engine: Engine) -> str:
    """Name and version of what runs the SQL, for status answers: ``libsql 3.45.1`` or ``sqlite3 3.40.1``."""
    connection = connect(":memory:", engine)
    try:
        return f"{engine} {connection.run('SELECT sqlite_version()')[0][0]}"
    finally:
        connection.close()


def _has_full_text() -> bool:
    connection = connect(":memory:", "sqlite3")
    try:
        return ("ENABLE_FTS5",) in connection.run("PRAGMA compile_options")
    finally:
        connection.close()


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


def has_replicas() -> bool:
    """Whether this platform can keep a replica: libSQL is there, and so are the locks of POSIX."""
    return _libsql is not None and os.name == "posix"


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


def connect(path: Path | str, engine: Engine) -> Connection:
    """Open a database file for reading and writing; it is made if missing. Transactions are only those one begins.

    Args:
        path: The file, or ``:memory:``.
        engine: As ``choose_engine`` gave it. One process must use one engine for a file.

    Raises:
        StorageUnavailable: The file cannot be opened.
    """
    # Waiting for a lock inside the driver would stop the event loop: time-out 0, and the caller retries.
    try:
        if engine == "sqlite3":
            return Connection(sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False))
        return Connection(_libsql.connect(str(path), timeout=0, isolation_level=None))
    except (ValueError, sqlite3.Error) as error:
        raise translate(error) from error


def connect_copy(path: Path) -> Connection:
    """Open a replica's file for reading only: no write, no checkpoint at the end. Its owner writes meanwhile.

    It must be libSQL's SQLite, since that is what writes the file.

    Raises:
        StorageUnavailable: The file cannot be opened.
    """
    try:
        uri = f"file:{quote(str(path))}?mode=ro"
        return Connection(_libsql.connect(uri, timeout=0, isolation_level=None))
    except ValueError as error:
        raise translate(error) from error


def copy_pages(source: Path, target: Path, seconds: float) -> None:
    """Make one file hold what another one holds, by SQLite's online backup: as one transaction of the target.

    Processes that have the target open read on what it was until the copy is whole. Always the standard library's
    SQLite: it needs no feature that an old one lacks.

    Args:
        source: Is only read.
        target: Made if missing; its size of a page must be the same.
        seconds: To wait for whoever holds the target's lock.

    Raises:
        StorageBusy: The lock was not free in time; the target is as it was.
        StorageCorrupt: One of the two is no database.
        StorageError: Others, as in ``translate``.
    """
    deadline = time.monotonic() + seconds

    def insist(status: int, _remaining: int, _pages: int) -> None:
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) and time.monotonic() >= deadline:
            raise sqlite3.OperationalError("database is locked")

    try:
        with (
            closing(sqlite3.connect(f"file:{quote(str(source))}?mode=ro", uri=True, timeout=0)) as origin,
            closing(sqlite3.connect(target, timeout=0)) as goal,
        ):
            origin.backup(goal, progress=insist, sleep=_COPY_RETRY)
    except sqlite3.Error as error:
        raise translate(error) from error


class ForeignConnection:
    """A database of another program, opened with the standard library's SQLite to be read."""

    def __init__(self, path: Path) -> None:
        """Open the file, which must be this process's own: a WAL is worked into it.

        Raises:
            InvalidArgument: It cannot be opened.
        """
        with _foreign_faults():
            self._raw = sqlite3.connect(path, isolation_level=None)
            # Other programs may have stored bytes that are no text; one of them must not end everything.
            self._raw.text_factory = _readable

    def stream(self, sql: str, args: tuple[SqlValue, ...] = ()) -> Iterator[Row]:
        """Rows of one statement, a few at a time.

        Raises:
            InvalidArgument: The database is damaged, or has no such table or column.
        """
        with _foreign_faults():
            yield from self._raw.execute(sql, args)

    def close(self) -> None:
        """Release the file."""
        self._raw.close()


def _readable(text: bytes) -> str:
    return text.decode(errors="replace")


@contextmanager
def _foreign_faults() -> Generator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise InvalidArgument(
            f"The source cannot be read as a database: {str(error)[:200]}.",
            next_step="repair it with the program that made it, then import it.",
        ) from None


class Replica:
    """A replica's file in its owner's process. Every call holds the GIL while it waits for the network."""

    def __init__(self, path: Path, address: str, token: str | None) -> None:
        """Open the file, made if missing, and connect.

        Args:
            path: The file.
            address: ``http://`` or ``https://`` URL of the primary.
            token: For the primary.

        Raises:
            ReplicaFault: It cannot be opened, or the primary cannot be reached.
        """
        with _replica_faults():
            self._raw = _libsql.connect(
                str(path), sync_url=address, auth_token=token or "", timeout=0, isolation_level=None
            )

    def sync(self) -> None:
        """Fetch and apply what the primary has that the file has not.

        Raises:
            ReplicaFault: It failed, and nothing or a part of it was applied, whole transactions each.
        """
        with _replica_faults():
            self._raw.sync()

    def run(self, sql: str) -> list[Row]:
        """Run a SELECT on the file."""
        return Connection(self._raw).run(sql)


class ReplicaFault(Exception):
    """What libSQL says of a synchronisation that failed; only a text, with addresses and tokens perhaps in it."""


@contextmanager
def _replica_faults() -> Generator[None]:
    try:
        yield
    except ValueError as error:
        raise ReplicaFault(str(error)) from None
    except BaseException as error:
        # A panic of libSQL is a BaseException of its own; whatever ends the process passes on.
        if type(error).__name__ != "PanicException":
            raise
        raise ReplicaFault(f"panic: {error}") from None
