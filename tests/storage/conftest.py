"""The store under test. Every implementation of ``Database`` runs the same suite: a new one is a new parameter here."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from storebench import Bench

from swarm_memory.storage.local import open_local
from swarm_memory.storage.migrate import migrate

ENGINES = ("libsql", "sqlite3")


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    if request.param == "libsql":
        pytest.importorskip("libsql")
    return request.param


@pytest.fixture
async def database(engine: str, tmp_path: Path) -> AsyncGenerator[Any]:
    """An empty store with the program's schema."""
    opened = await open_local(tmp_path / "memory.db", busy_timeout=5, engine=engine)  # pyright: ignore[reportArgumentType] - a parameter of the fixture
    await migrate(opened)
    yield opened
    opened.close()


@pytest.fixture
def bench(database: Any) -> Bench:
    """The stores on it, with a clock that a test can move."""
    return Bench(database)
