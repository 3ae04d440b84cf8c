"""What ``stats`` and ``compact`` run. Its imports are expensive: import it inside the command."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

from swarm_memory.config import Settings, load_settings
from swarm_memory.logs import configure_logs
from swarm_memory.services.compaction import Compaction, compact
from swarm_memory.services.stats import Stats, stats
from swarm_memory.storage.database import Database
from swarm_memory.storage.housekeeping import Housekeeping
from swarm_memory.storage.opening import open_store
from swarm_memory.storage.purge import PurgeStore
from swarm_memory.storage.stats import StatsReads
from swarm_memory.storage.transfer import REQUEST_SECONDS

_T = TypeVar("_T")


def read_stats(days: int) -> Stats:
    """The figures of the configured store.

    Raises:
        StorageError: It cannot be read.
    """
    return _with_store(lambda database, _: stats(StatsReads(database), days))


def compact_store() -> Compaction:
    """Compact the configured store.

    Raises:
        StorageError: It cannot be written.
    """

    async def run(database: Database, settings: Settings) -> Compaction:
        keeping = Housekeeping(database, settings.retention)
        return await compact(keeping, PurgeStore(database), StatsReads(database.at("primary")))

    return _with_store(run)


def _with_store(work: Callable[[Database, Settings], Awaitable[_T]]) -> _T:
    settings = load_settings()
    configure_logs(settings.log_level, settings.log_format)
    settings = settings.model_copy(update={"primary_timeout": max(settings.primary_timeout, REQUEST_SECONDS)})

    async def run() -> _T:
        opened = await open_store(settings, lasting=False)
        try:
            await opened.database.prepare()
            return await work(opened.database, settings)
        finally:
            await opened.database.aclose()

    return anyio.run(run)
