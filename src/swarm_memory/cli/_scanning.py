"""What ``scan`` runs. Its imports are expensive: import it inside the command."""

from collections.abc import Callable

import anyio

from swarm_memory.cli._progress import progress
from swarm_memory.config import Settings, load_settings
from swarm_memory.logs import configure_logs
from swarm_memory.services.scan import Found, scan
from swarm_memory.storage.export import ExportReads
from swarm_memory.storage.opening import open_store


def scan_store(project: str | None, found: Callable[[Found], None]) -> None:
    """Look through the store, or one project of it.

    Args:
        project: Its name; None: all.
        found: Called for each secret.

    Raises:
        StorageError: The store cannot be read.
    """
    settings = load_settings()
    configure_logs(settings.log_level, settings.log_format)
    with progress("looking") as tell:
        anyio.run(_scan, settings, project, found, tell)


async def _scan(
    settings: Settings, project: str | None, found: Callable[[Found], None], tell: Callable[[int, int | None], None]
) -> None:
    opened = await open_store(settings, lasting=False)
    try:
        async for one in scan(ExportReads(opened.database, project), tell):
            found(one)
    finally:
        await opened.database.aclose()
