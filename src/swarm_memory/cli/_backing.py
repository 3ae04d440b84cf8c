"""What ``backup`` and ``restore`` run. Its imports are expensive: import it inside the command."""

from functools import partial
from pathlib import Path

import anyio

from swarm_memory.config import Settings, load_settings
from swarm_memory.logs import configure_logs
from swarm_memory.storage.backup import Restored, StoreFacts, back_up, restore


def run_backup(file: Path) -> StoreFacts:
    """Back the store up.

    Raises:
        SwarmMemoryError: See ``storage.backup.back_up``.
    """
    return anyio.run(back_up, _settings(), file.absolute())


def run_restore(file: Path, *, replace: bool) -> Restored:
    """Restore a backup.

    Raises:
        SwarmMemoryError: See ``storage.backup.restore``.
    """
    return anyio.run(partial(restore, replace=replace), _settings(), file.absolute())


def _settings() -> Settings:
    settings = load_settings()
    configure_logs(settings.log_level, settings.log_format)
    return settings
