"""Whose turn it is to write: an operating-system lock beside the database file, released when its holder dies.

It orders writers and keeps nothing safe: that is SQLite's own lock, to which whoever writes without a turn (other
programs, Windows) is still subject. Asking whether it is free costs a microsecond; asking SQLite costs a transaction
that fails, and with many processes such polls would cost more than the writes.
"""

import os
from contextlib import suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: no turns, SQLite's lock is polled
    fcntl = None


class Turn:
    """The turn at one database file, for one process."""

    def __init__(self, database: Path) -> None:
        """Use ``<database>-turn``, made if missing.

        Raises:
            OSError: The file cannot be made or opened.
        """
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
        self._descriptor = os.open(f"{database}-turn", flags, 0o600)

    def try_take(self) -> bool:
        """Take the turn if it is free, without waiting."""
        if fcntl is None:
            return True
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a file system without such locks: no turns there
            return True
        return True

    def give_back(self) -> None:
        """Let another process write."""
        if fcntl is not None:
            with suppress(OSError):  # see try_take
                fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        """Release the file."""
        os.close(self._descriptor)
