"""Stores on a primary, opened as the program opens them."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from children import PATIENCE

from swarm_memory.models.replication import Replication
from swarm_memory.storage.database import Location
from swarm_memory.storage.freshness import Freshness, begin_call, oldest_read
from swarm_memory.storage.migrate import Schema
from swarm_memory.storage.primary import Primary
from swarm_memory.storage.queries import Row, Statement
from swarm_memory.storage.remote import RemoteDatabase
from swarm_memory.storage.replica import ReplicaDatabase, open_replica


@asynccontextmanager
async def a_remote(url: str, token: str | None = None, *, patience: float = 5.0) -> AsyncGenerator[RemoteDatabase]:
    """The primary itself.

    Args:
        url: Of the primary.
        token: For it.
        patience: Seconds for a call.
    """
    remote = RemoteDatabase(Primary(url, token, patience))
    try:
        await remote.prepare()
        yield remote
    finally:
        await remote.aclose()


@asynccontextmanager
async def a_replica(
    url: str, directory: Path, token: str | None = None, *, patience: float = 5.0, lasting: bool = True
) -> AsyncGenerator[ReplicaDatabase]:
    """A replica that this process helps to keep, unless ``lasting`` is false; nothing is waited for.

    Args:
        url: Of the primary.
        directory: Of the replica's files.
        token: For the primary.
        patience: Seconds for a call of the primary.
        lasting: See ``open_replica``.
    """
    remote = RemoteDatabase(Primary(url, token, patience))
    replica = open_replica(remote, directory, token, lasting=lasting)
    try:
        yield replica
    finally:
        await replica.aclose()


class Settled:
    """A replica whose reads are those of its copy, after it has caught up: the copy itself is what is tested."""

    def __init__(self, replica: ReplicaDatabase) -> None:
        self.replica = replica
        self._copy = replica.at("replica")
        self.mode = replica.mode
        self.engine = replica.engine

    async def prepare(self) -> Schema:
        return await self.replica.prepare()

    async def read(self, *statements: Statement) -> list[list[Row]]:
        await self.replica.prepare()
        assert await self.replica.synchronise(PATIENCE)
        begin_call()
        rows = await self._copy.read(*statements)
        read = oldest_read()
        assert read is not None
        assert read.place == "replica"
        return rows

    async def write(self, statements: Sequence[Statement]) -> list[list[Row]]:
        return await self.replica.write(statements)

    def at(self, location: Location) -> "Settled | ReplicaDatabase":
        return self.replica.at("primary") if location == "primary" else self

    def now(self) -> int:
        return self.replica.now()

    def pulse(self) -> object:
        return self.replica.pulse()

    def freshness(self) -> Freshness:
        return self.replica.freshness()

    async def replication(self) -> Replication:
        return await self.replica.replication()

    async def synchronise(self, seconds: float) -> bool:
        return await self.replica.synchronise(seconds)

    def close(self) -> None:
        self.replica.close()

    async def aclose(self) -> None:
        await self.replica.aclose()
