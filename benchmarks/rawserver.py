"""A real server process and the least possible client for it: what benchmarks measure is the server."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any


def machine() -> dict[str, object]:
    """What the figures were measured on."""
    return {"python": platform.python_version(), "system": platform.platform(), "cores": os.cpu_count()}


class RawServer:
    """One server process, driven by lines of JSON-RPC."""

    def __init__(self, home: Path, project: str, **settings: str) -> None:
        env = os.environ | {"SWARM_MEMORY_HOME": str(home), "SWARM_MEMORY_PROJECT": project} | settings
        command = [sys.executable, "-m", "swarm_memory", "serve"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env)
        self.last = 0

    def greet(self) -> None:
        """The handshake that every client begins with."""
        self.request(
            "initialize", protocolVersion="2025-06-18", capabilities={}, clientInfo={"name": "b", "version": "1"}
        )
        self.send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def request(self, method: str, **params: Any) -> bytes:
        assert self.process.stdout
        self.last += 1
        self.send({"jsonrpc": "2.0", "id": self.last, "method": method, "params": params})
        return self.process.stdout.readline()

    def call(self, tool: str, **arguments: Any) -> None:
        line = self.request("tools/call", name=tool, arguments=arguments)
        if b'"isError":false' not in line:
            raise SystemExit(f"{tool} {arguments} was refused: {line[:500]!r}")

    def answer(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """What a call answers, as the client's model would see it."""
        result = json.loads(self.request("tools/call", name=tool, arguments=arguments))["result"]
        if result.get("isError"):
            raise SystemExit(f"{tool} was refused: {result['content'][0]['text'][:500]}")
        return result["structuredContent"]

    def memory(self) -> int:
        """Resident bytes, where /proc tells them."""
        status = Path(f"/proc/{self.process.pid}/status")
        if not status.exists():
            return 0
        return next(int(line.split()[1]) * 1024 for line in status.read_text().splitlines() if line.startswith("VmRSS"))

    def end(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(10)
