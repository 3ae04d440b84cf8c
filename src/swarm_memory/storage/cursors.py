"""Up to where agents have been told of changes."""

from swarm_memory.models.events import Cursor
from swarm_memory.storage.database import Database
from swarm_memory.storage.queries import load_queries
from swarm_memory.storage.writer import Change

_SQL = load_queries("cursors")


def keep_cursor(project: str, agent: str, cursor: Cursor) -> Change:
    """The agent's next wait begins there; its outcome is true."""
    keep = _SQL["keep_cursor"].bind(project=project, agent=agent, epoch=cursor.epoch, seq=cursor.seq)
    return Change((keep, _SQL["forget_cursors"].bind()), _SQL["kept"].bind())


class CursorReads:
    """Reads of cursors."""

    def __init__(self, database: Database) -> None:
        """Use ``database``."""
        self._database = database

    async def of(self, project: str, agent: str) -> Cursor | None:
        """Where the agent's next wait begins; None for an agent that has not waited yet."""
        [rows] = await self._database.read(_SQL["get_cursor"].bind(project=project, agent=agent))
        return Cursor(str(rows[0][0]), int(str(rows[0][1]))) if rows else None
