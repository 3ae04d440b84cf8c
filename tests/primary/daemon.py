"""What the servers behind a replica have in common: a directory and a port that stay, a process that comes and goes."""

import signal
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Generic, Protocol, Self, TypeVar

from children import Killed, NotStarted, free_port

_TRIES = 3  # of other ports, when somebody took the one that had been free


class Process(Protocol):
    """What is needed of what runs."""

    @property
    def pid(self) -> int: ...

    def send(self, number: signal.Signals) -> None: ...

    def kill(self) -> None: ...


ProcessT = TypeVar("ProcessT", bound=Process)


class Daemon(Killed, ABC, Generic[ProcessT]):
    """One server with its own directory and port. Both stay when it is started again.

    As a context manager it is started, if it is not yet, and killed at the end.
    """

    def __init__(self, directory: Path) -> None:
        """Say where it is; nothing is started yet.

        Args:
            directory: Where its database is; made if missing.
        """
        self.directory = directory
        self.port = free_port()
        self._process: ProcessT | None = None
        self._settled = False  # whether the port was told to somebody

    def __enter__(self) -> Self:
        if self._process is None:
            self.start()
        return self

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
        assert self._process is None, "it runs"
        tries = 1 if self._settled else _TRIES
        for left in reversed(range(tries)):
            try:
                self._process = self._launch()
            except NotStarted as error:
                if not left or "Address already in use" not in str(error):
                    raise
                self.port = free_port()
            else:
                self._settled = True
                return

    def stop(self) -> None:
        """Let it end in its own way, and wait for its end."""
        process = self._running()
        process.send(signal.SIGCONT)
        self._process = None
        self._end(process)

    def kill(self) -> None:
        """End it with SIGKILL, if it runs, and wait for its end."""
        if self._process:
            process, self._process = self._process, None
            process.kill()

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

    def _running(self) -> ProcessT:
        assert self._process, "it does not run"
        return self._process

    @abstractmethod
    def _launch(self) -> ProcessT:
        """Start the process on ``port``; returns when it answers, and raises ``NotStarted``."""

    @abstractmethod
    def _end(self, process: ProcessT) -> None:
        """Ask the process to end, and wait for it."""
