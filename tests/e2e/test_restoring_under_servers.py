"""backup and restore beside servers that run: with a local file, and with a primary."""

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from rawclient import RawClient
from sqld import Sqld
from tokens import Signer

COMMAND = str(Path(sys.executable).with_name("swarm-memory"))
SERVE = [COMMAND, "serve", "--tools", "all"]


def environment(home: Path, **more: str) -> dict[str, str]:
    return {
        "SWARM_MEMORY_HOME": str(home),
        "SWARM_MEMORY_PROJECT": "here",
        "PATH": os.defpath,
        "HOME": str(home),
    } | more


def command(env: dict[str, str], *arguments: str) -> Any:
    done = subprocess.run(
        [COMMAND, *arguments, "--json"], env=env, cwd="/", capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def answer(server: RawClient, tool: str, **arguments: Any) -> dict[str, Any]:
    return json.loads(server.text_of(server.call(tool, **arguments)))


@pytest.mark.parametrize("engine", ["sqlite3", "libsql"])
def test_servers_go_on_with_what_was_restored_and_lose_nothing_after_it(tmp_path: Path, engine: str) -> None:
    env, file = environment(tmp_path / "home", SWARM_MEMORY_ENGINE=engine), str(tmp_path / "backup.db")
    with RawClient(SERVE, env=env, cwd=tmp_path) as one, RawClient(SERVE, env=env, cwd=tmp_path) as two:
        for server in (one, two):
            server.handshake()
        answer(one, "memory_usage", action="store", key="plan", value="old")
        command(env, "backup", file)
        was = answer(two, "memory_usage", action="store", key="plan", value="new")
        epoch = answer(one, "memory_status")["epoch"]

        restored = command(env, "restore", file, "--replace")
        for server in (one, two):
            assert answer(server, "memory_usage", action="retrieve", key="plan")["value"] == "old"
            assert answer(server, "memory_status")["epoch"] == restored["epoch"] != epoch
        now = answer(two, "memory_usage", action="store", key="plan", value="after", if_version=1)
        assert now["seq"] <= was["seq"]
        assert answer(one, "memory_usage", action="retrieve", key="plan")["value"] == "after"
        found = answer(one, "search_knowledge", query="after")["results"]
        assert [one["key"] for one in found] == ["plan"]
    with closing(sqlite3.connect(tmp_path / "home" / "memory.db")) as connection:
        assert connection.execute("SELECT content FROM memories").fetchall() == [("after",)]
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_this_machines_copy_of_a_primary_is_backed_up_while_a_server_keeps_it(tmp_path: Path) -> None:
    signer, file = Signer(), str(tmp_path / "backup.db")
    with Sqld(tmp_path / "primary", key_file=signer.write_public_key(tmp_path / "key.pem")) as primary:
        shared = {"TURSO_DB_URL": primary.url, "TURSO_DB_AUTH_TOKEN": signer.full_access()}
        env = environment(tmp_path / "home", **shared)
        with RawClient(SERVE, env=env, cwd=tmp_path) as server:
            server.handshake()
            for number in range(20):
                answer(server, "memory_usage", action="store", key=f"k{number}", value=number)
            told = command(env, "backup", file)
            assert told["memories"] == 20
            assert told["epoch"] == answer(server, "memory_status")["epoch"]
    local = environment(tmp_path / "other")
    assert command(local, "restore", file)["memories"] == 20
    assert command(local, "get", "k7")["value"] == 7
    assert command(local, "set", "k7", "8")["version"] == 2
