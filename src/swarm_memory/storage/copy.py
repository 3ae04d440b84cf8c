"""The replica's file as this process reads it: read-only, reopened where the owner has made another one."""

from collections.abc import Sequence
from pathlib import Path

from swarm_memory.errors import StorageBusy, StorageError
from swarm_memory.storage.driver import Connection, connect_copy
from swarm_memory.storage.freshness import POSITION, Position
from swarm_memory.storage.queries import Row, Statement

_TRIES = 3


class Copy:
    """A connection to the replica, opened at the first read."""

    def __init__(self) -> None:
        """Open nothing yet."""
        self._connection: Connection | None = None
        self._file: tuple[Path, int] | None = None

    def read(self, path: Path, statements: Sequence[Statement]) -> tuple[Position, list[list[Row]]] | None:
        """Run SELECTs on one snapshot of the file at ``path``, and tell where in its history that is.

        Returns:
            None where there is no file, or it holds no store yet.

        Raises:
            StorageCorrupt: The file is damaged.
            StorageError: It cannot be read now.
        """
        for tries_left in reversed(range(_TRIES)):
            try:
                return self._read(path, statements)
            except StorageBusy:
                # The owner is just truncating the WAL, or recovers it: microseconds.
                if not tries_left:
                    raise
            except StorageError:
                self.close()
                if not tries_left or not path.exists():
                    raise
        return None

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = self._file = None

    def _read(self, path: Path, statements: Sequence[Statement]) -> tuple[Position, list[list[Row]]] | None:
        try:
            file = (path, path.stat().st_ino)
        except FileNotFoundError:
            self.close()
            return None
        if self._file != file or self._connection is None:
            self.close()
            connection = connect_copy(path)
            self._connection, self._file = connection, file
        try:
            return self._snapshot(self._connection, statements)
        except ValueError as error:  # libSQL's own error, for a statement that does not prepare
            if "no such table" in str(error) or "no such column" in str(error):
                return None
            raise

    def _snapshot(self, connection: Connection, statements: Sequence[Statement]) -> tuple[Position, list[list[Row]]]:
        connection.run("BEGIN")
        try:
            [position] = connection.run(POSITION.sql)
            rows = [connection.run(statement.sql, statement.args) for statement in statements]
        finally:
            connection.roll_back()
        return Position.of(position), rows


def run_on_copy(path: Path, statement: Statement) -> None:
    """Run one statement on a connection of its own, outside of a transaction.

    Raises:
        StorageError: The file cannot be read.
    """
    connection = connect_copy(path)
    try:
        connection.run(statement.sql, statement.args)
    finally:
        connection.close()
