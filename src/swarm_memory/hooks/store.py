"""The store as a hook opens it: a local file quickly, a primary as every command does."""

import platform
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from swarm_memory.hooks.event import Event, directory_of
from swarm_memory.hooks.settings import QuickSettings
from swarm_memory.models.caller import Caller, Origin
from swarm_memory.services.project import find_project, project_directory
from swarm_memory.services.recall import RecallService
from swarm_memory.services.repository import read_revision
from swarm_memory.storage.local import LocalDatabase, open_local
from swarm_memory.storage.memories import MemoryStore
from swarm_memory.storage.search import SearchReads

if TYPE_CHECKING:  # each is needed by some of the hooks only
    from swarm_memory.services.memory import MemoryService
    from swarm_memory.services.search import SearchService

_WAIT: Final = 0.5
"""Seconds to wait for another process's lock: at a prompt a person waits."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What a hook has of the store: recalling, the brief, writing, and who it is for."""

    recall: RecallService
    search: "Callable[[], SearchService]"
    memory: "Callable[[], MemoryService]"
    caller: Caller


@asynccontextmanager
async def opened(event: Event, settings: QuickSettings | None, *, make: bool) -> AsyncGenerator[Reach | None]:
    """The store; None where there is none and ``make`` does not ask for one.

    Args:
        event: Says whose hook it is, and where it works.
        settings: Of a local store; None: ask ``config``.
        make: Make a local store that is not there.

    Raises:
        SwarmMemoryError: A setting is wrong, or the store cannot be opened or reached.
    """
    if settings is None:
        async with _configured(event) as reach:
            yield reach
        return
    if not make and not settings.database_path.exists():
        yield None
        return
    database = await open_local(
        settings.database_path, busy_timeout=_WAIT, durability=settings.durability, engine=settings.engine
    )
    try:
        await database.prepare()
        directory = directory_of(event)
        revision = read_revision(project_directory(settings, directory))
        origin = Origin(settings.agent, event.session or None, platform.node(), revision.branch, revision.commit)
        caller = Caller(find_project(settings, directory).name, origin)
        reads, memories = SearchReads(database), MemoryStore(database)
        yield Reach(
            RecallService(reads, memories),
            lambda: _search(reads, memories),
            lambda: _memory(database, memories),
            caller,
        )
    finally:
        database.close()


@asynccontextmanager
async def _configured(event: Event) -> AsyncGenerator[Reach]:
    """The store that the whole of the settings names."""
    from swarm_memory.app import open_app  # noqa: PLC0415 - only a primary needs all services
    from swarm_memory.config import load_settings  # noqa: PLC0415 - pydantic alone takes longer than a local hook

    settings = load_settings(busy_timeout=_WAIT)
    if settings.claude_project_dir is None:
        settings = settings.model_copy(update={"claude_project_dir": directory_of(event)})
    async with open_app(settings, lasting=False) as app:
        caller = app.caller()
        origin = replace(caller.origin, session=event.session or caller.origin.session)
        found = app.search
        caller = replace(caller, origin=origin)
        yield Reach(found.recall_at("auto"), lambda: found.at("auto"), lambda: app.memory, caller)


def _search(reads: SearchReads, memories: MemoryStore) -> "SearchService":
    from swarm_memory.services.search import SearchService  # noqa: PLC0415 - recall does without

    return SearchService(reads, memories)


def _memory(database: LocalDatabase, memories: MemoryStore) -> "MemoryService":
    from swarm_memory.services.embedding.active import Embedding  # noqa: PLC0415 - only what is kept needs it
    from swarm_memory.services.indexing import Indexer  # noqa: PLC0415 - see above
    from swarm_memory.services.memory import MemoryService  # noqa: PLC0415 - see above
    from swarm_memory.storage.vectors import VectorReads  # noqa: PLC0415 - see above
    from swarm_memory.storage.writer import Writer  # noqa: PLC0415 - see above

    writer = Writer(database)
    # A hook has no time to load a model: a server puts the vectors later.
    indexer = Indexer(Embedding(None, None), VectorReads(database), writer, lasting=False)
    return MemoryService(memories, writer, indexer)
