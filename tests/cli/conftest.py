"""The console command on a store of its own for each test."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest
from commandline import Commands
from sqld import Sqld
from team import Team
from tokens import Signer


@pytest.fixture
def run(tmp_path: Path) -> Commands:
    cwd = tmp_path / "shop"
    cwd.mkdir()
    env = {"HOME": str(tmp_path), "PATH": os.defpath, "GIT_CEILING_DIRECTORIES": str(tmp_path)}
    return Commands(tmp_path / "store", cwd, env)


@pytest.fixture
def team(tmp_path: Path, run: Commands) -> Generator[Team]:
    signer = Signer()
    with Sqld(tmp_path / "primary", key_file=signer.write_public_key(tmp_path / "key.pem")) as primary:
        yield Team(primary, signer.full_access(), run)
