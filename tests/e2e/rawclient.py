"""Raw JSON-RPC lines to a real server process, with a deadline on every wait.

The SDK's client hides what these tests are about: lines that are no messages, the order of answers, exit codes, and the
moment at which a process has ended.
"""

import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

TINY_SERVER = [sys.executable, str(Path(__file__).with_name("tiny_server.py"))]
PROMPT_END = 0.5  # seconds; clients kill half a second after they have asked a server to end
_PATIENCE = 20.0  # seconds; only a broken server needs them


class RawClient:
    """One server process that speaks JSON-RPC on its stdin and stdout. Use it as a context manager."""

    def __init__(
        self, command: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: str | Path | None = None
    ) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by __exit__
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=None if env is None else dict(env),
            cwd=cwd,
            bufsize=0,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._stdin = self.process.stdin
        self._stdout = self.process.stdout
        self._pending = b""
        self._last_id = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(_PATIENCE)
        for stream in (self._stdin, self._stdout, self._errors):
            stream.close()

    def send(self, message: Mapping[str, Any] | bytes) -> None:
        """Send a message, or raw bytes as they are."""
        rest = memoryview(message if isinstance(message, bytes) else json.dumps(message).encode() + b"\n")
        while rest:
            rest = rest[os.write(self._stdin.fileno(), rest) :]

    def request(self, method: str, params: Mapping[str, Any] | None = None) -> int:
        """Send a request and return its id."""
        self._last_id += 1
        message = {"jsonrpc": "2.0", "id": self._last_id, "method": method}
        self.send(message if params is None else {**message, "params": params})
        return self._last_id

    def call(self, tool: str, /, **arguments: Any) -> int:
        """Send a ``tools/call`` and return its id."""
        return self.request("tools/call", {"name": tool, "arguments": arguments})

    def handshake(self) -> Self:
        """Open a connection of the handshake era."""
        client = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "raw", "version": "1"}}
        self.answer_to(self.request("initialize", client))
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return self

    def wait_for_output(self) -> None:
        """Return when stdout has something to read or is at its end."""
        readable, _, _ = select.select([self._stdout], [], [], _PATIENCE)
        assert readable, f"nothing within {_PATIENCE} s; stderr: {self.errors()}"

    def receive_line(self) -> bytes | None:
        """The next line of stdout, or None at its end."""
        while b"\n" not in self._pending:
            self.wait_for_output()
            chunk = os.read(self._stdout.fileno(), 1 << 16)
            if not chunk:
                assert not self._pending, f"stdout ended inside a line: {self._pending[:200]!r}"
                return None
            self._pending += chunk
        line, _, self._pending = self._pending.partition(b"\n")
        return line

    def receive(self) -> dict[str, Any]:
        """The next message."""
        line = self.receive_line()
        assert line is not None, f"stdout is at its end; stderr: {self.errors()}"
        return json.loads(line)

    def answer_to(self, request_id: int) -> dict[str, Any]:
        """The answer to a request; what comes before it is dropped."""
        while (message := self.receive()).get("id") != request_id:
            pass
        return message

    def text_of(self, request_id: int) -> str:
        """The text that a tool call answered."""
        return self.answer_to(request_id)["result"]["content"][0]["text"]

    def rest(self) -> list[dict[str, Any]]:
        """All messages until the end of stdout."""
        messages: list[dict[str, Any]] = []
        while (line := self.receive_line()) is not None:
            messages.append(json.loads(line))
        return messages

    def close_stdin(self) -> None:
        self._stdin.close()

    def close_stdout(self) -> None:
        self._stdout.close()

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def end(self) -> tuple[int, float]:
        """Wait for the end of the process; return its exit code and the seconds that this took."""
        begun = time.monotonic()
        code = self.process.wait(_PATIENCE)
        return code, time.monotonic() - begun

    def errors(self) -> str:
        """What the process has written to stderr so far."""
        # Not the shared file position: the process writes there.
        return os.pread(self._errors.fileno(), 1 << 20, 0).decode()
