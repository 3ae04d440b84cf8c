"""Short calls for tests of search."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from swarm_memory.app import App
from swarm_memory.config import Settings
from swarm_memory.models.knowledge import Knowledge
from swarm_memory.models.operations import Delete, Store
from swarm_memory.models.search import Filters, Found
from swarm_memory.models.values import encode
from swarm_memory.storage.vectors import VectorReads

Opener = Callable[..., AbstractAsyncContextManager[App]]


def settings_of(home: Path, **given: Any) -> Settings:
    """Of a local store, whatever the developer's own environment says."""
    base = {"home": home, "project": "here", "mode": "local", "CLAUDE_PROJECT_DIR": home.parent}
    return Settings.model_validate(base | {"TURSO_DB_URL": None} | given)


def reads_of(app: App) -> VectorReads:
    """Which memories have vectors in the store."""
    return VectorReads(app.search._database)  # pyright: ignore[reportPrivateUsage] - what no tool tells


async def lacking(app: App) -> list[str | None]:
    """Titles of memories without a vector."""
    return [one.title for one in await reads_of(app).after(0, "static-256", 1_000) if one.lacks]


async def add(app: App, content: str, topic: str | None = None, **given: Any) -> str:
    """Store knowledge, or a turn where ``conversation`` is given; its id."""
    caller = app.caller(agent=given.pop("agent", None), project=given.pop("project", None))
    [outcome] = await app.knowledge.add([Knowledge(topic, content, **given)], caller)
    return outcome["id"]


async def put(app: App, key: str, value: Any, ttl: int | None = None) -> None:
    """Store a key."""
    await app.memory.apply([Store("default", key, encode(value), ttl=ttl)], app.caller())


async def remove(app: App, id_: str) -> None:
    """Delete by id."""
    await app.memory.apply([Delete("default", None, id_)], app.caller())


async def search(app: App, query: str, limit: int = 10, mode: Any = "hybrid", **filters: Any) -> Found:
    """Search the own project and the others."""
    return await app.search.at("auto").search(query, Filters("here", **filters), limit, mode=mode)


async def found(app: App, query: str, **given: Any) -> list[str]:
    """The texts of the results, best first."""
    return [hit.memory.text for hit in (await search(app, query, **given)).hits]
