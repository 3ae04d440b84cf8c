"""The one interface of the storage layer. Services see it and the stores; they never see a connection."""

from collections.abc import Sequence
from typing import Protocol

from swarm_memory.storage.queries import Row, Statement


class Database(Protocol):
    """A store, wherever it is. Every call is bounded in time and raises the storage errors of ``errors.py``."""

    @property
    def mode(self) -> str:
        """``local``, ``replica`` or ``remote``."""
        ...

    @property
    def engine(self) -> str:
        """Name and version of what runs the SQL of reads."""
        ...

    async def read(self, *statements: Statement) -> list[list[Row]]:
        """Run SELECTs on one snapshot; rows of each, in their order."""
        ...

    async def write(self, statements: Sequence[Statement]) -> list[list[Row]]:
        """Run one atomic batch; returns after it is durable, with the rows of each statement.

        Raises:
            Refused: A guard found its rule broken; nothing was written.
            AlreadyThere: A row with this unique name exists; nothing was written.
        """
        ...

    def now(self) -> int:
        """The database's time in milliseconds since 1970 UTC, without asking it; for ``:now`` of reads."""
        ...

    def close(self) -> None:
        """Release everything, without waiting for anyone. Safe to call twice."""
        ...
