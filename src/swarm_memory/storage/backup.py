"""Backups: a consistent copy of the store in one file, and that file in the place of the store again."""

import time
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from swarm_memory.config import PREFIX, Settings
from swarm_memory.errors import (
    ConfigurationError,
    InvalidArgument,
    SchemaMismatch,
    StorageBusy,
    StorageCorrupt,
    StorageUnavailable,
)
from swarm_memory.storage.copy import run_on_copy
from swarm_memory.storage.driver import Engine, choose_engine, connect, copy_pages
from swarm_memory.storage.files import new_file, place
from swarm_memory.storage.local import LocalDatabase, open_local
from swarm_memory.storage.opening import open_store
from swarm_memory.storage.queries import load_queries
from swarm_memory.storage.replica import ReplicaDatabase
from swarm_memory.storage.turn import Turn

_SQL = load_queries("backup")
_HAS_MIGRATIONS: Final = load_queries("migrate")["has_migrations"].bind()
_SYNC_SECONDS: Final = 10.0
_SIDE_FILES: Final = ("-wal", "-shm")


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """What a file holds that was found to be a sound store.

    Attributes:
        memories: Living ones, those that have just expired included.
        versions: Past versions.
        seq: The last change, within ``epoch``.
        schema: Number of its schema.
        bytes: Size of the file.
    """

    memories: int
    versions: int
    seq: int
    epoch: str
    schema: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put in place; ``aside`` is where the file went that was too damaged to be written to."""

    facts: StoreFacts
    replaced: bool
    aside: Path | None


async def back_up(settings: Settings, path: Path) -> StoreFacts:
    """Copy the store, as it is at one moment behind the call, to a new file; told is what was read back from there.

    Raises:
        ConfigurationError: There is no store here, it is only on a primary, or the file is there already.
        StorageUnavailable: The copy of the primary here cannot be brought up to date.
        StorageCorrupt: The copy is not sound: nor is the store, or the disk.
    """
    if settings.primary is None and not settings.database_path.exists():
        raise ConfigurationError(
            f"There is no store to back up: {settings.database_path} does not exist.",
            next_step=f"set {PREFIX}HOME to the directory of the store.",
        )
    opened = await open_store(settings, lasting=False)
    try:
        with new_file(path) as part:
            if isinstance(opened.database, LocalDatabase):
                await opened.database.read(_SQL["copy_into"].bind(path=str(part)))
            elif isinstance(opened.database, ReplicaDatabase):
                await _copy_replica(opened.database, part)
            else:
                raise ConfigurationError(
                    "In remote mode the store is on the primary alone, and no file of it is here.",
                    next_step="back up the primary by its own means, or use swarm-memory export.",
                )
            return examine(part, choose_engine(settings.engine))
    finally:
        await opened.database.aclose()


async def _copy_replica(database: ReplicaDatabase, part: Path) -> None:
    if not (database.keeper.has_owner() and await database.synchronise(_SYNC_SECONDS)):
        raise StorageUnavailable(
            "This machine's copy of the primary could not be brought up to date: no server keeps it, or the primary is "
            "out of reach.",
            next_step="start a server (swarm-memory serve) and try again, or use swarm-memory export.",
        )
    run_on_copy(database.keeper.path(database.keeper.state()), _SQL["copy_into"].bind(path=str(part)))


def examine(path: Path, engine: Engine) -> StoreFacts:
    """Read a whole file, which nobody else has open, and tell what is in it.

    Raises:
        StorageCorrupt: It is damaged, or no database.
        InvalidArgument: It is a database of something else.
    """
    with closing(connect(path, engine)) as connection:
        faults = [str(row[0]) for row in connection.run(_SQL["check_whole"].sql) if row[0] != "ok"]
        if faults:
            raise StorageCorrupt(
                f"{path.name} is damaged: {faults[0][:200]}.",
                next_step="run `swarm-memory doctor`; restore an older backup, or export what can still be read.",
            )
        if connection.run(_HAS_MIGRATIONS.sql) != [(1,)]:
            raise InvalidArgument(
                f"{path.name} is a database, and no store of swarm-memory.",
                next_step="name a file that swarm-memory backup has made.",
            )
        memories, versions, seq, epoch, schema = connection.run(_SQL["facts"].sql)[0]
    numbers = (int(str(memories)), int(str(versions)), int(str(seq)), str(epoch), int(str(schema)))
    return StoreFacts(*numbers, bytes=path.stat().st_size)


async def restore(settings: Settings, backup: Path, *, replace: bool) -> Restored:
    """Put a backup in the place of the local store, as the beginning of another history.

    It is copied, examined and brought to this program's schema aside. Then it becomes the store: as a new file where
    there is none, else as one transaction on the file that is there, so that servers which have it open read the new
    content from their next call on, and none of them goes on with a file that is gone.

    Raises:
        ConfigurationError: There is a store already, or a primary is configured.
        InvalidArgument: The file is no store.
        StorageCorrupt: The file is damaged.
        SchemaMismatch: It was made by a newer version.
        StorageBusy: A process keeps the store locked. In all these cases nothing was changed.
    """
    _check_place(settings, replace=replace)
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = settings.home / f"{settings.database_path.name}.restoring"
    _remove(part)
    try:
        facts = await _prepare(settings, backup, part)
        return _put_in_place(settings, part, facts)
    finally:
        _remove(part)


def _check_place(settings: Settings, *, replace: bool) -> None:
    if settings.primary is not None:
        raise ConfigurationError(
            "A primary is configured, and a backup is restored to a local file only.",
            next_step=f"restore with {PREFIX}MODE=local and an empty {PREFIX}HOME, then push-to-primary; or restore the"
            " primary by its own means.",
        )
    if settings.database_path.exists() and not replace:
        raise ConfigurationError(
            f"There is a store already: {settings.database_path}.",
            next_step="back it up, then repeat with --replace; or set another SWARM_MEMORY_HOME.",
        )


async def _prepare(settings: Settings, backup: Path, part: Path) -> StoreFacts:
    """A copy of the backup with this program's schema and an epoch of its own."""
    engine = choose_engine(settings.engine)
    try:
        _copy_private(backup, part, settings.busy_timeout)
        examine(part, engine)
    except StorageCorrupt as error:
        raise StorageCorrupt(
            f"{backup} cannot be restored: {error.message}", next_step="restore another backup; nothing was changed."
        ) from error
    database = await open_local(part, busy_timeout=settings.busy_timeout, engine=engine)
    try:
        if not (await database.prepare()).writable:
            raise SchemaMismatch(
                "The backup was made by a newer version, which this one may only read.",
                next_step="install a newer swarm-memory; nothing was changed.",
            )
        await database.write([_SQL["new_epoch"].bind()])
    finally:
        database.close()
    return examine(part, engine)


