"""hook install, remove and status: settings.json keeps every byte that is not a hook of this program."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from commandline import Commands
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from swarm_memory.cli import _hook_settings

EVENTS = ["SessionStart", "UserPromptSubmit", "PreCompact", "SessionEnd"]
ODD = (
    '{ "model":"opus",\n\n\t"hooks" : {"SessionStart":[{"hooks":[{"type":"command","command":"echo hi"}]}] ,\n'
    ' "Stop":[]}}\r\n\n'
)

_other_hook = st.fixed_dictionaries({"type": st.just("command"), "command": st.sampled_from(["echo", "other hook x"])})
_groups = st.lists(
    st.fixed_dictionaries({"hooks": st.lists(_other_hook, min_size=1, max_size=2)}, optional={"matcher": st.just("*")}),
    min_size=1,
    max_size=2,
)
_settings = st.fixed_dictionaries(
    {},
    optional={
        "model": st.text(),
        "permissions": st.dictionaries(st.text(), st.lists(st.text(), max_size=2), max_size=2),
        "hooks": st.dictionaries(st.sampled_from([*EVENTS, "Stop", "PostToolUse"]), _groups, min_size=1),
        "env": st.dictionaries(st.text(), st.text(), max_size=2),
    },
)
_layouts: st.SearchStrategy[dict[str, Any]] = st.sampled_from([{}, {"indent": 2}, {"indent": "\t"}, {"indent": 4}])


def user_file(run: Commands) -> Path:
    return run.cwd.parent / ".claude" / "settings.json"


@pytest.mark.parametrize("scope", ["user", "project", "local"])
def test_hooks_are_installed_told_and_removed(run: Commands, scope: str) -> None:
    places = {"project": run.cwd / ".claude/settings.json", "local": run.cwd / ".claude/settings.local.json"}
    path = places.get(scope, user_file(run))
    shown = run("hook", "install", "--scope", scope, "--yes").expect(0).out
    assert "hook session-start" in shown
    content = json.loads(path.read_text())
    assert list(content["hooks"]) == EVENTS
    again = run("hook", "install", "--scope", scope, "--yes").expect(0)
    assert "nothing was changed" in again.out
    told = json.loads(run("hook", "status", "--json").expect(0).out)
    assert {name for name, found in told.items() if found} == {scope}
    assert list(told[scope]) == EVENTS
    assert "not installed" in run("hook", "status").expect(0).out
    run("hook", "remove", "--scope", scope, "--yes").expect(0)
    assert not path.exists()
    assert "Install them" in run("hook", "status").expect(0).err


def test_what_is_installed_runs_in_a_shell_and_a_missing_program_is_no_failure(run: Commands) -> None:
    run("hook", "install", "--yes").expect(0)
    run("set", "decision/x", "shown at the start").expect(0)
    hooks = json.loads(user_file(run).read_text())["hooks"]
    [command] = [hook["command"] for group in hooks["SessionStart"] for hook in group["hooks"]]
    env = {**run.env, "SWARM_MEMORY_HOME": str(run.home)}

    def shell(line: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            ["sh", "-c", line], input=b"{}", cwd=run.cwd, env=env, capture_output=True, timeout=60, check=False
        )

    assert b"shown at the start" in shell(command).stdout
    assert shell(command.replace(sys.executable, "/nowhere/python")).returncode == 0


def test_an_odd_file_comes_back_to_the_byte(run: Commands) -> None:
    path = user_file(run)
    path.parent.mkdir()
    path.write_bytes(ODD.encode())
    run("hook", "install", "--yes").expect(0)
    assert json.loads(path.read_text())["hooks"]["SessionStart"][0] == {
        "hooks": [{"type": "command", "command": "echo hi"}]
    }
    run("hook", "remove", "--yes").expect(0)
    # An empty list that one of ours was put into would go with it; this one was not touched.
    assert path.read_bytes() == ODD.encode()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=_settings, layout=_layouts, end=st.sampled_from(["", "\n"]))
def test_install_and_remove_change_nothing_else(
    tmp_path: Path, content: dict[str, Any], layout: dict[str, Any], end: str
) -> None:
    path = tmp_path / "settings.json"
    text = json.dumps(content, **layout) + end
    path.write_text(text)
    added = _hook_settings.add(path)
    assert added.after is not None
    path.write_text(added.after)
    assert set(_hook_settings.installed(path)) == set(EVENTS)
    others = {name: item for name, item in json.loads(added.after).items() if name != "hooks"}
    assert others == {name: item for name, item in content.items() if name != "hooks"}
    assert not _hook_settings.add(path).changes
    removed = _hook_settings.remove(path)
    assert removed.after == (text if content else None)


def test_hooks_of_an_older_installation_are_brought_up_to_date(run: Commands) -> None:
    path = user_file(run)
    path.parent.mkdir()
    old = {"type": "command", "command": "/old/bin/swarm-memory hook session-start"}
    path.write_text(json.dumps({"hooks": {"SessionStart": [{"matcher": "startup", "hooks": [{"type": "x"}, old]}]}}))
    run("hook", "install", "--yes").expect(0)
    assert "/old/bin" not in path.read_text()
    assert json.loads(path.read_text())["hooks"]["SessionStart"][0] == {"matcher": "startup", "hooks": [{"type": "x"}]}
    assert path.read_text().count("hook session-start") == 1


@pytest.mark.parametrize(
    "text",
    [
        "// mine\n{}",
        "[]",
        '{"hooks": []}',
        '{"hooks": {"SessionStart": {}}}',
        '{"hooks": {"SessionStart": [1]}}',
        "{,}",
    ],
)
@pytest.mark.parametrize("word", ["install", "remove"])
def test_a_file_that_is_not_understood_is_refused_and_stays(run: Commands, text: str, word: str) -> None:
    path = user_file(run)
    path.parent.mkdir()
    path.write_text(text)
    done = run("hook", word, "--yes").expect(1)
    assert done.err.startswith(f"[invalid_argument] {path} is left as it is, because ")
    assert path.read_text() == text
