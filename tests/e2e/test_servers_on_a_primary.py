"""Real servers on a real primary: they start at once whatever the network does, and share one copy."""

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from children import free_port, wait_until
from rawclient import RawClient
from relay import Relay
from sqld import Sqld
from tokens import Signer

SERVE = [sys.executable, "-m", "swarm_memory", "serve", "--tools", "all"]
START = 10.0  # seconds in which the least patient client wants an answer


def environment(home: Path, url: str, token: str = "", **more: str) -> dict[str, str]:
    foreign = ("SWARM_MEMORY_", "TURSO_", "LIBSQL_", "CLAUDE_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    own = {"SWARM_MEMORY_HOME": str(home), "SWARM_MEMORY_PROJECT": "here", "TURSO_DB_URL": url}
    return kept | own | ({"TURSO_DB_AUTH_TOKEN": token} if token else {}) | more


def answer(server: RawClient, tool: str, **arguments: Any) -> dict[str, Any]:
    return json.loads(server.text_of(server.call(tool, **arguments)))


def replicators(home: Path) -> list[int]:
    """Process ids of those that keep a replica below this home."""
    found: list[int] = []
    for process in psutil.process_iter(["cmdline", "cwd"]):
        told = process.info
        if "swarm_memory.storage.replicator" in (told["cmdline"] or []) and str(told["cwd"]).startswith(str(home)):
            found.append(process.pid)
    return found


@pytest.mark.parametrize("mode", ["replica", "remote"])
@pytest.mark.parametrize("network", ["silent", "nobody"])
def test_a_server_answers_at_once_whatever_its_primary_does(tmp_path: Path, mode: str, network: str) -> None:
    with Sqld(tmp_path / "primary") as primary, Relay(primary.port) as relay:
        relay.black_hole()
        url = relay.url if network == "silent" else f"http://127.0.0.1:{free_port()}"
        env = environment(tmp_path / "home", url, SWARM_MEMORY_MODE=mode, SWARM_MEMORY_PRIMARY_TIMEOUT="2")
        begun = time.monotonic()
        with RawClient(SERVE, env=env, cwd=tmp_path) as server:
            server.handshake()
            assert "tools" in server.answer_to(server.request("tools/list"))["result"]
            assert time.monotonic() - begun < START
            begun = time.monotonic()
            refused = server.text_of(server.call("memory_usage", action="store", key="k", value=1))
            assert refused.startswith("[storage_unavailable] ")
            assert "nothing was written" in refused or "may have happened" in refused
            assert time.monotonic() - begun < START


def value_of(server: RawClient, key: str) -> object:
    return answer(server, "memory_usage", action="retrieve", key=key)["value"]


def test_servers_share_one_copy_and_one_connection_and_outlive_each_other(tmp_path: Path) -> None:
    signer, home = Signer(), tmp_path / "home"
    with Sqld(tmp_path / "primary", key_file=signer.write_public_key(tmp_path / "key.pem")) as primary:
        token = signer.full_access()
        env = environment(home, primary.url, token)
        servers = [RawClient(SERVE, env=env, cwd=tmp_path) for _ in range(3)]
        try:
            for number, server in enumerate(servers):
                server.handshake()
                assert answer(server, "memory_usage", action="store", key=f"k{number}", value=number)["stored"]
            wait_until(lambda: len(replicators(home)) == 1, "one process keeps the replica")
            for server in servers:
                for number in range(3):
                    # What another server has just written may be missing from a copy that is up to a second old.
                    wait_until(lambda s=server, n=number: value_of(s, f"k{n}") == n, "each one sees what all wrote")
            [owner] = replicators(home)
            told = [answer(server, "memory_status", sync=True)["replication"] for server in servers]
            assert {one["owner"] for one in told} == {owner}
            [first] = [server for server, one in zip(servers, told, strict=True) if one["is_owner"]]
            assert len(list(home.glob("replicas/*/replica-*.db"))) == 1

            first.signal(signal.SIGKILL)
            servers.remove(first)
            first.__exit__(None, None, None)
            wait_until(lambda: [one != owner for one in replicators(home)] == [True], "another one keeps it")
            assert answer(servers[0], "memory_usage", action="retrieve", key="k1")["value"] == 1
            for server in servers:
                assert token not in server.errors()
        finally:
            for server in servers:
                server.__exit__(None, None, None)
        wait_until(lambda: not replicators(home), "nobody keeps it any more")
        for file in home.rglob("*"):
            assert file.stat().st_mode & 0o077 == 0, file
            if file.is_file():
                assert token.encode() not in file.read_bytes(), file


def test_a_server_that_is_asked_to_end_takes_its_replicator_along(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with Sqld(tmp_path / "primary") as primary:
        with RawClient(SERVE, env=environment(home, primary.url), cwd=tmp_path) as server:
            server.handshake()
            wait_until(lambda: len(replicators(home)) == 1, "one process keeps the replica")
            server.signal(signal.SIGINT)
            code, seconds = server.end()
        assert code == 0
        assert seconds < 0.5
        wait_until(lambda: not replicators(home), "nobody keeps it any more")
