"""From nothing to a memory that one session stores and the next is told of: one command and two sessions."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from rawclient import RawClient

PROGRAM = Path(sys.executable).with_name("swarm-memory")


def test_one_command_and_two_sessions_bring_a_memory_from_one_to_the_next(tmp_path: Path) -> None:
    home = tmp_path / "home"
    project = home / "shop"
    project.mkdir(parents=True)
    path = f"{PROGRAM.parent}{os.pathsep}{os.defpath}"
    env = {"HOME": str(home), "PATH": path, "GIT_CEILING_DIRECTORIES": str(tmp_path)}

    subprocess.run(["swarm-memory", "init", "--hooks", "--yes"], cwd=project, env=env, check=True, timeout=60)
    entry: dict[str, Any] = json.loads((project / ".mcp.json").read_text())["mcpServers"]["swarm-memory"]
    hooks = json.loads((project / ".claude" / "settings.json").read_text())["hooks"]

    def hook(event: str, session: str, **fields: str) -> str:
        [command] = [one["command"] for group in hooks[event] for one in group["hooks"]]
        given = json.dumps({"session_id": session, "cwd": str(project), **fields})
        done = subprocess.run(
            command,
            shell=True,
            cwd=project,
            env=env,
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return done.stdout

    # The first session is told nothing, since there is nothing yet, and learns something.
    assert hook("SessionStart", "first", source="startup") == ""
    client = {**env, "CLAUDE_PROJECT_DIR": str(project), "CLAUDE_CODE_SESSION_ID": "first"}
    with RawClient([entry["command"], *entry["args"]], env=client, cwd=project) as server:
        server.handshake()
        learned = server.call(
            "add_knowledge",
            topic="Token rotation",
            content="Refresh tokens rotate on every use, because of replay attacks.",
            tags=["decision"],
        )
        assert json.loads(server.text_of(learned))["success"] is True
        server.close_stdin()
        server.end()

    # The next one begins with it, and one that began with something else is told it for a prompt.
    for answer in (
        hook("SessionStart", "second", source="startup"),
        hook("UserPromptSubmit", "third", prompt="Why do we rotate refresh tokens?"),
    ):
        told = json.loads(answer)["hookSpecificOutput"]["additionalContext"]
        assert "Refresh tokens rotate on every use, because of replay attacks." in told
        assert "first" in told
