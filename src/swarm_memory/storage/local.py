"""Local mode: one libSQL file in WAL mode, shared by every process of the machine."""

import asyncio
import os
import random
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final, Literal, Self, TypeVar

import anyio

from swarm_memory.errors import StorageBusy, StorageUnavailable
from swarm_memory.storage.database import Location
from swarm_memory.storage.driver import Connection, Engine, GuardRaised, Refused, choose_engine, connect, engine_name
from swarm_memory.storage.freshness import Freshness
from swarm_memory.storage.migrate import Schema, SchemaKeeper
from swarm_memory.storage.queries import Row, Statement
from swarm_memory.storage.turn import Turn

_T = TypeVar("_T")

# Longest waits between two tries for the write lock, in seconds: each draws from the upper half, and the bound doubles
# from the first to the last. Long ones pay: whoever has the lock goes on writing from warm caches, while polls and
# hand-overs would cost more than the writes (docs/decisions/0006).
_WAIT_FIRST: Final = 0.004
_WAIT_LAST: Final = 0.2

# A checkpoint writes each page once however often it changed: with 4,000 pages (16 MB of WAL) in between instead of
# 1,000, 32 processes write 6 % more, and a checkpoint still takes under 40 ms.
_PRAGMAS: Final = (
    "PRAGMA wal_autocheckpoint = 4000",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA journal_size_limit = 67108864",
)


class LocalDatabase:
    """The local file. Reads run on the event loop: they take microseconds, less than a thread would.

    A batch runs from BEGIN IMMEDIATE to COMMIT without an await in between, so cancellation never cuts it, and no read
    sees an open transaction.
    """

    mode = "local"

    def __init__(self, connection: Connection, turn: Turn, busy_timeout: float, engine: str) -> None:
        """Wrap an open connection; use ``open_local``."""
        self._connection = connection
        self._turn = turn
        self._busy_timeout = busy_timeout
        self._one_batch = anyio.Lock()
        self._closed = False
        self._schema = SchemaKeeper(self)
        self.engine = engine

    async def prepare(self) -> Schema:
        """Bring the schema up, at the first use."""
        return await self._schema.present()

    async def read(self, *statements: Statement) -> list[list[Row]]:
        """Run SELECTs on one snapshot; rows of each, in their order."""
        try:
            return self._read(statements)
        except StorageBusy:  # rare: another process is just recovering or truncating the WAL
            return await self.until_free(lambda: self._read(statements))

    async def write(self, statements: Sequence[Statement]) -> list[list[Row]]:
        """Run one atomic batch under the file's write lock.

        Raises:
            Refused: A guard found its rule broken; nothing was written.
            StorageBusy: Other processes held the lock for the whole time-out; nothing was written.
        """
        begin = time.monotonic()
        await self._queue()
        try:
            # Whoever keeps the turn longer than half the time-out is no writer; SQLite's own lock still counts.
            insist = begin + self._busy_timeout / 2
            attempt = partial(self._in_turn, lambda: self._commit(statements), insist)
            return await self.until_free(attempt, begin + self._busy_timeout)
        finally:
            self._one_batch.release()

    async def alone(self, statement: Statement) -> list[Row]:
        """Run one statement that cannot be in a transaction, in this process's turn to write.

        Raises:
            StorageBusy: As for ``write``.
        """
        begin = time.monotonic()
        await self._queue()
        try:
            insist = begin + self._busy_timeout / 2
            attempt = partial(self._in_turn, lambda: self._connection.run(statement.sql, statement.args), insist)
            return await self.until_free(attempt, begin + self._busy_timeout)
        finally:
            self._one_batch.release()

    async def _queue(self) -> None:
        """Wait until no other call of this process writes."""
        try:
            self._one_batch.acquire_nowait()
        except anyio.WouldBlock:
            try:
                with anyio.fail_after(self._busy_timeout):
                    await self._one_batch.acquire()
            except TimeoutError:
                raise self._busy() from None

    def at(self, location: Location) -> Self:  # noqa: ARG002 - there is one copy only
        """The same: there is no other copy."""
        return self

    def pulse(self) -> object:
        """Always another one: no look is cheaper than a read of the file."""
        return time.monotonic_ns()

    def freshness(self) -> Freshness:
        """Now: reads see the file that is written."""
        return Freshness(self.now(), "local")

    async def replication(self) -> None:
        """Nothing: there is no primary."""

    async def synchronise(self, seconds: float) -> bool:  # noqa: ARG002 - there is no other copy
        """Nothing to do: every read is of the file itself."""
        return True

    def now(self) -> int:
        """Milliseconds since 1970 UTC: the database's clock is this machine's."""
        return time.time_ns() // 1_000_000

    def close(self) -> None:
        """Close the file; the last process that does so folds the WAL into it."""
        if not self._closed:
            self._closed = True
            self._connection.close()
            self._turn.close()

    async def aclose(self) -> None:
        """Close."""
        self.close()

    def _read(self, statements: Sequence[Statement]) -> list[list[Row]]:
        self._refuse_if_closed()
        if len(statements) == 1:
            return [self._connection.run(statements[0].sql, statements[0].args)]
        self._connection.run("BEGIN")
        try:
            results = [self._connection.run(statement.sql, statement.args) for statement in statements]
            self._connection.run("COMMIT")
        except BaseException:
            self._connection.roll_back()
            raise
        return results

    def _in_turn(self, work: Callable[[], _T], insist: float) -> _T:
        self._refuse_if_closed()
        if not self._turn.try_take():
            if time.monotonic() >= insist:
                return work()
            raise StorageBusy("Another process is writing.", next_step="try again.")
        try:
            return work()
        finally:
            self._turn.give_back()

    def _commit(self, statements: Sequence[Statement]) -> list[list[Row]]:
        self._connection.run("BEGIN IMMEDIATE")
        try:
            results = [self._step(statement, index) for index, statement in enumerate(statements)]
            self._connection.run("COMMIT")
        except BaseException:
            self._connection.roll_back()
            raise
        return results

    def _step(self, statement: Statement, index: int) -> list[Row]:
        try:
            return self._connection.run(statement.sql, statement.args)
        except GuardRaised:
            raise Refused(statement.name, index) from None

    def _busy(self) -> StorageBusy:
        return StorageBusy(
            f"Other writers held the store for {self._busy_timeout:g} s; nothing was written.",
            next_step="try again; if it persists, end the process that holds the file open.",
        )

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise StorageUnavailable("The store is closed: the server is ending.", next_step="start the server again.")

    async def until_free(self, attempt: Callable[[], _T], deadline: float | None = None) -> _T:
        """Try until SQLite's lock is free, with random waits so that processes do not march in step.

        Args:
            attempt: Raises ``StorageBusy`` while it is not.
            deadline: Of the monotonic clock; None: the busy time-out from now.
        """
        deadline = time.monotonic() + self._busy_timeout if deadline is None else deadline
        ceiling = _WAIT_FIRST
        while True:
            try:
                return attempt()
            except StorageBusy as busy:
                if time.monotonic() >= deadline:
                    raise self._busy() from busy
            await asyncio.sleep(random.uniform(ceiling / 2, ceiling))  # noqa: S311 - jitter, not a secret
            ceiling = min(ceiling * 2, _WAIT_LAST)


