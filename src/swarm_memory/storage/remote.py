"""Remote mode: reads and writes on the primary. Replica mode uses it for writes, and for what no copy can serve."""

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Final, Self

from swarm_memory.errors import StorageError
from swarm_memory.models.replication import Replication
from swarm_memory.storage.database import Location
from swarm_memory.storage.freshness import (
    POSITION_AND_TIME,
    Freshness,
    Position,
    PrimaryClock,
    note_read,
    oldest_read,
)
from swarm_memory.storage.migrate import Schema, SchemaKeeper
from swarm_memory.storage.primary import Primary
from swarm_memory.storage.queries import Row, Statement

_LOOK_SECONDS: Final = 0.5
"""So often the primary is asked at most whether there is something new."""
_STATUS_SECONDS: Final = 3.0
"""So long a status answer waits for a primary that may be gone."""


class RemoteDatabase:
    """The primary as the store. The first call brings its schema up; every answer tells where its history is."""

    mode = "remote"

    def __init__(self, primary: Primary) -> None:
        """Use this connection; nothing is asked yet."""
        self.primary = primary
        self.clock = PrimaryClock()
        self.seen: Position | None = None
        self._schema = SchemaKeeper(primary)
        self._confirmed_at = 0.0

    @property
    def engine(self) -> str:
        """Of the primary; its SQLite is its own affair."""
        return f"primary at {self.primary.host}"

    async def prepare(self) -> Schema:
        """Bring the schema up, at the first use and after another program has changed it.

        Raises:
            StorageError: The primary cannot be asked, or was made by a newer version.
        """
        return await self._schema.present()

    async def read(self, *statements: Statement) -> list[list[Row]]:
        """Run SELECTs on one snapshot of the primary; rows of each."""
        return await self.read_within(None, *statements)

    async def read_within(self, seconds: float | None, *statements: Statement) -> list[list[Row]]:
        """As ``read``, in so many seconds at most where they are fewer than the time-out."""
        await self._schema.present(within=seconds)
        begin = time.monotonic()
        *rows, [position] = await self.primary.read(*statements, POSITION_AND_TIME, within=seconds)
        self._learn(position, begin)
        note_read(Freshness(self.clock.at(begin), "primary"))
        return rows

    async def write(self, statements: Sequence[Statement]) -> list[list[Row]]:
        """Run one atomic batch on the primary; see ``Primary.write``."""
        await self._schema.present()
        begin = time.monotonic()
        *rows, [position] = await self.primary.write([*statements, POSITION_AND_TIME])
        self._learn(position, begin)
        return rows

    def at(self, location: Location) -> Self:  # noqa: ARG002 - there is one copy only
        """The same: there is no other copy."""
        return self

    def now(self) -> int:
        """The primary's time in milliseconds since 1970 UTC."""
        return self.clock.now()

    def pulse(self) -> object:
        """Another one when the primary was not asked for half a second, or this process has written."""
        return int(time.monotonic() / _LOOK_SECONDS), self.seen

    def freshness(self) -> Freshness:
        """Of the present call's reads."""
        return oldest_read() or Freshness(self.clock.now(), "primary")

    def saw(self, position: Position) -> None:
        """Never read below this position again."""
        self.seen = position.furthest(self.seen)

    def knows(self, schema: int) -> bool:
        """Whether this program can read a copy with the schema of this number."""
        return self._schema.knows(schema)

    def denies(self, epoch: str, since: float) -> bool:
        """Whether a copy that was synchronised at this moment of the monotonic clock is of another history."""
        return self.seen is not None and self.seen.epoch != epoch and 0.0 < self._confirmed_at < since

    async def replication(self) -> Replication:
        """The primary, asked now."""
        with suppress(StorageError):
            await self.read_within(_STATUS_SECONDS)
        contact = self.primary.contact
        error = contact.last_error
        return Replication(
            primary=self.primary.host,
            round_trip=contact.round_trip,
            reachable=not contact.failed_at,
            error=error.message if error else None,
            remedy=error.next_step if error else None,
        )

    async def synchronise(self, seconds: float) -> bool:  # noqa: ARG002 - there is no copy
        """Nothing to do: every read is of the primary."""
        return True

    def close(self) -> None:
        """Take no more calls."""
        self.primary.close()

    async def aclose(self) -> None:
        """Close, and end the connections in order."""
        await self.primary.aclose()

    def _learn(self, row: Row, begin: float) -> None:
        position = Position.of(row)
        self.clock.sample(int(str(row[3])), begin, time.monotonic())
        self.saw(position)
        self._confirmed_at = begin
        self._schema.saw(position.schema)
