"""The group: help, version, start-up time."""

import subprocess
import sys

import pytest
from commandline import Commands

from swarm_memory import __version__

COMMANDS = [
    "backup",
    "compact",
    "doctor",
    "export",
    "get",
    "hook",
    "import",
    "init",
    "list",
    "models",
    "purge",
    "push-to-primary",
    "reindex",
    "restore",
    "scan",
    "search",
    "serve",
    "set",
    "stats",
    "status",
    "swarm",
    "why",
]
WITHOUT_JSON = ("serve", "init", "export", "hook", "models", "swarm")
HEAVY = ("mcp", "numpy", "pydantic", "libsql", "rich", "starlette", "uvicorn", "structlog")


def test_version_is_told(run: Commands) -> None:
    assert run("--version").expect(0).out == f"swarm-memory {__version__}\n"


def test_every_command_is_listed_and_helps(run: Commands) -> None:
    listed = run("--help").expect(0).out.partition("Commands:\n")[2]
    assert "..." not in listed
    commands = [line.split()[0] for line in listed.splitlines()]
    assert commands == COMMANDS
    for command in commands:
        helped = run(command, "--help").expect(0).out
        assert helped.startswith(f"Usage: swarm-memory {command} ")
        assert "--json" in helped or command in WITHOUT_JSON


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_help_and_version_import_nothing_heavy(argument: str) -> None:
    code = (
        f"import sys; sys.argv = ['swarm-memory', {argument!r}]\n"
        "from swarm_memory.__main__ import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert "swarm-memory" in done.stdout
    assert done.stderr == "[]\n"
