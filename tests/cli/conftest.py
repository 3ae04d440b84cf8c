"""The console command on a store of its own for each test."""

import os
from pathlib import Path

import pytest
from commandline import Commands


@pytest.fixture
def run(tmp_path: Path) -> Commands:
    cwd = tmp_path / "shop"
    cwd.mkdir()
    env = {"HOME": str(tmp_path), "PATH": os.defpath, "GIT_CEILING_DIRECTORIES": str(tmp_path)}
    return Commands(tmp_path / "store", cwd, env)
