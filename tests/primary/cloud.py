"""A stand-in for a database at Turso Cloud, as a process on a loopback port.

sqld, the real primary, has another protocol for replicas than Turso Cloud. This one speaks Turso Cloud's, as libsql's
client asks for it, over a database of SQLite's: what libsql's replica does with generations, exports and frames is
real then, and what its server does is not. Where the cloud's behaviour is not in that client it is sqld's.
"""

from pathlib import Path

from children import Helper
from daemon import Daemon


class Cloud(Daemon[Helper]):
    """One stand-in."""

    def __init__(self, directory: Path, *, token: str | None = None) -> None:
        """Say what it is; nothing is started yet.

        Args:
            directory: Where its database is; made if missing.
            token: The only bearer token it accepts; without one everybody may do everything.
        """
        super().__init__(directory)
        self._arguments = [] if token is None else [token]

    def next_generation(self) -> int:
        """Fold all that was written into the file that new clients get. Others follow from where they are.

        Returns:
            The generation's number; the first is 1.
        """
        return self._running().ask("next_generation")["generation"]

    def generation(self) -> int:
        """The number of the current generation."""
        return self._running().ask("state")["generation"]

    def seen(self) -> list[str]:
        """Paths that were asked for since it was started, in their order."""
        return self._running().ask("state")["seen"]

    def _launch(self) -> Helper:
        return Helper("cloud_server.py", str(self.directory), str(self.port), *self._arguments)

    def _end(self, process: Helper) -> None:
        """Let it end what it does."""
        process.end()
