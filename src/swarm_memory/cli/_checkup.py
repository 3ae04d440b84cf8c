"""All checks of ``doctor``, in order. Its imports are expensive: import it inside the command."""

import os
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import anyio

from swarm_memory.app import App, open_app
from swarm_memory.cli import _checks
from swarm_memory.cli._checks import Check
from swarm_memory.config import PREFIX, Settings, load_settings
from swarm_memory.errors import ConfigurationError, StorageCorrupt, StorageError
from swarm_memory.logs import configure_logs
from swarm_memory.models.replication import Replication
from swarm_memory.services.project import find_project
from swarm_memory.storage.migrate import known_migrations

_PATIENCE: Final = 5.0  # seconds; a person waits
_RESTORE: Final = "restore the file from a backup, or move it away: the next start makes a new one."


def examine() -> list[Check]:
    """Look at everything, and go on after what is wrong as far as that makes sense."""
    checks = [_checks.check_python(), _checks.check_variables()]
    settings = _settings(checks)
    if settings is None:
        return checks
    configure_logs(settings.log_level, settings.log_format)
    home = settings.home
    checks.append(_checks.check_engine(settings))
    checks += [_checks.check_directory(home), _checks.check_file_system(home), _checks.check_space(home)]
    if checks[-3].result != "failed":
        with _captured_stdout() as captured:
            checks += anyio.run(_check_store, settings)
            printed = captured()
        # After the store was opened, which makes its files.
        checks += [
            _checks.check_permissions(home),
            _checks.check_holders(settings.database_path.resolve()),
            _check_stdout(printed),
        ]
    return [*checks, _check_project(settings)]


def _settings(checks: list[Check]) -> Settings | None:
    """The settings, or those of local mode where only the mode is wrong."""
    try:
        settings = load_settings()
    except ConfigurationError as error:
        checks.append(Check("settings", "failed", error.message, error.next_step))
    else:
        checks += [Check("settings", "ok", "all readable"), _checks.check_primary(settings)]
        return settings
    try:
        return load_settings(mode="local")
    except ConfigurationError:
        return None


async def _check_store(settings: Settings) -> list[Check]:
    """Open the store as a server would; a missing one is made, an old schema is brought up."""
    patient = settings.model_copy(update={"busy_timeout": min(settings.busy_timeout, _PATIENCE)})
    try:
        async with open_app(patient, lasting=False) as app:
            told = await app.health.replication()
            if told is not None:
                return await _check_shared_store(app, told)
            return [await _check_schema(app, settings.database_path), await _check_integrity(app)]
    except StorageError as error:
        # "run swarm-memory doctor" helps nobody here.
        own = f"check that {settings.database_path} is a file that you may read and write."
        remedy = _RESTORE if isinstance(error, StorageCorrupt) else own
        return [Check("store", "failed", error.message, remedy if "doctor" in error.next_step else error.next_step)]


async def _check_shared_store(app: App, told: Replication) -> list[Check]:
    """The primary, and the copy; a damaged copy is made anew by itself, and the primary's file is its own affair."""
    checks = [_checks.check_way_to_primary(told)]
    if app.health.mode == "replica":
        checks.append(_checks.check_copy(told))
    if told.reachable:
        checks.append(await _check_schema(app, Path(told.primary)))
    return checks


async def _check_schema(app: App, path: Path) -> Check:
    status = await app.health.status(app.project.name)
    mine = known_migrations()[-1].number
    found = f"{path} opens, schema {status.schema}, {status.counts.all_projects} memories, {status.bytes:,} bytes"
    if status.schema is not None and status.schema > mine:
        return Check("store", "warning", f"{found}; this version knows schema {mine}", "install a newer swarm-memory.")
    return Check("store", "ok", found)


async def _check_integrity(app: App) -> Check:
    try:
        faults = await app.health.check()
    except StorageCorrupt as error:
        faults = [error.message]
    if faults:
        return Check("integrity", "failed", "; ".join(faults), _RESTORE)
    return Check("integrity", "ok", "SQLite's quick_check finds nothing")


def _check_stdout(printed: bytes) -> Check:
    if printed:
        shown = printed[:100].decode("utf-8", "replace")
        remedy = "report it with this line; the server sends such output to stderr, so clients are not disturbed."
        return Check("stdout", "warning", f"a library printed to stdout: {shown!r}", remedy)
    return Check("stdout", "ok", "clean while the store was open")


def _check_project(settings: Settings) -> Check:
    project = find_project(settings, Path.cwd())
    found = f"{project.name} ({project.reason})"
    if settings.primary_url is not None and project.name.startswith("local/"):
        remedy = f"add a git remote named origin, or set {PREFIX}PROJECT to the same name on every machine."
        return Check("project", "warning", f"{found}, so other machines may call it otherwise", remedy)
    return Check("project", "ok", found)


@contextmanager
def _captured_stdout() -> Generator["_Captured"]:
    """Send descriptor 1 to a file, also what native code writes there."""
    sys.stdout.flush()
    real = os.dup(1)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 1)
        try:
            yield _Captured(file.fileno())
        finally:
            sys.stdout.flush()
            os.dup2(real, 1)
            os.close(real)


class _Captured:
    """Called, it gives what was written so far."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __call__(self) -> bytes:
        sys.stdout.flush()
        return os.pread(self._descriptor, 1 << 16, 0)