def _copy_private(backup: Path, part: Path, seconds: float) -> None:
    part.touch(mode=0o600, exist_ok=False)
    copy_pages(backup, part, seconds)


def _put_in_place(settings: Settings, part: Path, facts: StoreFacts) -> Restored:
    target = settings.database_path
    if not target.exists():
        _remove_side_files(target)  # those of another file would be taken for this one's
        _place(part, target)
        return Restored(facts, replaced=False, aside=None)
    try:
        _copy_in_turn(part, target, settings.busy_timeout)
    except StorageCorrupt:
        aside = _move_aside(target)
        _place(part, target)
        return Restored(facts, replaced=True, aside=aside)
    return Restored(facts, replaced=True, aside=None)


def _copy_in_turn(part: Path, target: Path, seconds: float) -> None:
    """Copy under the turn to write, where it can be had: other writers then wait, and do not poll."""
    turn = Turn(target)
    try:
        deadline = time.monotonic() + seconds
        while not turn.try_take() and time.monotonic() < deadline:
            time.sleep(0.01)
        copy_pages(part, target, max(deadline - time.monotonic(), 1.0))
    except StorageBusy:
        raise StorageBusy(
            f"Other processes held the store for {seconds:g} s; nothing was changed.",
            next_step="try again; if it persists, end the servers first.",
        ) from None
    finally:
        turn.close()


def _place(part: Path, target: Path) -> None:
    try:
        place(part, target)
    except OSError as error:
        raise StorageUnavailable(
            f"{target} cannot be made: {error.strerror}.", next_step="end the servers, then try again."
        ) from error


def _move_aside(target: Path) -> Path:
    """Rename a file that is no database any more, with its side files: it may be wanted for a rescue."""
    aside = target.with_name(f"{target.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S%f}")
    target.rename(aside)
    for suffix in _SIDE_FILES:
        side = Path(f"{target}{suffix}")
        if side.exists():
            side.rename(f"{aside}{suffix}")
    return aside


def _remove(part: Path) -> None:
    part.unlink(missing_ok=True)
    _remove_side_files(part)
    Path(f"{part}-turn").unlink(missing_ok=True)


def _remove_side_files(target: Path) -> None:
    for suffix in _SIDE_FILES:
        Path(f"{target}{suffix}").unlink(missing_ok=True)
