"""What a session has been told already, so that no prompt pays twice for the same note.

One small file a session, in ``recalled/`` beside the store, a line for each memory in each of its versions. It is only
a convenience: where it cannot be read or written, or is full, a note is told again.
"""

import hashlib
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from swarm_memory.models.memory import Memory

FOLDER: Final = "recalled"
_MOST_BYTES: Final = 60_000
_KEPT_SECONDS: Final = 7 * 86_400


class Told:
    """The notes that one session has seen; one without an id has seen none."""

    def __init__(self, home: Path, session: str) -> None:
        """Of this session, in this directory of a store."""
        name = hashlib.sha256(session.encode("utf-8", "replace")).hexdigest()[:24]
        self._path = home / FOLDER / name if session else None

    def has(self) -> Callable[[Memory], bool]:
        """Whether the session has seen a memory in its present version."""
        seen = self._seen()
        return lambda memory: _line(memory) in seen

    def add(self, memories: Iterable[Memory]) -> None:
        """Remember these."""
        if self._path is None:
            return
        with suppress(OSError):
            self._path.parent.mkdir(mode=0o700, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                if file.tell() >= _MOST_BYTES:
                    return
                file.writelines(f"{_line(one)}\n" for one in memories)

    def forget(self) -> None:
        """The session has lost sight of what it was told; files of sessions a week ago go too."""
        if self._path is None:
            return
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
            for file in self._path.parent.glob("*"):
                if file.stat().st_mtime < time.time() - _KEPT_SECONDS:
                    file.unlink(missing_ok=True)

    def _seen(self) -> set[str]:
        if self._path is None:
            return set()
        try:
            with self._path.open(encoding="utf-8", errors="replace") as file:
                return set(file.read(_MOST_BYTES).split("\n"))
        except OSError:
            return set()


def _line(memory: Memory) -> str:
    return f"{memory.id} {memory.version}"
