"""Real git repositories to look at."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from swarm_memory.models.project import Revision


@pytest.fixture(scope="session")
def git() -> Callable[..., str]:
    binary = shutil.which("git")
    if binary is None:
        pytest.skip("compares with the git binary, which this machine lacks")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    for role in ("AUTHOR", "COMMITTER"):
        environment |= {f"GIT_{role}_NAME": "Tester", f"GIT_{role}_EMAIL": "tester@example.org"}

    def run(directory: Path, *arguments: str) -> str:
        command = [binary, "-c", "init.defaultBranch=main", "-c", "protocol.file.allow=always", *arguments]
        done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, check=True, timeout=60)
        return done.stdout.decode().strip()

    return run


@pytest.fixture
def make_repository(git: Callable[..., str]) -> Callable[..., Path]:
    """Makes a repository with one commit and, if asked, a remote named origin."""

    def make(directory: Path, remote: str | None = None) -> Path:
        directory.mkdir(parents=True)
        git(directory, "init", "--quiet")
        git(directory, "commit", "--quiet", "--allow-empty", "--message", "first")
        if remote is not None:
            git(directory, "remote", "add", "origin", remote)
        return directory

    return make


@pytest.fixture
def as_git_says(git: Callable[..., str]) -> Callable[[Path], Revision]:
    """What git itself tells of a checkout that has a commit."""

    def tell(directory: Path) -> Revision:
        branch = git(directory, "rev-parse", "--abbrev-ref", "HEAD")
        return Revision(branch=None if branch == "HEAD" else branch, commit=git(directory, "rev-parse", "HEAD"))

    return tell
