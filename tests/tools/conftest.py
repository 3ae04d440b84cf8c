"""Real MCP clients of real servers: in memory, and on stdio, streamable HTTP and SSE in processes of their own."""

import os
import re
import subprocess
import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters
from mcp.client.sse import sse_client
from sqld import Sqld
from toolsession import Session, make_settings

from swarm_memory.app import App, open_app
from swarm_memory.server import build_server

TRANSPORTS = ("memory", "memory-legacy", "stdio", "http", "sse")
MODES = ("local", "remote", "replica")
_SERVE = [sys.executable, "-m", "swarm_memory", "serve", "--tools", "all"]
_numbers = count()


def environment(home: Path) -> dict[str, str]:
    """That of a server process: nothing of the developer's own settings."""
    foreign = ("SWARM_MEMORY_", "TURSO_", "LIBSQL_", "CLAUDE_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return kept | {"SWARM_MEMORY_HOME": str(home), "SWARM_MEMORY_PROJECT": "here"}


@pytest.fixture(params=MODES)
async def app(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[App]:
    """The services on a store of the test's own, in each mode."""
    if request.param == "local":
        async with open_app(make_settings(tmp_path / "home")) as opened:
            yield opened
        return
    with Sqld(tmp_path / "primary") as primary:
        async with open_app(make_settings(tmp_path / "home", request.param, primary.url)) as opened:
            yield opened


@pytest.fixture
async def session(app: App) -> AsyncGenerator[Session]:
    """A client in memory, on a store of the test's own."""
    async with Client(build_server(app, app.settings.tools)) as client:
        yield Session(client)


@pytest.fixture(scope="module")
def web_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of an HTTP server process, such as ``http://127.0.0.1:40123``."""
    home = tmp_path_factory.mktemp("web")
    command = [*_SERVE, "--http", "127.0.0.1:0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment(home), cwd=home) as process:
        assert process.stderr is not None
        greeting = process.stderr.readline()
        found = re.search(r"(http://127\.0\.0\.1:\d+)/mcp", greeting)
        try:
            assert found, greeting + process.stderr.read()
            yield found[1]
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()


@pytest.fixture(scope="module", params=TRANSPORTS)
async def connection(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Client]:
    """One client for each transport and protocol era, for all tests of a module."""
    home = tmp_path_factory.mktemp("home")
    match request.param:
        case "stdio":
            server: Any = StdioServerParameters(command=_SERVE[0], args=_SERVE[1:], env=environment(home), cwd=home)
            opened = Client(server)
        case "http":
            opened = Client(f"{request.getfixturevalue('web_server')}/mcp")
        case "sse":
            opened = Client(sse_client(f"{request.getfixturevalue('web_server')}/sse"), mode="legacy")
        case name:
            async with open_app(make_settings(home)) as app:
                mode = "legacy" if name.endswith("legacy") else "auto"
                async with Client(build_server(app, app.settings.tools), mode=mode) as client:
                    yield client
            return
    async with opened as client:
        yield client


@pytest.fixture
def anywhere(connection: Client) -> Session:
    """A session over each transport, in a project of the test's own."""
    return Session(connection, f"project-{next(_numbers)}")
