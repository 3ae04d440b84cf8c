"""Opens the store that the settings name: a local file, a replica of a primary, or the primary alone."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from swarm_memory.config import PREFIX, Settings
from swarm_memory.errors import ConfigurationError, StorageError
from swarm_memory.storage.database import Database
from swarm_memory.storage.driver import has_replicas
from swarm_memory.storage.local import open_local
from swarm_memory.storage.primary import Primary
from swarm_memory.storage.remote import RemoteDatabase
from swarm_memory.storage.replica import open_replica

_REPLICAS: Final = "replicas"
_warming: Final[set[asyncio.Task[None]]] = set()  # the event loop itself keeps weak references only


@dataclass(frozen=True, slots=True)
class OpenStore:
    """A store in use; ``path`` is its file, or the directory of its replica, and None where nothing is on disk."""

    database: Database
    path: Path | None


def storage_mode(settings: Settings) -> Literal["local", "replica", "remote"]:
    """The mode that the settings mean on this platform.

    Raises:
        ConfigurationError: Replica mode is asked for, and this platform cannot keep one.
    """
    if settings.primary is None:
        return "local"
    if settings.mode == "remote" or (settings.mode == "auto" and not has_replicas()):
        return "remote"
    if not has_replicas():
        raise ConfigurationError(
            f"{PREFIX}MODE is replica, and there is no libsql wheel for this platform and Python.",
            next_step=f"set {PREFIX}MODE=remote, or use a Python that libsql 0.1.8 has a wheel for.",
        )
    return "replica"


async def open_store(settings: Settings, *, lasting: bool) -> OpenStore:
    """Open it; see ``app.open_app``."""
    mode = storage_mode(settings)
    if mode == "local" or settings.primary is None:
        local = await open_local(
            settings.database_path,
            busy_timeout=settings.busy_timeout,
            durability=settings.durability,
            engine=settings.engine,
        )
        try:
            await local.prepare()
        except BaseException:
            local.close()
            raise
        return OpenStore(local, settings.database_path)
    remote = RemoteDatabase(Primary(settings.primary, settings.token, settings.primary_timeout))
    if mode == "remote":
        database, path = remote, None
    else:
        path = replica_directory(settings.home, settings.primary)
        database = open_replica(remote, path, settings.token, lasting=lasting)
    if lasting:
        _warm(remote.prepare)
    return OpenStore(database, path)


def replica_directory(home: Path, address: str) -> Path:
    """Where the replica of this primary is: each primary has a directory of its own."""
    return home / _REPLICAS / hashlib.sha256(address.encode()).hexdigest()[:16]


def _warm(prepare: Callable[[], Awaitable[object]]) -> None:
    """Connect before the first call needs it. A failure is told to the calls that meet it."""

    async def run() -> None:
        with suppress(StorageError):
            await prepare()

    task = asyncio.get_running_loop().create_task(run())
    _warming.add(task)
    task.add_done_callback(_warming.discard)
