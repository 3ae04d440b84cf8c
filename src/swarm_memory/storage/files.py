"""Files that appear whole or not at all."""

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from swarm_memory.errors import ConfigurationError


@contextmanager
def new_file(path: Path) -> Generator[Path]:
    """Gives an empty file beside ``path``, readable by its owner only, to be filled; behind the block it is ``path``.

    It never takes the place of another file. If the block fails, nothing is left.

    Raises:
        ConfigurationError: The file is there already, or cannot be made.
    """
    if os.path.lexists(path):
        raise ConfigurationError(f"{path} is there already.", next_step="name a file that does not exist yet.")
    part = path.with_name(f"{path.name}.part")
    try:
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        try:
            yield part
            place(part, path)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"{path} cannot be made: {error.strerror}.",
            next_step="name a file that does not exist yet, in a directory that may be written, with space.",
        ) from error


def place(part: Path, path: Path) -> None:
    """Give a whole file its name, on the disk when this returns; never the name of another one.

    Raises:
        OSError: There is a file of that name, or it cannot be done.
    """
    descriptor = os.open(part, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    try:
        os.link(part, path)  # unlike a rename, it fails where there is one
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        if os.path.lexists(path):
            raise
        part.rename(path)
    with suppress(OSError):  # not every system opens directories
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
