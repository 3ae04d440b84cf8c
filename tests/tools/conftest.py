"""Real MCP clients of real servers: in memory, and on stdio, streamable HTTP and SSE in processes of their own."""

import re
import subprocess
import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from cloud import Cloud
from mcp import Client, StdioServerParameters
from mcp.client.sse import sse_client
from sqld import Sqld
from toolsession import Session, environment, make_settings

from swarm_memory.app import App, open_app
from swarm_memory.server import build_server

TRANSPORTS = ("memory", "memory-legacy", "stdio", "http", "sse")
STORES = ("local", "remote", "replica", "replica-of-cloud")
WITHOUT_CLOUD = {"test_answers", "test_bad_input_in_bulk", "test_finding_bounds", "test_rules"}
"""Modules that ask what is refused and how answers are shaped: nothing of that depends on how a replica is fed, and the
stand-in for Turso Cloud would make the whole run a quarter of a minute longer."""
_SERVE = [sys.executable, "-m", "swarm_memory", "serve", "--tools", "all"]
_numbers = count()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    chosen = [mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")]
    if "store" in metafunc.fixturenames and "store" not in chosen:
        has_cloud = metafunc.definition.path.stem not in WITHOUT_CLOUD
        metafunc.parametrize("store", STORES if has_cloud else STORES[:-1])


@pytest.fixture
async def app(store: str, tmp_path: Path) -> AsyncGenerator[App]:
    """The services on a store of the test's own, in each mode."""
    if store == "local":
        async with open_app(make_settings(tmp_path / "home")) as opened:
            yield opened
        return
    mode = store.removesuffix("-of-cloud")
    with (Sqld if mode == store else Cloud)(tmp_path / "primary") as primary:
        async with open_app(make_settings(tmp_path / "home", mode, primary.url)) as opened:
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
