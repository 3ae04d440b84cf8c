"""init for each client: its own file and form, shown first, repeatable, and undone to the byte."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from commandline import Commands
from hypothesis import given
from hypothesis import strategies as st
from sqld import Sqld

from swarm_memory.cli import _toml_file
from swarm_memory.errors import InvalidArgument

ALL = ("claude", "cursor", "vscode", "codex", "claude-desktop")
FILES = {
    "claude": ".mcp.json",
    "cursor": ".cursor/mcp.json",
    "vscode": ".vscode/mcp.json",
    "codex": ".codex/config.toml",
}

ODD_SETTINGS = (
    '{"permissions" : {"allow":["Bash(ls:*)"] }\n\n,  "hooks":\t{ "PreToolUse": [ {"matcher":"Bash"} ] } }\n\n'
)
CODEX = """\
# my settings
model = "o3"   # the good one

[mcp_servers.docs]
command = "npx"
args = [ "-y", "docs" ]  # as they say

[profiles.slow]
model_reasoning_effort = "high"
"""


def path_of(client: str, run: Commands) -> Path:
    if client in FILES:
        return run.cwd / FILES[client]
    base = "Library/Application Support" if sys.platform == "darwin" else ".config"
    return run.cwd.parent / base / "Claude" / "claude_desktop_config.json"


def entry_in(path: Path) -> dict[str, Any]:
    text = path.read_text("utf-8")
    [servers] = (tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)).values()
    return servers["swarm-memory"]


@pytest.mark.parametrize("client", ALL)
def test_each_client_gets_its_entry_once_and_undo_leaves_nothing(run: Commands, client: str) -> None:
    path = path_of(client, run)
    done = run("init", "--client", client, "--yes").expect(0)
    assert [line for line in done.out.splitlines() if line.startswith("-")] == ["--- (no file)"]
    entry = entry_in(path)
    assert [entry["command"], *entry["args"]] == [sys.executable, "-m", "swarm_memory"]
    written = path.read_bytes()
    assert "nothing was changed" in run("init", "--client", client, "--yes").expect(0).out
    assert path.read_bytes() == written
    run("init", "--client", client, "--undo", "--yes").expect(0)
    assert not path.exists()
    assert list(run.cwd.iterdir()) == []
    assert "nothing was changed" in run("init", "--client", client, "--undo", "--yes").expect(0).out


@pytest.mark.parametrize("client", ["claude", "cursor", "vscode"])
def test_an_entry_starts_a_server_as_that_client_would(run: Commands, client: str) -> None:
    run("init", "--client", client, "--yes").expect(0)
    entry = entry_in(path_of(client, run))
    env = {name: value.replace("${workspaceFolder}", str(run.cwd)) for name, value in entry.get("env", {}).items()}
    done = subprocess.run(
        [entry["command"], *entry["args"]],
        cwd=run.cwd.parent,
        env={**run.env, "SWARM_MEMORY_HOME": str(run.home), **env},
        input=b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n',
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert json.loads(done.stdout) == {"jsonrpc": "2.0", "id": 1, "result": {}}


def test_codex_keeps_comments_and_order_to_the_byte(run: Commands) -> None:
    path = path_of("codex", run)
    path.parent.mkdir()
    path.write_text(CODEX)
    shown = run("init", "--client", "codex", "--yes").expect(0).out
    assert "the good one" not in shown
    text = path.read_text()
    assert text.startswith(CODEX)
    assert tomllib.loads(text)["mcp_servers"]["swarm-memory"]["env"] == {"SWARM_MEMORY_AGENT": "codex"}
    path.write_text(text + "\n# behind\n[profiles.fast]\nx = 1\n")
    run("init", "--client", "codex", "--undo", "--yes").expect(0)
    assert path.read_text() == CODEX + "\n# behind\n[profiles.fast]\nx = 1\n"


@given(
    before=st.sampled_from(["", "a = 1", "a = 1\n", CODEX, CODEX + "\n\n", "# only\n", "a = 1\r\n[x]\r\ny = 2\r\n"]),
    again=st.booleans(),
)
def test_codex_files_come_back_as_they_were(before: str, *, again: bool) -> None:
    text = _toml_file.merged(before, {"command": "x", "args": ["serve"]})
    assert text is not None
    assert _toml_file.merged(text, {"command": "x", "args": ["serve"]}) is None
    if again:
        text = _toml_file.merged(text, {"command": "y", "args": [], "env_vars": ["A"]})
        assert text is not None
        assert tomllib.loads(text)["mcp_servers"]["swarm-memory"] == {"command": "y", "args": [], "env_vars": ["A"]}
    assert (_toml_file.without(text) or "") == before


def test_codex_entries_of_ones_own_keep_what_they_have_besides() -> None:
    before = (
        "[mcp_servers.swarm-memory]\nurl = 'http://x/mcp'\n# slow machine\ntool_timeout_sec = 90\n\n"
        '[mcp_servers."swarm-memory".env]\nSWARM_MEMORY_AGENT = "me"\n\n[b]\nurl = 1\n'
    )
    text = _toml_file.merged(before, {"command": "x", "args": [], "env": {"SWARM_MEMORY_AGENT": "codex"}})
    assert text is not None
    config = tomllib.loads(text)
    ours: dict[str, Any] = {"command": "x", "args": [], "tool_timeout_sec": 90, "env": {"SWARM_MEMORY_AGENT": "me"}}
    assert config == {"mcp_servers": {"swarm-memory": ours}, "b": {"url": 1}}
    assert "# slow machine\n" in text
    assert _toml_file.without(text) == "\n[b]\nurl = 1\n"


@pytest.mark.parametrize(
    "text",
    [
        "mcp_servers = {x = {command = 'a'}}",
        "mcp_servers.swarm-memory.command = 'a'",
        "[mcp_servers]\nswarm-memory = {command = 'a'}",
        "[mcp_servers.swarm-memory]\ncommand = '''\n[x]\n'''",
        "x = ",
        "mcp_servers = 1",
    ],
)
def test_codex_files_that_cannot_be_edited_by_lines_are_refused(text: str) -> None:
    with pytest.raises(InvalidArgument):
        _toml_file.merged(text, {"command": "x"})


def test_all_of_it_for_claude_is_shown_written_and_undone_to_the_byte(run: Commands) -> None:
    files = {
        ".mcp.json": '{"mcpServers": {"other": {"command": "x"}}}',
        ".claude/settings.json": ODD_SETTINGS,
        "CLAUDE.md": "# Shop\n\nNo line end at the end",
    }
    for name, text in files.items():
        (run.cwd / name).parent.mkdir(exist_ok=True)
        (run.cwd / name).write_bytes(text.encode())
    done = run("init", "--hooks", "--claude-md", "--yes").expect(0)
    for name, text in files.items():
        assert f"+++ {name}" in done.out
        assert (run.cwd / name).read_text() != text
    assert (run.cwd / "CLAUDE.md").read_text().startswith(files["CLAUDE.md"] + "\n<!-- swarm-memory: begin")
    settings = json.loads((run.cwd / ".claude" / "settings.json").read_text())
    assert {"SessionStart", "UserPromptSubmit", "PreCompact", "SessionEnd", "PreToolUse"} == set(settings["hooks"])
    again = run("init", "--hooks", "--claude-md", "--yes").expect(0)
    assert "nothing was changed" in again.out
    run("init", "--undo", "--yes").expect(0)
    for name, text in files.items():
        assert (run.cwd / name).read_bytes().decode() == text


def test_the_paragraph_is_taken_out_from_between_what_others_wrote(run: Commands) -> None:
    page = run.cwd / "CLAUDE.md"
    page.write_bytes(b"# Shop\r\n")
    run("init", "--claude-md", "--yes").expect(0)
    written = page.read_bytes()
    assert b"\n" not in written.replace(b"\r\n", b"")
    page.write_bytes(written.replace(b"Before a decision", b"Changed") + b"Behind it.\r\n")
    run("init", "--claude-md", "--yes").expect(0)
    assert page.read_bytes() == written + b"Behind it.\r\n"
    run("init", "--undo", "--yes").expect(0)
    assert page.read_bytes() == b"# Shop\r\nBehind it.\r\n"
    page.unlink()
    run("init", "--claude-md", "--yes").expect(0)
    run("init", "--undo", "--yes").expect(0)
    assert list(run.cwd.iterdir()) == []


def test_a_file_with_comments_is_refused_with_a_remedy_and_nothing_is_written(run: Commands) -> None:
    settings = run.cwd / ".claude" / "settings.json"
    settings.parent.mkdir()
    settings.write_text('{\n  // mine\n  "model": "opus",\n}\n')
    done = run("init", "--hooks", "--yes").expect(1)
    assert done.err.startswith("[invalid_argument] .claude/settings.json is left as it is")
    assert "Next: " in done.err
    assert [one.name for one in run.cwd.iterdir()] == [".claude"]


def test_what_does_not_go_together_is_refused(run: Commands) -> None:
    assert run("init", "--client", "cursor", "--hooks").code == 2
    assert run("init", "--client", "codex", "--claude-md").code == 2
    assert run("init", "--undo", "--hooks").code == 2
    assert run("init", "--client", "emacs").code == 2
    assert list(run.cwd.iterdir()) == []


def test_a_client_that_cannot_name_variables_gets_no_token(run: Commands, tmp_path: Path) -> None:
    with Sqld(tmp_path / "open") as primary:
        done = run("init", "--client", "claude-desktop", "--with-turso", "--yes", "--url", primary.url).expect(2)
    assert done.err.startswith("[configuration] ")
    assert not path_of("claude-desktop", run).exists()


def test_what_is_shown_holds_nothing_of_other_servers(run: Commands) -> None:
    path = run.cwd / ".mcp.json"
    path.write_text('{"mcpServers": {"other": {"command": "x", "env": {"TOKEN": "hunter2"}}}, "last": "hunter2"}')
    done = run("init", "--yes").expect(0)
    assert "swarm-memory" in done.out
    assert "hunter2" not in done.out
    done = run("init", "--undo", "--yes").expect(0)
    assert "hunter2" not in done.out
