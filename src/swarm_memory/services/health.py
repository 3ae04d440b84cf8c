"""memory_status: mode, engine, freshness, counts, size and version, always the truth."""

from dataclasses import dataclass
from pathlib import Path

from swarm_memory.models.memory import iso
from swarm_memory.storage.database import Database
from swarm_memory.storage.health import Counts, HealthReads


@dataclass(frozen=True, slots=True)
class Status:
    """The store as it is now. ``bytes`` is the size on disk, WAL included."""

    mode: str
    engine: str
    schema: int
    fresh_as_of: str
    counts: Counts
    bytes: int
    path: str


class HealthService:
    """Answers what state the store is in."""

    def __init__(self, database: Database, health: HealthReads, path: Path, schema: int) -> None:
        """Tell of this database, whose file is ``path``."""
        self._database = database
        self._health = health
        self._path = path
        self._schema = schema

    @property
    def mode(self) -> str:
        """The storage mode."""
        return self._database.mode

    def now(self) -> int:
        """The database's time in milliseconds since 1970 UTC."""
        return self._database.now()

    def fresh_as_of(self) -> str:
        """Up to when the answers hold all changes: now, since reads see the file that is written."""
        return iso(self._database.now())

    async def status(self, project: str) -> Status:
        """Everything a status answer tells."""
        return Status(
            self._database.mode,
            self._database.engine,
            self._schema,
            self.fresh_as_of(),
            await self._health.counts(project),
            sum(part.stat().st_size for part in self._files()),
            str(self._path),
        )

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
        parts = (Path(f"{self._path}{suffix}") for suffix in ("", "-wal"))
        return [part for part in parts if part.exists()]
