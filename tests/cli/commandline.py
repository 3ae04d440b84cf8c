"""Runs the real console command."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

COMMAND = str(Path(sys.executable).with_name("swarm-memory"))


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.out.count("\n") == 1, self
        return json.loads(self.out)

    def expect(self, code: int) -> "Done":
        assert self.code == code, self
        return self


@dataclass(frozen=True)
class Commands:
    """Runs ``swarm-memory`` in a directory outside any repository, with few variables."""

    home: Path
    cwd: Path
    env: dict[str, str] = field(default_factory=dict[str, str])

    def __call__(
        self, *arguments: str, stdin: str | bytes = b"", env: Mapping[str, str] | None = None, within: float = 60
    ) -> Done:
        done = subprocess.run(
            [COMMAND, *arguments],
            cwd=self.cwd,
            env={**self.env, "SWARM_MEMORY_HOME": str(self.home), **(env or {})},
            input=stdin.encode() if isinstance(stdin, str) else stdin,
            capture_output=True,
            timeout=within,
            check=False,
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())
