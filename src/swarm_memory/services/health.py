"""memory_status: mode, engine, freshness, counts, size and version, always the truth."""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from swarm_memory.models.replication import Replication
from swarm_memory.storage.budget import one_time_out
from swarm_memory.storage.database import Database
from swarm_memory.storage.freshness import Freshness, begin_call
from swarm_memory.storage.health import Counts, HealthReads

_SYNC_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class Status:
    """The store as it is now.

    Attributes:
        schema: Number of its schema; None while a primary is out of reach.
        bytes: Size on this disk, WAL included.
        path: Where it is; empty where nothing is on this disk.
    """

    mode: str
    engine: str
    schema: int | None
    counts: Counts
    bytes: int
    path: str
    replication: Replication | None


@contextmanager
def one_call() -> Generator[None]:
    """A call runs inside: one time-out for all its requests to the primary, and its answer tells of its own reads."""
    begin_call()
    with one_time_out():
        yield


class HealthService:
    """Answers what state the store is in."""

    def __init__(self, database: Database, health: HealthReads, path: Path | None) -> None:
        """Tell of this database, whose files begin with ``path`` (a directory: are in it)."""
        self._database = database
        self._health = health
        self._path = path

    @property
    def mode(self) -> str:
        """The storage mode."""
        return self._database.mode

    def now(self) -> int:
        """The database's time in milliseconds since 1970 UTC."""
        return self._database.now()

    def freshness(self) -> Freshness:
        """What the present call's answer may claim of what it has read."""
        return self._database.freshness()

    async def status(self, project: str, *, sync: bool = False) -> Status:
        """Everything a status answer tells.

        Args:
            project: Whose memories to count.
            sync: Bring this machine's copy up to date first, if it can be done in two seconds.
        """
        if sync:
            await self._database.synchronise(_SYNC_SECONDS)
        replication = await self._database.replication()
        schema = None
        if replication is None or replication.reachable:
            schema = (await self._database.prepare()).number
        return Status(
            self._database.mode,
            self._database.engine,
            schema,
            await self._health.counts(project),
            sum(part.stat().st_size for part in self._files()),
            str(self._path or ""),
            replication,
        )

    async def replication(self) -> Replication | None:
        """The way to the primary, asked now, and this machine's copy; None for a local store."""
        return await self._database.replication()

    async def projects(self) -> list[tuple[str, int]]:
        """The twenty largest projects, with their number of memories."""
        return await self._health.projects(20)

    async def check(self) -> list[str]:
        """Faults of the file that stayed through three checks; empty for a sound one."""
        faults: list[str] = []
        for _ in range(3):
            faults = await self._health.check()
            if not faults:
                break
        return faults

    def _files(self) -> list[Path]:
        if self._path is None:
            return []
        if self._path.is_dir():
            return [part for part in self._path.glob("replica-*") if part.is_file()]
        parts = (Path(f"{self._path}{suffix}") for suffix in ("", "-wal"))
        return [part for part in parts if part.exists()]
