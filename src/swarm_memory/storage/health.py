"""What the store says about itself."""

from dataclasses import dataclass

from swarm_memory.storage.database import Database
from swarm_memory.storage.queries import load_queries

_SQL = load_queries("health")


@dataclass(frozen=True, slots=True)
class Counts:
    """Live memories and active swarms; ``seq`` and ``epoch`` are the change sequence's."""

    entries: int
    knowledge: int
    all_projects: int
    swarms: int
    seq: int
    epoch: str


class HealthReads:
    """Counts and checks."""

    def __init__(self, database: Database) -> None:
        """Use ``database``."""
        self._database = database

    async def counts(self, project: str) -> Counts:
        """Count what lives in the project, and in all."""
        [rows] = await self._database.read(_SQL["counts"].bind(project=project, now=self._database.now()))
        return Counts(*rows[0])  # pyright: ignore[reportArgumentType] - columns of STRICT tables

    async def projects(self, limit: int) -> list[tuple[str, int]]:
        """Projects with their number of live memories, largest first."""
        [rows] = await self._database.read(_SQL["projects"].bind(limit=limit, now=self._database.now()))
        return [(str(name), int(count)) for name, count in rows]  # pyright: ignore[reportArgumentType] - a count

    async def check(self) -> list[str]:
        """Faults that SQLite's own check finds; empty for a sound file.

        While other processes write, libSQL 0.1.8 reports faults of the full-text index that are not there: judge a
        fault only if it stays when the check is repeated.
        """
        [rows] = await self._database.read(_SQL["check_database"].bind())
        return [str(row[0]) for row in rows if row[0] != "ok"]
