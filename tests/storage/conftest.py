"""The store under test. Every implementation of ``Database`` runs the same suite: a new one is a new parameter here."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from cloud import Cloud
from primaries import Settled, a_remote, a_replica
from sqld import Sqld
from storebench import Bench

from swarm_memory.storage.local import open_local

ENGINES = ("libsql", "sqlite3")
STORES = (*ENGINES, "remote", "replica", "replica-of-cloud")
WITHOUT_CLOUD = {"test_arithmetic", "test_queries"}
"""Modules that ask what SQL computes and how it is planned: nothing of that depends on how a replica is fed, and they
would take longer than all others together."""


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


@asynccontextmanager
async def opened(store: str, path: Path) -> AsyncGenerator[Any]:
    """An empty store of this kind, with the program's schema."""
    if store in ENGINES:
        local = await open_local(path / "memory.db", busy_timeout=5, engine=store)  # pyright: ignore[reportArgumentType] - a parameter of the fixture
        await local.prepare()
        yield local
        local.close()
        return
    with (Cloud if store == "replica-of-cloud" else Sqld)(path / "primary") as primary:
        if store == "remote":
            async with a_remote(primary.url) as remote:
                yield remote
        else:
            async with a_replica(primary.url, path / "replica") as replica:
                yield Settled(replica)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database" in metafunc.fixturenames:
        has_cloud = metafunc.definition.path.stem not in WITHOUT_CLOUD
        metafunc.parametrize("database", STORES if has_cloud else STORES[:-1], indirect=True)


@pytest.fixture
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[Any]:
    """An empty store with the program's schema."""
    async with opened(request.param, tmp_path) as store:
        yield store


@pytest.fixture(params=STORES, scope="module")
async def schema_only(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Any]:
    """One such store for all tests of a module that only prepare queries."""
    async with opened(request.param, tmp_path_factory.mktemp("schema")) as store:
        yield store


@pytest.fixture
def bench(database: Any) -> Bench:
    """The stores on it, with a clock that a test can move."""
    return Bench(database)
