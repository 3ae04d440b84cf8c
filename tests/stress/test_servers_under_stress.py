"""Eight real servers on one store, each with a client of its own, through the protocol."""

import asyncio
import json
import os
import sys
import time
from pathlib import Path

import pytest
from crew import ask

pytestmark = pytest.mark.stress

SERVERS = 8
SECONDS = 20.0
DEADLINE = 60.0


async def drive(name: str, home: Path, seconds: float, start: asyncio.Barrier) -> tuple[list[str], list[str]]:
    """Store one key after the other; the keys acknowledged, and whatever was answered instead."""
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "swarm_memory", "serve"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"SWARM_MEMORY_HOME": str(home), "SWARM_MEMORY_PROJECT": "stress/servers"},
    )
    assert server.stdin
    assert server.stdout
    reader, writer = server.stdout, server.stdin

    async def request(number: int, method: str, params: dict[str, object]) -> str:
        writer.write(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}).encode() + b"\n")
        return (await asyncio.wait_for(reader.readline(), DEADLINE)).decode()

    client = {"name": name, "version": "1"}
    await request(0, "initialize", {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client})
    writer.write(b'{"jsonrpc":"2.0","method":"notifications/initialized"}\n')
    await start.wait()
    acknowledged: list[str] = []
    refused: list[str] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        key = f"{name}/{len(acknowledged)}"
        arguments = {"action": "store", "key": key, "value": {"status": "implementing JWT", "by": name}}
        answer = await request(len(acknowledged) + 1, "tools/call", {"name": "memory_usage", "arguments": arguments})
        if '"isError":false' not in answer:
            refused.append(answer)
            break
        acknowledged.append(key)
    writer.close()
    await asyncio.wait_for(server.wait(), DEADLINE)
    return acknowledged, refused


@pytest.mark.anyio
async def test_eight_servers_lose_no_acknowledged_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    start = asyncio.Barrier(SERVERS)
    outcomes = await asyncio.gather(*(drive(f"s{number}", tmp_path, SECONDS, start) for number in range(SERVERS)))
    acknowledged = [key for keys, _ in outcomes for key in keys]
    refused = [answer for _, answers in outcomes for answer in answers]
    [rows] = await ask(tmp_path / "memory.db", "SELECT key FROM memories WHERE expires_at > 0")
    lost = set(acknowledged) - {str(key) for (key,) in rows}
    with capsys.disabled():
        figures = {"servers": SERVERS, "writes_per_second": round(len(acknowledged) / SECONDS), "lost": len(lost)}
        print("\n" + json.dumps(figures))  # noqa: T201 - the figures are what a stress run is for
    assert refused == []
    assert lost == set()
    assert len(acknowledged) > SERVERS
