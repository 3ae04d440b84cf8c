"""The servers that the tests of this folder are about, one of each for a test."""

from collections.abc import Generator
from pathlib import Path

import pytest
from cloud import Cloud
from relay import Relay
from sqld import Sqld


@pytest.fixture
def sqld(tmp_path: Path) -> Generator[Sqld]:
    with Sqld(tmp_path / "sqld") as started:
        yield started


@pytest.fixture
def cloud(tmp_path: Path) -> Generator[Cloud]:
    with Cloud(tmp_path / "cloud") as started:
        yield started


@pytest.fixture
def relay(sqld: Sqld) -> Generator[Relay]:
    """A relay to ``sqld``."""
    with Relay(sqld.port) as started:
        yield started
