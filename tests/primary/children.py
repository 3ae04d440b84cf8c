"""Processes that tests start: each ends when the process that started it does, even if that one is killed."""

import json
import os
import random
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

PATIENCE = 20.0  # seconds; only what is broken needs them
_PAUSE = 0.002  # seconds between two looks at something that sends no event
# Below what Linux and macOS give to outgoing connections, so that nobody's client takes a port of a stopped server.
_PORTS = range(15000, 32000)
_RANDOM = random.SystemRandom()
# Waits for the end of its stdin, which is the end of its parent, and then signals the process it guards.
_GUARD = 'trap "" INT TERM HUP; read -r _; kill -s "$1" "$2" 2>/dev/null'


class NotStarted(RuntimeError):
    """A process ended, or did not answer, before it was ready; the text holds what it wrote."""


def free_port() -> int:
    """A loopback port that nobody listens on, and that is not given to an outgoing connection either."""
    while True:
        port = _RANDOM.choice(_PORTS)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


def wait_until(condition: Callable[[], bool], what: str, *, patience: float = PATIENCE) -> None:
    """Look until the condition holds. It is for what sends no event.

    Args:
        condition: Looked at every two milliseconds.
        what: Said when it did not come true.
        patience: Seconds.

    Raises:
        TimeoutError: It did not come true.
    """
    deadline = time.monotonic() + patience
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {patience} s: {what}")
        time.sleep(_PAUSE)


class Killed:
    """A context manager that kills what it stands for."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def kill(self) -> None:
        """End it at once, if it runs, and wait for its end."""
        raise NotImplementedError


class Child(Killed):
    """A process with a guard beside it, which ends it if this process is gone.

    The kernel's own way (PR_SET_PDEATHSIG) is Linux only, and acts when the thread that started the process ends.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        stdin: int = subprocess.DEVNULL,
        stdout: int | IO[bytes] = subprocess.DEVNULL,
        stderr: int | IO[bytes] = subprocess.STDOUT,
        env: Mapping[str, str] | None = None,
        last_signal: signal.Signals = signal.SIGKILL,
    ) -> None:
        """Start it.

        Args:
            command: The program and its arguments.
            stdin: As ``subprocess.Popen`` takes it.
            stdout: The same.
            stderr: The same.
            env: Its whole environment; by default this process's.
            last_signal: What the guard sends.
        """
        environment = None if env is None else dict(env)
        self.process = subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=stderr, env=environment, bufsize=0)
        guard = ["/bin/sh", "-c", _GUARD, "guard", last_signal.name.removeprefix("SIG"), str(self.process.pid)]
        self._guard = subprocess.Popen(
            guard, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        """End it with SIGKILL, if it has not ended yet, and wait for its end."""
        self.end()

    def end(self, number: signal.Signals = signal.SIGKILL, *, patience: float = PATIENCE) -> int:
        """Signal it and wait for its end.

        Args:
            number: The signal; none is sent if the process has ended already.
            patience: Seconds; after them it is killed.

        Returns:
            The exit code; a signal's number is negative.

        Raises:
            subprocess.TimeoutExpired: It had to be killed.
        """
        self.process.send_signal(number)
        try:
            return self.process.wait(patience)
        finally:
            # Before the process is gone for good, so that the guard can never hit another one of that number.
            self._guard.kill()
            self._guard.wait(PATIENCE)
            if self._guard.stdin:
                self._guard.stdin.close()
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait(PATIENCE)
            for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
                if pipe:
                    pipe.close()


class Helper(Killed):
    """A Python script of this folder as a process of its own, controlled by JSON lines on its stdin and stdout.

    The script writes one line when it is ready, and then one answer to each line; it must end at the end of its stdin.
    """

    def __init__(self, script: str, *arguments: str, packages: bool = False) -> None:
        """Start it and wait until it is ready.

        Args:
            script: Name of the file in this folder.
            arguments: For the script.
            packages: Whether it needs more than the standard library; without, it starts sooner.

        Raises:
            NotStarted: It ended before it was ready, or was not ready in time.
        """
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by kill
        path = Path(__file__).with_name(script)
        self._child = Child(
            [sys.executable, "-E", *([] if packages else ["-S"]), str(path), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )
        self._pending = b""
        try:
            self.ready = self._receive()
        except BaseException:
            self.kill()
            raise

    @property
    def pid(self) -> int:
        return self._child.pid

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Send a command and return its answer.

        Raises:
            NotStarted: The process is gone, or does not answer.
        """
        self.begin(do, **arguments)
        return self._receive()

    def begin(self, do: str, **arguments: Any) -> None:
        """Send a command without waiting; ``finish`` returns its answer."""
        stdin = self._child.process.stdin
        assert stdin
        stdin.write(json.dumps({"do": do, **arguments}).encode() + b"\n")

    def finish(self) -> dict[str, Any]:
        """The answer to what was begun first.

        Raises:
            NotStarted: The process is gone, or does not answer.
        """
        return self._receive()

    def is_answering(self, patience: float) -> bool:
        """Whether an answer, or the end of the process, can be had within so many seconds."""
        stdout = self._child.process.stdout
        assert stdout
        return b"\n" in self._pending or bool(select.select([stdout], [], [], patience)[0])

    def send(self, number: signal.Signals) -> None:
        self._child.send(number)

    def end(self) -> int:
        """End it by the end of its stdin; returns its exit code."""
        stdin = self._child.process.stdin
        assert stdin
        stdin.close()
        try:
            self._child.process.wait(PATIENCE)
        finally:
            self.kill()
        return self._child.process.returncode

    def kill(self) -> None:
        """End it with SIGKILL, if it has not ended yet."""
        self._child.end()
        self._errors.close()

    def _receive(self) -> dict[str, Any]:
        stdout = self._child.process.stdout
        assert stdout
        deadline = time.monotonic() + PATIENCE
        while b"\n" not in self._pending:
            readable = self.is_answering(max(0.0, deadline - time.monotonic()))
            chunk = os.read(stdout.fileno(), 1 << 16) if readable else b""
            if not chunk:
                told = os.pread(self._errors.fileno(), 1 << 16, 0).decode(errors="replace")
                raise NotStarted(f"no answer from {self._child.process.args!r}; stderr: {told}")
            self._pending += chunk
        line, _, self._pending = self._pending.partition(b"\n")
        return json.loads(line)
