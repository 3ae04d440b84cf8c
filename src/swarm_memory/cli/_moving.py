"""What ``export`` and ``import`` run. Its imports are expensive: import it inside the command."""

import os
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import anyio
import click

from swarm_memory.cli._printing import hint
from swarm_memory.cli._progress import progress
from swarm_memory.config import Settings, load_settings
from swarm_memory.errors import SwarmMemoryError
from swarm_memory.logs import configure_logs
from swarm_memory.services.export import Export
from swarm_memory.services.importers.choosing import EXPORT, format_of, read
from swarm_memory.services.importers.pieces import Place
from swarm_memory.services.importing import read_export, take_in
from swarm_memory.services.intake import Intake, Report, Untaken
from swarm_memory.services.lines import Item
from swarm_memory.services.project import find_project
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


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants to be taken in, and how."""

    source: Path
    form: str | None
    project: str | None
    dry_run: bool
    overwrite: bool
    allow_secrets: bool


def import_from(wish: Wish) -> tuple[str, Report]:
    """Take a source in: its format, and what became of it.

    Raises:
        InvalidArgument: It is of no known format, or is broken; what came before stays.
        StorageError: The store cannot be written; what was taken until then stays.
    """
    form = wish.form or (EXPORT if wish.source == _STDIN else format_of(wish.source))
    if form == EXPORT and wish.project:
        raise click.UsageError("An export says itself which projects its memories belong to.")
    return form, anyio.run(_import, _settings(), wish, form)


async def _import(settings: Settings, wish: Wish, form: str) -> Report:
    opened = await open_store(settings, lasting=False)
    try:
        target = Target(opened.database)
        await target.ready()
        intake = Intake(target, dry_run=wish.dry_run, overwrite=wish.overwrite, counts_versions=form == EXPORT)
        try:
            with _items(settings, wish, form, opened.database.now()) as items:
                return await take_in(intake, items)
        except SwarmMemoryError:
            if intake.report.taken and not wish.dry_run:
                hint(f"{intake.report.taken} memories were taken before this; the same command goes on from there.")
            raise
    finally:
        await opened.database.aclose()


@contextmanager
def _items(settings: Settings, wish: Wish, form: str, now: int) -> Generator[Iterator[Item | Untaken]]:
    with progress("importing") as tell:
        if form == EXPORT:
            with _read(wish.source) as (file, size):
                yield read_export(file, lambda done: tell(done, size))
        else:
            project = wish.project or find_project(settings, Path.cwd()).name
            yield _counted(read(wish.source, form, Place(project, now), allow_secrets=wish.allow_secrets), tell)


def _counted(items: Iterator[Item | Untaken], tell: Callable[[int, int | None], None]) -> Iterator[Item | Untaken]:
    for number, item in enumerate(items, 1):
        tell(number, None)
        yield item


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
