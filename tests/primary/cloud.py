"""A stand-in for a database at Turso Cloud, as a process on a loopback port.

sqld, the real primary, has another protocol for replicas than Turso Cloud. This one speaks Turso Cloud's, as libsql's
client asks for it, over a database of SQLite's: what libsql's replica does with generations, exports and frames is
real then, and what its server does is not. Where the cloud's behaviour is not in that client it is sqld's.
"""

import signal
from pathlib import Path
from types import TracebackType
from typing import Self

from children import Helper, NotStarted, free_port

_TRIES = 3  # of other ports, when somebody took the one that had been free


class Cloud:
    """One stand-in with its own directory and port. Both stay when it is started again.

    As a context manager it is started, if it is not yet, and killed at the end.
    """

    def __init__(self, directory: Path, *, token: str | None = None) -> None:
        """Say what it is; nothing is started yet.

        Args:
            directory: Where its database is; made if missing.
            token: The only bearer token it accepts; without one everybody may do everything.
        """
        self.directory = directory
        self.port = free_port()
        self._arguments = [] if token is None else [token]
        self._helper: Helper | None = None
        self._settled = False  # whether the port was told to somebody

    def __enter__(self) -> Self:
        if self._helper is None:
            self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``; libsql and Hrana clients take it as it is."""
        self._settled = True
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Of the process that runs."""
        return self._running().pid

    def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            NotStarted: It ended instead, or did not answer in time; the text holds what it wrote.
        """
        assert self._helper is None, "it runs"
        tries = 1 if self._settled else _TRIES
        for left in reversed(range(tries)):
            try:
                self._helper = Helper("cloud_server.py", str(self.directory), str(self.port), *self._arguments)
            except NotStarted as error:
                if not left or "Address already in use" not in str(error):
                    raise
                self.port = free_port()
            else:
                self._settled = True
                return

    def stop(self) -> None:
        """Let it end what it does, and wait for its end."""
        helper = self._running()
        helper.send(signal.SIGCONT)
        self._helper = None
        helper.end()

    def kill(self) -> None:
        """End it with SIGKILL, if it runs, and wait for its end."""
        if self._helper:
            helper, self._helper = self._helper, None
            helper.kill()

    def restart(self) -> None:
        """Kill it, if it runs, and start it on the same port and directory."""
        self.kill()
        self.start()

    def pause(self) -> None:
        """Stop it where it is (SIGSTOP): connections are still accepted, by the kernel, and nothing is answered."""
        self._running().send(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on after ``pause``."""
        self._running().send(signal.SIGCONT)

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

    def _running(self) -> Helper:
        assert self._helper, "it does not run"
        return self._helper
