"""Real stores with their services, as servers of one machine have them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from searchbench import Opener, settings_of

from swarm_memory.app import App, open_app


@pytest.fixture
def opener(tmp_path: Path) -> Opener:
    """Opens one more process's services on the same store, with the model loaded."""

    @asynccontextmanager
    async def opened(**given: Any) -> AsyncGenerator[App]:
        async with open_app(settings_of(tmp_path / "home", **given)) as app:
            await app.search.embedding.loaded(60)
            yield app

    return opened


@pytest.fixture
async def app(opener: Opener) -> AsyncGenerator[App]:
    async with opener() as one:
        yield one
