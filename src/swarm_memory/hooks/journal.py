"""The log file of the hooks: one line for what went wrong. A hook's stderr would be shown to nobody, or in the way."""

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

FILE_NAME: Final = "hooks.log"
_MOST_BYTES: Final = 200_000
_MOST_LINE: Final = 600  # characters


def note(home: Path, event: str, what: str) -> None:
    """Add a line to ``hooks.log`` in this directory; nowhere, where that cannot be written. Never raises.

    A log of more than 200 kB becomes ``hooks.log.1``, in the place of an older one.
    """
    path = home / FILE_NAME
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    line = f"{moment} {event}: {' '.join(what.split())}"[:_MOST_LINE] + "\n"
    with suppress(OSError, ValueError):
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            if path.stat().st_size > _MOST_BYTES:
                path.replace(path.with_name(f"{FILE_NAME}.1"))
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, line.encode("utf-8", "replace"))
        finally:
            os.close(descriptor)
