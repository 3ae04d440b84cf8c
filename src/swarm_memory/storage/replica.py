"""Replica mode: reads from this machine's copy where it is fresh, all else on the primary."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final, Self

from swarm_memory.errors import PrimaryRefused, StorageBusy, StorageCorrupt, StorageError, StorageUnavailable
from swarm_memory.models.replication import Replication
from swarm_memory.storage.beacon import Ring, State
from swarm_memory.storage.copy import Copy
from swarm_memory.storage.database import Location
from swarm_memory.storage.driver import engine_name
from swarm_memory.storage.freshness import Freshness, note_read, oldest_read
from swarm_memory.storage.keeper import Keeper
from swarm_memory.storage.migrate import Schema
from swarm_memory.storage.queries import Row, Statement
from swarm_memory.storage.remote import RemoteDatabase

FRESH_SECONDS: Final = 1.0
"""Age up to which the copy serves reads without asking the primary."""
_PATIENCE: Final = 2.5
"""Seconds a read waits for the primary where an older copy could serve it."""
_PROBE_EVERY: Final = 2.0
"""Seconds between two looks whether a primary that was out of reach is back."""

_SYNC_REMEDY: Final = (
    "check the network, the primary's URL and its token; the replica follows by itself once they work."
)

_Rows = list[list[Row]]


class ReplicaDatabase:
    """One store in two places. A process never reads below the last change that it has written or seen."""

    mode = "replica"

    def __init__(self, remote: RemoteDatabase, keeper: Keeper, copy: Copy | None = None, at: Location = "auto") -> None:
        """Use this primary, this owner of the copy, and read ``at`` this place."""
        self.remote = remote
        self.keeper = keeper
        self._copy = copy or Copy()
        self._at: Location = at
        self._probe: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def engine(self) -> str:
        """What reads the copy."""
        return engine_name("libsql")

    async def prepare(self) -> Schema:
        """Bring the primary's schema up."""
        return await self.remote.prepare()

    async def read(self, *statements: Statement) -> _Rows:
        """Run SELECTs on one snapshot: of the copy if it is fresh, else of the primary, else of the copy as it is."""
        if self.remote.primary.is_closed:
            raise StorageUnavailable("The store is closed: the server is ending.", next_step="start the server again.")
        self.keeper.ring_active()
        state = self.keeper.state()
        if self._at == "replica":
            return self._as_it_is(state, statements)
        if self._at == "auto" and state.age() <= FRESH_SECONDS:
            found = self._from_copy(state, statements)
            if found is not None:
                return found
        self.keeper.ring(Ring.SYNC)
        if self._at == "primary":
            return await self.remote.read(*statements)
        return await self._from_primary(statements)

    async def write(self, statements: Sequence[Statement]) -> _Rows:
        """Run one batch on the primary; the copy follows at once."""
        self.keeper.ring_active()
        rows = await self.remote.write(statements)
        self.keeper.ring(Ring.SYNC)
        return rows

    def at(self, location: Location) -> Self:
        """The same store, read at a place: ``replica`` as it is, ``primary`` never from the copy."""
        return self if location == self._at else type(self)(self.remote, self.keeper, self._copy, location)

    def now(self) -> int:
        """The primary's time in milliseconds since 1970 UTC."""
        return self.remote.now()

    def pulse(self) -> object:
        """Another one when the copy was synchronised, this process has written, or neither for a second."""
        state = self.keeper.state()
        return state.generation, state.syncs, self.remote.seen, int(time.monotonic() / FRESH_SECONDS)

    def freshness(self) -> Freshness:
        """Of the present call's reads, else of the copy."""
        return oldest_read() or self._freshness_of(self.keeper.state())

    async def replication(self) -> Replication:
        """The primary, asked now, and the copy."""
        told = await self.remote.replication()
        state = self.keeper.state()
        lag = None
        with suppress(StorageError):
            found = self._copy.read(self.keeper.path(state), ()) if state.ready else None
            if found is not None and self.remote.seen is not None:
                lag = max(0, self.remote.seen.seq - found[0].seq)
        failing = self.keeper.fault or (state.error if state.failing_since else None)
        return replace(
            told,
            owner=state.owner if self.keeper.has_owner() else None,
            is_owner=self.keeper.is_owner,
            age=round(state.age(), 3) if state.ready else None,
            lag=lag,
            syncs=state.syncs,
            error=told.error or failing,
            remedy=told.remedy or (self._remedy() if failing else None),
        )

    def _remedy(self) -> str:
        if self.keeper.fault:
            return "start the server again; if it stays, install swarm-memory again, or set SWARM_MEMORY_MODE=remote."
        return _SYNC_REMEDY

    async def synchronise(self, seconds: float) -> bool:
        """Have the copy brought up to date; False where it was not within so many seconds."""
        begin = time.monotonic()
        self.keeper.ring(Ring.SYNC)
        return await self.keeper.wait_for(lambda state: state.ready and state.synced_at >= begin, seconds)

    def close(self) -> None:
        """Close the copy, end the owner if it is this process's, take no more calls."""
        if not self._closed:
            self._closed = True
            if self._probe is not None:
                self._probe.cancel()
            self.keeper.close()
            self._copy.close()
            self.remote.close()

    async def aclose(self) -> None:
        """Close, and end the connections in order."""
        self.close()
        await self.remote.aclose()

    async def _from_primary(self, statements: Sequence[Statement]) -> _Rows:
        if self.remote.primary.contact.failed_at:
            # A read a second that waits for a dead network would be too many: somebody else looks.
            self._start_probe()
            found = self._from_copy(self.keeper.state(), statements)
            if found is not None:
                return found
        has_copy = self.keeper.state().ready
        if has_copy and self.remote.primary.contact.failed_at:
            raise StorageUnavailable(
                "The primary is out of reach, and the copy here does not have the last change of this server yet.",
                next_step="try again in a while; search_knowledge with location 'replica' reads the copy as it is.",
            )
        try:
            return await self.remote.read_within(_PATIENCE if has_copy else None, *statements)
        except (StorageUnavailable, PrimaryRefused, StorageBusy):
            found = self._from_copy(self.keeper.state(), statements)
            if found is None:
                raise
            return found

    def _as_it_is(self, state: State, statements: Sequence[Statement]) -> _Rows:
        """What the copy has, for a caller who asked for it, however old it is."""
        found = self._copy.read(self.keeper.path(state), statements) if state.ready else None
        if found is None:
            raise StorageUnavailable(
                "There is no replica on this machine yet.", next_step="leave location out, or try again in a while."
            )
        note_read(self._freshness_of(state))
        return found[1]

    def _from_copy(self, state: State, statements: Sequence[Statement]) -> _Rows | None:
        """What the copy has; None where there is none, or it would be a step back for this process."""
        if not state.ready or self._closed:
            return None
        freshness = self._freshness_of(state)
        try:
            found = self._copy.read(self.keeper.path(state), statements)
        except StorageCorrupt:
            self.keeper.ring(Ring.REBUILD)
            return None
        except StorageError:
            return None
        if found is None:
            self.keeper.ring(Ring.SYNC)
            return None
        position, rows = found
        if self.remote.denies(position.epoch, since=state.synced_at):
            self.keeper.ring(Ring.REBUILD)
        if not position.reaches(self.remote.seen) or not self.remote.knows(position.schema):
            return None
        self.remote.saw(position)
        note_read(freshness)
        return rows

    def _freshness_of(self, state: State) -> Freshness:
        age = state.age()
        if not state.ready:
            return self.remote.freshness()
        stale_for = round(age, 3) if age > FRESH_SECONDS else None
        return Freshness(self.remote.clock.at(state.synced_at), "replica", stale_for)

    def _start_probe(self) -> None:
        if self._probe is None or self._probe.done():
            self._probe = asyncio.get_running_loop().create_task(self._probe_primary())

    async def _probe_primary(self) -> None:
        """Ask the primary now and then, until it answers."""
        while self.remote.primary.contact.failed_at and not self._closed:
            with suppress(StorageError):
                await self.remote.read()
            await asyncio.sleep(_PROBE_EVERY)


def open_replica(remote: RemoteDatabase, directory: Path, token: str | None, *, lasting: bool) -> ReplicaDatabase:
    """The machine's replica of a primary.

    Args:
        remote: The primary.
        directory: Of the replica's files.
        token: For the primary.
        lasting: Help to keep the replica while it is open; False for a process that soon ends: it uses what is there.

    Raises:
        StorageUnavailable: The directory cannot be made or used.
    """
    try:
        keeper = Keeper(directory, remote.primary.address, token)
    except OSError as error:
        raise StorageUnavailable(
            f"The replica's directory {directory} cannot be made or used: {error.strerror}.",
            next_step="check the permissions, or set SWARM_MEMORY_HOME to a directory that may be written.",
        ) from error
    if lasting:
        keeper.start()
    return ReplicaDatabase(remote, keeper)
