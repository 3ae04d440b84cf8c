"""A primary and the machines that share it."""

import json
import subprocess
import sys
from dataclasses import dataclass, replace
from typing import Any

from commandline import Commands, Done
from pipeline import Value, ask, execute
from sqld import Sqld

_CALLS = """
import json, sys
from swarm_memory.cli._calling import answer
print(json.dumps([answer(tool, arguments) for tool, arguments in json.load(sys.stdin)]))
"""


def call(run: Commands, *calls: tuple[str, dict[str, Any]], env: dict[str, str] | None = None) -> list[Any]:
    """Calls of tools by a process of its own; the answers."""
    done = subprocess.run(
        [sys.executable, "-c", _CALLS],
        cwd=run.cwd,
        env={**run.env, "SWARM_MEMORY_HOME": str(run.home), **(env or {})},
        input=json.dumps(calls),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return json.loads(done.stdout)


@dataclass(frozen=True)
class Team:
    """A primary, and machines that have stores of their own."""

    primary: Sqld
    token: str
    machine: Commands

    def env(self, url: str | None = None) -> dict[str, str]:
        return {"TURSO_DB_URL": url or self.primary.url, "TURSO_DB_AUTH_TOKEN": self.token}

    def push(self, run: Commands, *options: str, url: str | None = None, code: int = 0) -> Done:
        done = run("push-to-primary", *options, env=self.env(url)).expect(code)
        assert self.token not in done.out + done.err
        return done

    def call(self, run: Commands, tool: str, *several: dict[str, Any], env: dict[str, str] | None = None) -> list[Any]:
        """Calls of one tool by a process of its own, on the local store unless the variables say otherwise."""
        return call(run, *((tool, arguments) for arguments in several), env=env)

    def at_primary(self, tool: str, arguments: dict[str, Any]) -> Any:
        """What everybody gets from the primary."""
        run = replace(self.machine, home=self.machine.home.with_name("elsewhere"))
        [told] = self.call(run, tool, arguments, env={**self.env(), "SWARM_MEMORY_MODE": "remote"})
        return told

    def rows(self, sql: str) -> list[list[Value]]:
        return ask(self.primary.url, execute(sql), token=self.token).rows()
