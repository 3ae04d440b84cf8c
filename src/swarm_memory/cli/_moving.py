"""What ``export`` and ``import`` run. Its imports are expensive: import it inside the command."""

import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

import anyio

from swarm_memory.cli._printing import hint
from swarm_memory.cli._progress import progress
from swarm_memory.config import Settings, load_settings
from swarm_memory.errors import SwarmMemoryError
from swarm_memory.logs import configure_logs
from swarm_memory.services.export import Export
from swarm_memory.services.importing import read_export, take_in
from swarm_memory.services.intake import Intake, Report
from swarm_memory.storage.export import ExportReads
from swarm_memory.storage.files import new_file
from swarm_memory.storage.opening import open_store
from swarm_memory.storage.transfer import REQUEST_SECONDS, Target

_STDIN: Final = Path("-")


def export_to(output: Path | None, project: str | None) -> dict[str, int]:
    """Write an export; how many there were of each.

    Raises:
        ConfigurationError: The file is there already, or cannot be made.
        StorageError: The store cannot be read.
    """
    settings = _settings()
    with _written(output) as file, progress("exporting") if output else _silent() as tell:
        return anyio.run(_export, settings, file, project, tell)


async def _export(
    settings: Settings, file: BinaryIO, project: str | None, tell: Callable[[int, int | None], None]
) -> dict[str, int]:
    opened = await open_store(settings, lasting=False)
    try:
        export = Export(ExportReads(opened.database, project))
        async for line in export.lines(tell):
            file.write(line.encode())
            file.write(b"\n")
        file.flush()
        return export.counts
    finally:
        await opened.database.aclose()


def import_from(source: Path, *, dry_run: bool, overwrite: bool) -> Report:
    """Take a file in; what became of it.

    Raises:
        InvalidArgument: It is no export, or is broken; what came before stays.
        StorageError: The store cannot be written; what was taken until then stays.
    """
    return anyio.run(_import, _settings(), source, dry_run, overwrite)


async def _import(settings: Settings, source: Path, dry_run: bool, overwrite: bool) -> Report:  # noqa: FBT001 - anyio passes by position
    opened = await open_store(settings, lasting=False)
    try:
        target = Target(opened.database)
        await target.ready()
        intake = Intake(target, dry_run=dry_run, overwrite=overwrite, counts_versions=True)
        try:
            with _read(source) as (file, size), progress("importing") as tell:
                return await take_in(intake, read_export(file, lambda done: tell(done, size)))
        except SwarmMemoryError:
            if intake.report.taken and not dry_run:
                hint(f"{intake.report.taken} memories were taken before this; the same command goes on from there.")
            raise
    finally:
        await opened.database.aclose()


def _settings() -> Settings:
    settings = load_settings()
    configure_logs(settings.log_level, settings.log_format)
    return settings.model_copy(update={"primary_timeout": max(settings.primary_timeout, REQUEST_SECONDS)})


@contextmanager
def _read(source: Path) -> Generator[tuple[BinaryIO, int | None]]:
    """The bytes of the file, and how many there are where that is known."""
    if source == _STDIN:
        yield sys.stdin.buffer, None
        return
    with source.open("rb") as file:
        yield file, os.fstat(file.fileno()).st_size


@contextmanager
def _written(output: Path | None) -> Generator[BinaryIO]:
    if output is None:
        yield sys.stdout.buffer
        return
    with new_file(output) as part, part.open("wb") as file:
        yield file


@contextmanager
def _silent() -> Generator[Callable[[int, int | None], None]]:
    yield lambda _done, _total: None