async def open_local(
    path: Path,
    *,
    busy_timeout: float = 30.0,
    durability: Literal["normal", "full"] = "normal",
    engine: Engine | Literal["auto"] = "auto",
) -> LocalDatabase:
    """Open the file, made with its directory if missing, readable by its owner only. The schema is ``migrate``'s.

    Args:
        path: The database file.
        busy_timeout: Seconds a call waits for other processes.
        durability: ``full`` syncs every commit to the disk; ``normal`` may lose the last moments at a power loss.
        engine: See ``driver.choose_engine``.

    Raises:
        StorageUnavailable: The directory or file cannot be made or opened.
        StorageCorrupt: The file is no database.
    """
    chosen = choose_engine(engine)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make_private(path)
        turn = Turn(path)
    except OSError as error:
        raise StorageUnavailable(
            f"The store {path} cannot be made or opened: {error.strerror}.",
            next_step="check the permissions, or set SWARM_MEMORY_HOME to a directory that may be written.",
        ) from error
    try:
        connection = connect(path, chosen)
    except BaseException:
        turn.close()
        raise
    database = LocalDatabase(connection, turn, busy_timeout, engine_name(chosen))
    try:
        # Turning WAL on takes the lock, and two processes may open a fresh file at once.
        await database.until_free(lambda: connection.run("PRAGMA journal_mode = WAL"))
        for pragma in (*_PRAGMAS, f"PRAGMA synchronous = {durability}"):
            connection.run(pragma)
    except BaseException:
        database.close()
        raise
    return database


def _make_private(path: Path) -> None:
    """Make an empty file that only its owner may read; SQLite gives its side files the same mode.

    One that exists is not opened: closing any descriptor of a file drops all locks that this process has on it, also
    SQLite's if it has the file open.
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
