"""The plugin for Claude Code names what exists: the program's commands and tools, one version, the client's rules."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import click
import pytest

from swarm_memory import __version__
from swarm_memory.cli import _hook_settings
from swarm_memory.cli.main import cli
from swarm_memory.hooks import EVENTS
from swarm_memory.tools.table import ALL_TOOLS

ROOT = Path(__file__).parents[1]
PLUGIN = ROOT / "plugin"
SKILLS = sorted(PLUGIN.glob("skills/*/SKILL.md"))
FRONT = re.compile(r"\A---\nname: (?P<name>.+)\ndescription: (?P<description>.+)\n---\n\n# \S")


def content(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text("utf-8"))


def test_the_marketplace_offers_the_plugin_in_this_repository() -> None:
    market = content(ROOT / ".claude-plugin" / "marketplace.json")
    [offered] = market["plugins"]
    manifest = content(PLUGIN / ".claude-plugin" / "plugin.json")
    assert (ROOT / offered["source"]).resolve() == PLUGIN
    assert market["owner"]["name"]
    assert offered["name"] == manifest["name"] == "swarm-memory"
    assert offered["description"] == manifest["description"]
    assert "version" not in offered  # the manifest's would win


def test_the_plugin_has_the_program_s_version() -> None:
    assert content(PLUGIN / ".claude-plugin" / "plugin.json")["version"] == __version__


def test_the_plugin_starts_the_server_by_its_name() -> None:
    [(name, entry)] = content(PLUGIN / ".mcp.json")["mcpServers"].items()
    assert (name, entry["command"]) == ("swarm-memory", "swarm-memory")
    assert entry["args"][0] in cli.commands


def test_the_plugin_s_hooks_are_those_that_hook_install_writes() -> None:
    hooks = content(PLUGIN / "hooks" / "hooks.json")["hooks"]
    assert list(hooks) == list(EVENTS)
    group = cli.commands["hook"]
    assert isinstance(group, click.Group)
    for event, [entry] in hooks.items():
        [hook] = entry["hooks"]
        line = "swarm-memory hook " + EVENTS[event] + " || true"
        assert hook == {"type": "command", "command": line, "timeout": 10}
        assert EVENTS[event] in group.commands
        # Only the name of the program may differ.
        assert _hook_settings.command(event).endswith(line.removeprefix("swarm-memory"))
        assert shlex.split(line)[:2] == ["swarm-memory", "hook"]


def test_there_are_two_skills() -> None:
    assert [path.parent.name for path in SKILLS] == ["remembering-well", "working-in-a-swarm"]


@pytest.mark.parametrize("path", SKILLS, ids=lambda path: path.parent.name)
def test_a_skill_says_what_it_is_and_when_and_names_tools_that_exist(path: Path) -> None:
    text = path.read_text("utf-8")
    front = FRONT.match(text)
    assert front
    assert front["name"] == path.parent.name
    assert "Use when" in front["description"]
    assert len(front["description"]) <= 1024
    assert len(text) < 8_000
    tools = {tool.name for tool in ALL_TOOLS}
    words = set(re.findall(r"`([a-z]+_[a-z_]+)`", text))
    assert words & tools
    assert words <= tools | {"if_version"}
