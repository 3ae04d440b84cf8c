"""Numbered, append-only schema changes: each one atomic batch that carries its own record.

A migration file ``NNNN_name.sql`` begins with two lines, ``-- min_reader: N`` and ``-- min_writer: N``: the lowest
schema number that a program must know to read, or to write, a store which this migration has been applied to.
"""

import hashlib
import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

import anyio

from swarm_memory.errors import SchemaMismatch, StorageUnavailable
from swarm_memory.storage.driver import AlreadyThere
from swarm_memory.storage.queries import Row, Statement, load_queries

_SQL = load_queries("migrate")
_HEAD = re.compile(r"-- min_reader: (\d+)\n-- min_writer: (\d+)\n")
_FILE = re.compile(r"(\d{4})_(\w+)\.sql")


class ReadsAndWrites(Protocol):
    """What migrating takes of a store; see ``Database``."""

    async def read(self, *statements: Statement) -> list[list[Row]]:
        """Run SELECTs."""
        ...

    async def write(self, statements: Sequence[Statement], /) -> list[list[Row]]:
        """Run one atomic batch."""
        ...


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: its number and name, what it demands, and its statements."""

    number: int
    name: str
    checksum: str
    min_reader: int
    min_writer: int
    statements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Schema:
    """What the store has: the newest migration's number, and whether this program may write to it."""

    number: int
    writable: bool


@dataclass(frozen=True, slots=True)
class _Applied:
    number: int
    name: str
    checksum: str
    min_reader: int
    min_writer: int


def split_statements(script: str) -> tuple[str, ...]:
    """Cut a script into statements; triggers, which hold semicolons themselves, stay whole."""
    statements: list[str] = []
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            statements.append(pending.strip())
            pending = ""
    return tuple(statements)


def parse_migration(file_name: str, text: str) -> Migration:
    """Read one migration from its file's name and text."""
    named, head = _FILE.fullmatch(file_name), _HEAD.match(text)
    if not named or not head:
        raise ValueError(f"{file_name} is not named NNNN_name.sql or lacks its two head lines")
    checksum = hashlib.sha256(text.encode()).hexdigest()
    return Migration(int(named[1]), named[2], checksum, int(head[1]), int(head[2]), split_statements(text))


@cache
def known_migrations() -> tuple[Migration, ...]:
    """All migrations of this program, in order."""
    found = sorted(Path(__file__).with_name("migrations").glob("*.sql"))
    return tuple(parse_migration(item.name, item.read_text("utf-8")) for item in found)


class SchemaKeeper:
    """The schema of one store: brought up at the first use, looked at again where the store says it has changed."""

    def __init__(self, database: ReadsAndWrites) -> None:
        """Keep the schema of this store; it is asked at the first use."""
        self._database = database
        self._schema: Schema | None = None
        self._one_check = anyio.Lock()

    async def present(self, within: float | None = None) -> Schema:
        """The store's schema; nothing is asked where it is known.

        Args:
            within: Seconds to wait for the answer; None: as long as the database does.

        Raises:
            SchemaMismatch: See ``migrate``.
            StorageError: The store cannot be asked.
        """
        if self._schema is not None:
            return self._schema
        try:
            with anyio.fail_after(within):
                async with self._one_check:
                    if self._schema is None:
                        self._schema = await migrate(self._database)
                    return self._schema
        except TimeoutError:
            raise StorageUnavailable(
                f"The primary did not answer within {within:g} s.", next_step="check the network, then try again."
            ) from None

    def knows(self, number: int) -> bool:
        """Whether a copy with the schema of this number can be read, without asking anyone."""
        if self._schema is not None and self._schema.number == number:
            return True
        return number == known_migrations()[-1].number

    def saw(self, number: int) -> None:
        """The store has told its schema's number: look again if another program has changed it."""
        if self._schema is not None and self._schema.number != number:
            self._schema = None


async def migrate(database: ReadsAndWrites, known: Sequence[Migration] | None = None) -> Schema:
    """Bring the store up to this program's schema. Safe when many processes do it at once.

    Args:
        database: Any mode.
        known: The migrations; those of the program unless given.

    Raises:
        SchemaMismatch: An applied migration differs from the program's own, or the store demands a newer program.
    """
    known = known_migrations() if known is None else known
    applied = await _read_applied(database)
    _check(applied, known)
    for migration in known[len(applied) :]:
        await _apply(database, migration)
    applied = await _read_applied(database)
    _check(applied, known)
    mine = known[-1].number
    return Schema(applied[-1].number, writable=max(one.min_writer for one in applied) <= mine)


async def _read_applied(database: ReadsAndWrites) -> list[_Applied]:
    [[(has_table,)]] = await database.read(_SQL["has_migrations"].bind())
    if not has_table:
        return []
    [rows] = await database.read(_SQL["applied_migrations"].bind())
    return [_Applied(*row) for row in rows]  # pyright: ignore[reportArgumentType] - columns as the STRICT table has them


def _check(applied: Sequence[_Applied], known: Sequence[Migration]) -> None:
    for one, mine in zip(applied, known, strict=False):
        if (one.number, one.checksum) != (mine.number, mine.checksum):
            raise SchemaMismatch(
                f"Migration {one.number} ({one.name}) of the store is not the one of this program.",
                next_step="install the released version that made this store, or restore the store from a backup.",
            )
    demanded = max((one.min_reader for one in applied), default=0)
    if demanded > known[-1].number:
        raise SchemaMismatch(
            f"The store has schema {applied[-1].number} and demands a program that knows schema {demanded}; "
            f"this one knows {known[-1].number}.",
            next_step="install a newer swarm-memory.",
        )


async def _apply(database: ReadsAndWrites, migration: Migration) -> None:
    record = _SQL["record_migration"].bind(
        number=migration.number,
        name=migration.name,
        checksum=migration.checksum,
        min_reader=migration.min_reader,
        min_writer=migration.min_writer,
    )
    steps = [Statement(f"{migration.name}_{index}", sql) for index, sql in enumerate(migration.statements)]
    try:
        # The record goes first: if another process was faster, its row stops this batch before anything is made.
        await database.write([_SQL["create_migrations"].bind(), record, *steps])
    except AlreadyThere:
        return
