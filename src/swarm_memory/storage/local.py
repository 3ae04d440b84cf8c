"""Local mode: one libSQL file in WAL mode, shared by every process of the machine."""

import os
import random
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, Literal, TypeVar

import anyio

from swarm_memory.errors import StorageBusy, StorageUnavailable
from swarm_memory.storage.driver import Connection, GuardRaised, Refused, connect, engine_name
from swarm_memory.storage.queries import Row, Statement

_T = TypeVar("_T")

# Waits between two tries for the lock, in seconds: drawn evenly between a floor and a ceiling that doubles.
_WAIT_FLOOR: Final = 0.0005
_WAIT_FIRST_CEILING: Final = 0.002
_WAIT_LAST_CEILING: Final = 0.03

_PRAGMAS: Final = ("PRAGMA temp_store = MEMORY", "PRAGMA journal_size_limit = 67108864")


class LocalDatabase:
    """The local file. Calls run on the event loop: each takes microseconds, and the driver holds the GIL anyway.

    A batch runs from BEGIN IMMEDIATE to COMMIT without an await in between, so cancellation never cuts it.
    """

    mode = "local"

    def __init__(self, connection: Connection, path: Path, busy_timeout: float, engine: str) -> None:
        """Wrap an open connection; use ``open_local``."""
        self._connection = connection
        self._path = path
        self._busy_timeout = busy_timeout
        self._writer = anyio.Lock()
        self._closed = False
        self.engine = engine

    async def read(self, *statements: Statement) -> list[list[Row]]:
        """Run SELECTs on one snapshot; rows of each, in their order."""
        return await self._when_free(lambda: self._read(statements))

    async def write(self, statements: Sequence[Statement]) -> list[list[Row]]:
        """Run one atomic batch under the file's write lock.

        Raises:
            Refused: A guard found its rule broken; nothing was written.
            StorageBusy: Other processes held the lock for the whole time-out; nothing was written.
        """
        # First come, first served within the process: only one task polls for the lock of the file.
        async with self._writer:
            return await self._when_free(lambda: self._commit(statements))

    def now(self) -> int:
        """Milliseconds since 1970 UTC: the database's clock is this machine's."""
        return time.time_ns() // 1_000_000

    def close(self) -> None:
        """Close the file; the last process that does so folds the WAL into it."""
        if not self._closed:
            self._closed = True
            self._connection.close()

    def _read(self, statements: Sequence[Statement]) -> list[list[Row]]:
        if len(statements) == 1:
            return [self._connection.run(statements[0].sql, statements[0].args)]
        self._connection.run("BEGIN")
        try:
            return [self._connection.run(statement.sql, statement.args) for statement in statements]
        finally:
            self._connection.run("COMMIT")

    def _commit(self, statements: Sequence[Statement]) -> list[list[Row]]:
        self._connection.run("BEGIN IMMEDIATE")
        try:
            results = [self._step(statement, index) for index, statement in enumerate(statements)]
            self._connection.run("COMMIT")
        except BaseException:
            # Some errors end the transaction by themselves; then there is nothing left to roll back.
            with suppress(ValueError, StorageBusy, StorageUnavailable):
                self._connection.run("ROLLBACK")
            raise
        return results

    def _step(self, statement: Statement, index: int) -> list[Row]:
        try:
            return self._connection.run(statement.sql, statement.args)
        except GuardRaised:
            raise Refused(statement.name, index) from None

    async def _when_free(self, attempt: Callable[[], _T]) -> _T:
        """Try until the lock is free, with random waits so that processes do not march in step."""
        if self._closed:
            raise StorageUnavailable("The store is closed: the server is ending.", next_step="start the server again.")
        deadline = time.monotonic() + self._busy_timeout
        ceiling = _WAIT_FIRST_CEILING
        while True:
            try:
                return attempt()
            except StorageBusy as busy:
                if time.monotonic() >= deadline:
                    raise StorageBusy(
                        f"Other writers held the store for {self._busy_timeout:g} s; nothing was written.",
                        next_step="try again; if it persists, `swarm-memory doctor` shows who has the file open.",
                    ) from busy
            await anyio.sleep(random.uniform(_WAIT_FLOOR, ceiling))  # noqa: S311 - jitter, not a secret
            ceiling = min(ceiling * 2, _WAIT_LAST_CEILING)


async def open_local(
    path: Path,
    *,
    busy_timeout: float = 30.0,
    durability: Literal["normal", "full"] = "normal",
    force_sqlite: bool = False,
) -> LocalDatabase:
    """Open the file, made with its directory if missing, readable by its owner only. The schema is ``migrate``'s.

    Args:
        path: The database file.
        busy_timeout: Seconds a call waits for other processes.
        durability: ``full`` syncs every commit to the disk; ``normal`` may lose the last moments at a power loss.
        force_sqlite: See ``driver.connect``.

    Raises:
        StorageUnavailable: The directory or file cannot be made or opened.
        StorageCorrupt: The file is no database.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # SQLite gives its side files the mode of the file itself.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise StorageUnavailable(
            f"The store {path} cannot be made or opened: {error.strerror}.",
            next_step="check the permissions, or set SWARM_MEMORY_HOME to a directory that may be written.",
        ) from error
    connection = connect(path, force_sqlite=force_sqlite)
    database = LocalDatabase(connection, path, busy_timeout, engine_name(force_sqlite=force_sqlite))
    try:
        # Turning WAL on takes the lock, and two processes may open a fresh file at once.
        await database._when_free(lambda: connection.run("PRAGMA journal_mode = WAL"))  # noqa: SLF001 - its own module
        for pragma in (*_PRAGMAS, f"PRAGMA synchronous = {durability}"):
            connection.run(pragma)
    except BaseException:
        connection.close()
        raise
    return database
