"""Purging by retention: with the writes, a part at a time, and all of it at once for a compaction."""

from collections.abc import Sequence
from typing import Final

from swarm_memory.models.retention import Retention
from swarm_memory.storage.database import Database
from swarm_memory.storage.queries import Statement, load_queries

_SQL = load_queries("housekeeping")
_REQUESTS: Final = load_queries("requests")
_EXPIRED: Final = ("index", "tags", "vectors", "changes", "memories", "versions", "requests")


def purge_if_due(retention: Retention | None) -> list[Statement]:
    """The statements of a purge that does nothing if the store was purged within the last minute."""
    return [_REQUESTS["purge_begin"].bind(), *_purge(retention)]


def _purge(retention: Retention | None) -> list[Statement]:
    """Of what has expired, and of what retention says."""
    expired = [_REQUESTS[f"purge_{name}"].bind() for name in _EXPIRED]
    return [*expired, *_cuts(retention), _REQUESTS["purge_end"].bind()]


def _cuts(retention: Retention | None) -> Sequence[Statement]:
    if retention is None:
        return ()
    changes = _SQL["cut_changes"].bind(keep=retention.changes)
    if retention.history is None:
        return (changes,)
    names = ("part_of_history", "next_part_of_history")
    part, following = (_SQL[name].bind() for name in names)
    return changes, part, _SQL["cut_history"].bind(age=retention.history), following


class Housekeeping:
    """Purges all that may go now, in batches of bounded size."""

    def __init__(self, database: Database, retention: Retention) -> None:
        """Purge ``database`` by these rules."""
        self._database = database
        self._retention = retention

    async def purge(self) -> None:
        """Purge until nothing is left to purge.

        Raises:
            StorageError: The store cannot be written; what was purged until then is gone.
        """
        await self._database.prepare()
        await self._database.write([_SQL["from_the_first_version"].bind()])
        while True:
            await self._database.write([_SQL["purge_now"].bind(), *_purge(self._retention)])
            left = _SQL["is_left"].bind(now=self._database.now(), keep=self._retention.changes)
            [[row]] = await self._database.at("primary").read(left)
            if not any(row):
                return
