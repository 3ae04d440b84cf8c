"""What ``push-to-primary`` runs. Its imports are expensive: import it inside the command."""

from urllib.parse import urlsplit

import anyio

from swarm_memory.cli._printing import hint
from swarm_memory.cli._progress import progress
from swarm_memory.config import PREFIX, Settings, load_settings
from swarm_memory.errors import ConfigurationError, StorageError
from swarm_memory.logs import configure_logs
from swarm_memory.services.transfer import Report, Transfer
from swarm_memory.storage.transfer import open_ends


def push(*, dry_run: bool) -> tuple[str, Report]:
    """Push this machine's local store; the primary's host, and what became of everything.

    Raises:
        ConfigurationError: There is no primary, or no local store.
        StorageError: One of the two cannot be used; what was pushed until then stays pushed.
    """
    settings = load_settings()
    configure_logs(settings.log_level, settings.log_format)
    address = _address(settings)
    if not settings.database_path.exists():
        raise ConfigurationError(
            f"There is no local store to push: {settings.database_path} does not exist.",
            next_step=f"set {PREFIX}HOME to the directory of the store.",
        )
    return urlsplit(address).netloc, anyio.run(_push, settings, address, dry_run)


async def _push(settings: Settings, address: str, dry_run: bool) -> Report:  # noqa: FBT001 - anyio passes by position
    async with open_ends(settings, address, dry_run=dry_run) as (source, target):
        transfer = Transfer(source, target, dry_run=dry_run)
        try:
            with progress("pushing") as tell:
                return await transfer.run(tell)
        except StorageError:
            if transfer.report.pushed and not dry_run:
                hint(f"{transfer.report.pushed} memories were pushed before this; the same command goes on from there.")
            raise


def _address(settings: Settings) -> str:
    address = settings.primary
    if address is not None:
        return address
    if settings.primary_url is not None:
        raise ConfigurationError(
            f"{PREFIX}MODE is local, so the primary of TURSO_DB_URL is not used.",
            next_step=f"unset {PREFIX}MODE for this command.",
        )
    raise ConfigurationError(
        "No primary is configured to push to.",
        next_step="set TURSO_DB_URL to its URL and TURSO_DB_AUTH_TOKEN to its token.",
    )
