"""The one interface of the storage layer. Services see it and the stores; they never see a connection."""

from collections.abc import Sequence
from typing import Literal, Protocol, Self

from swarm_memory.models.replication import Replication
from swarm_memory.storage.freshness import Freshness
from swarm_memory.storage.migrate import Schema
from swarm_memory.storage.queries import Row, Statement

Location = Literal["auto", "replica", "primary"]


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

    async def prepare(self) -> Schema:
        """See to it that the store has this program's schema; costs nothing once that is known.

        Raises:
            SchemaMismatch: The store was made by a version that this one cannot work with.
        """
        ...

    async def read(self, *statements: Statement) -> list[list[Row]]:
        """Run SELECTs on one snapshot; rows of each, in their order."""
        ...

    async def write(self, statements: Sequence[Statement]) -> list[list[Row]]:
        """Run one atomic batch; returns after it is durable, with the rows of each statement.

        A batch for a primary is sent again if its answer is lost: it must hold a guard against being done twice.

        Raises:
            Refused: A guard found its rule broken; nothing was written.
            AlreadyThere: A row with this unique name exists; nothing was written.
        """
        ...

    def at(self, location: Location) -> Self:
        """The same store, read where the caller wants it; where there is one copy only, that one."""
        ...

    def now(self) -> int:
        """The database's time in milliseconds since 1970 UTC, without asking it; for ``:now`` of reads."""
        ...

    def pulse(self) -> object:
        """Something that differs when a read may find what it did not find before; costs no read.

        For whoever looks many times a second whether there is something new.
        """
        ...

    def freshness(self) -> Freshness:
        """What an answer may claim of the reads of the present call; of one made now, where there was none."""
        ...

    async def replication(self) -> Replication | None:
        """The primary, asked now, and the copy; None for a local file."""
        ...

    async def synchronise(self, seconds: float) -> bool:
        """Have the copy that is read brought up to date; False where that took longer than so many seconds."""
        ...

    def close(self) -> None:
        """Release everything, without waiting for anyone. Safe to call twice."""
        ...

    async def aclose(self) -> None:
        """Close, and end connections in order: for a process that goes on."""
        ...
