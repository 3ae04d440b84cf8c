"""The plugin and the hooks inside Claude Code itself: scripts/check-clients. Nothing is sent beyond this machine."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from answering_model import AnsweringModel
from npm import Node

pytestmark = pytest.mark.clients

ROOT = Path(__file__).parents[2]
PROGRAM = Path(sys.executable).with_name("swarm-memory")
PROMPT = "Which database serves many processes here?"
DECISION = "libSQL, because one file serves many processes"
LONG = f"{'Of the database and its processes much was said before. ' * 120}In the end the write lock decided it."


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project whose memory holds one decision; the client finds the program on its path."""
    place = tmp_path / "shop"
    place.mkdir()
    env = variables(tmp_path)
    for key, text in (("decision/database", DECISION), ("notes/database", LONG)):
        subprocess.run([PROGRAM, "set", key, text], cwd=place, env=env, check=True, timeout=60)
    return place


def variables(folder: Path) -> dict[str, str]:
    return {
        "HOME": str(folder),
        "CLAUDE_CONFIG_DIR": str(folder / ".claude"),
        "SWARM_MEMORY_HOME": str(folder / "store"),
        "PATH": f"{PROGRAM.parent}:/usr/bin:/bin",
    }


@pytest.mark.parametrize("path", [".", "plugin"])
def test_the_client_s_own_validator_finds_nothing(node: Node, path: str) -> None:
    done = node.run_file(node.claude_code(), "plugin", "validate", "--strict", str(ROOT / path))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Validation passed" in done.stdout


def test_the_validator_finds_what_is_wrong(node: Node, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "plugin", tmp_path / "plugin")
    (tmp_path / "plugin" / "hooks" / "hooks.json").write_text('{"hooks": {"SessionStart": "no list"}}')
    done = node.run_file(node.claude_code(), "plugin", "validate", "--strict", str(tmp_path / "plugin"))
    assert done.returncode == 1, done.stdout


def test_the_plugin_is_installed_from_the_marketplace_and_its_server_connects(
    node: Node, shop: Path, tmp_path: Path
) -> None:
    def plugin(*arguments: str) -> str:
        done = node.run_file(node.claude_code(), *arguments, cwd=shop, env=variables(tmp_path))
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    plugin("plugin", "marketplace", "add", str(ROOT))
    plugin("plugin", "install", "swarm-memory@swarm-memory")
    assert "enabled" in plugin("plugin", "list")
    assert re.search(r"swarm-memory serve - ✔ Connected", plugin("mcp", "list"))
    shown = plugin("plugin", "details", "swarm-memory")
    assert "remembering-well, working-in-a-swarm" in shown
    assert "SessionStart, UserPromptSubmit, PreCompact, SessionEnd" in shown


@pytest.mark.parametrize("way", ["init", "plugin"])
def test_a_session_is_told_what_another_has_stored(node: Node, shop: Path, tmp_path: Path, way: str) -> None:
    claude = node.claude_code()
    env = variables(tmp_path)
    if way == "init":
        subprocess.run([PROGRAM, "init", "--hooks", "--yes"], cwd=shop, env=env, check=True, timeout=60)
    else:
        node.run_file(claude, "plugin", "marketplace", "add", str(ROOT), cwd=shop, env=env)
        node.run_file(claude, "plugin", "install", "swarm-memory@swarm-memory", cwd=shop, env=env)
    with AnsweringModel() as model:
        service = {
            "ANTHROPIC_BASE_URL": model.url,
            "ANTHROPIC_API_KEY": "none",
            "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        }
        done = node.run_file(claude, "-p", PROMPT, cwd=shop, env=env | service)
    assert (done.returncode, done.stdout.strip()) == (0, "Noted."), done.stdout + done.stderr
    told = "\n".join(model.asked)
    assert "The memory of project local/shop" in told
    assert DECISION in told
    assert "perhaps of use for this prompt" in told  # of the long note, of which the brief had the beginning only
    [listed] = json.loads(memories(shop, env))["entries"]
    assert listed["namespace"] == "checkpoints"
    kept = subprocess.run(
        [PROGRAM, "get", listed["key"], "--namespace", "checkpoints", "--json"],
        cwd=shop,
        env=env,
        capture_output=True,
        check=True,
        timeout=60,
    )
    value = json.loads(kept.stdout)["value"]
    assert (value["asked"], value["said_last"]) == ([PROMPT], "Noted.")


def memories(shop: Path, env: dict[str, str]) -> bytes:
    command = [PROGRAM, "list", "--namespace", "checkpoints", "--json"]
    return subprocess.run(command, cwd=shop, env=env, capture_output=True, check=True, timeout=60).stdout
