"""What init writes, read by the client itself: scripts/check-clients."""

import json
from pathlib import Path

import pytest
from npm import Node

from swarm_memory.cli._clients import CLIENTS

pytestmark = pytest.mark.clients


def test_codex_reads_the_entry_of_a_trusted_project(node: Node, tmp_path: Path) -> None:
    shop = tmp_path / "shop"
    (shop / ".git").mkdir(parents=True)
    home = tmp_path / "codex"
    home.mkdir()
    (home / "config.toml").write_text(f'# mine\n[projects."{shop}"]\ntrust_level = "trusted"\n')
    CLIENTS["codex"].add(shop, ("TURSO_DB_URL",)).apply()

    def listed(place: Path) -> list[dict[str, object]]:
        env = {"CODEX_HOME": str(home), "HOME": str(tmp_path)}
        done = node.run_file(node.codex(), "mcp", "list", "--json", cwd=place, env=env)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    [entry] = listed(shop)
    assert (entry["name"], entry["enabled"], entry["startup_timeout_sec"]) == ("swarm-memory", True, 30.0)
    transport = entry["transport"]
    assert isinstance(transport, dict)
    assert transport["type"] == "stdio"
    assert transport["env"] == {"SWARM_MEMORY_AGENT": "codex"}
    assert transport["env_vars"] == ["TURSO_DB_URL"]
    assert listed(tmp_path) == []


def test_claude_code_reads_the_entry_of_a_project(node: Node, tmp_path: Path) -> None:
    CLIENTS["claude"].add(tmp_path, ()).apply()
    env = {"HOME": str(tmp_path), "CLAUDE_CONFIG_DIR": str(tmp_path / ".claude")}
    done = node.run_file(node.claude_code(), "mcp", "list", cwd=tmp_path, env=env)
    assert "swarm-memory: " in done.stdout
    assert "Pending approval" in done.stdout
