"""Reads a database of another program, which may be running: from a copy, so that nothing of it is touched."""

import shutil
import tempfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from swarm_memory.errors import InvalidArgument
from swarm_memory.storage.driver import ForeignConnection
from swarm_memory.storage.queries import Row, Statement, load_queries

_SQL = load_queries("others/foreign")
_HEAD: Final = b"SQLite format 3\0"
_TRIES: Final = 5


def is_database(path: Path) -> bool:
    """Whether the file is one of SQLite's."""
    with path.open("rb") as file:
        return file.read(len(_HEAD)) == _HEAD


class ForeignDatabase:
    """A copy of the database as it was a moment ago."""

    def __init__(self, connection: ForeignConnection) -> None:
        """Read from this connection; use ``open_foreign``."""
        self._connection = connection
        self.tables: dict[str, set[str]] = {}
        for table, column in connection.stream(_SQL["columns"].sql):
            self.tables.setdefault(str(table), set()).add(str(column))

    def has(self, table: str, *columns: str) -> bool:
        """Whether there is a table with these columns."""
        return table in self.tables and self.tables[table] >= set(columns)

    def rows(self, query: Statement) -> Iterator[Row]:
        """Rows of a SELECT, a few at a time.

        Raises:
            InvalidArgument: The database is damaged, or its tables are not as expected.
        """
        return self._connection.stream(query.sql, query.args)

    def count(self, table: str) -> int:
        """Rows of a table that is there."""
        quoted = '"{}"'.format(table.replace('"', '""'))
        [(count,)] = self._connection.stream(_SQL["count"].sql.replace("{table}", quoted))
        return int(str(count))


@contextmanager
def open_foreign(path: Path) -> Generator[ForeignDatabase]:
    """Open a copy of the database, with its WAL, in a directory of its own that is gone behind the block.

    Raises:
        InvalidArgument: It is written all the time, or is no sound database.
    """
    with tempfile.TemporaryDirectory(prefix="swarm-memory-") as folder:
        copy = Path(folder) / "source.db"
        _copy(path, copy)
        connection = ForeignConnection(copy)
        try:
            for _ in connection.stream(_SQL["harmless"].sql):
                pass
            yield ForeignDatabase(connection)
        finally:
            connection.close()


def _copy(path: Path, copy: Path) -> None:
    pairs = [(Path(f"{path}{suffix}"), Path(f"{copy}{suffix}")) for suffix in ("", "-wal")]
    for _ in range(_TRIES):
        before = [_state(source) for source, _ in pairs]
        for source, target in pairs:
            target.unlink(missing_ok=True)
            if source.is_file():
                shutil.copyfile(source, target)
        if [_state(source) for source, _ in pairs] == before:
            return
    raise InvalidArgument(f"{path} is being written all the time.", next_step="end the program that writes it first.")


def _state(path: Path) -> tuple[int, int, int] | None:
    try:
        told = path.stat()
    except FileNotFoundError:
        return None
    return told.st_ino, told.st_size, told.st_mtime_ns
