"""Swarms on a local file, for tests that start processes."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
from swarmbench import SwarmBench, swarm_bench


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncGenerator[SwarmBench]:
    async with swarm_bench(tmp_path / "home") as opened:
        yield opened
