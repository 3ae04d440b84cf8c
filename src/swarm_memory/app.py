"""The composition root: one store, the services on it, and who is calling."""

import platform
import secrets
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from swarm_memory.config import Settings
from swarm_memory.models.caller import Caller, Origin, Request
from swarm_memory.models.project import Project, Revision
from swarm_memory.services.changes import ChangesService
from swarm_memory.services.claims import ClaimService
from swarm_memory.services.crew import CrewService
from swarm_memory.services.embedding.choice import choose_embedding
from swarm_memory.services.health import HealthService
from swarm_memory.services.knowledge import KnowledgeService
from swarm_memory.services.lessons import LessonService
from swarm_memory.services.mail import MailService
from swarm_memory.services.memory import MemoryService
from swarm_memory.services.patterns import Patterns
from swarm_memory.services.presence import Presence
from swarm_memory.services.project import find_project, project_directory
from swarm_memory.services.repository import read_revision
from swarm_memory.services.reservations import ReservationService
from swarm_memory.services.search_stack import SearchStack
from swarm_memory.services.swarm import SwarmService
from swarm_memory.services.tasks import TaskService
from swarm_memory.services.waiting import Waiting
from swarm_memory.services.watching import Watching
from swarm_memory.storage.agents import AgentStore
from swarm_memory.storage.claims import ClaimReads
from swarm_memory.storage.cursors import CursorReads
from swarm_memory.storage.feed import Feed
from swarm_memory.storage.globs import GlobReads
from swarm_memory.storage.health import HealthReads
from swarm_memory.storage.lessons import LessonReads
from swarm_memory.storage.mail import MailReads
from swarm_memory.storage.memories import MemoryStore
from swarm_memory.storage.opening import OpenStore, open_store
from swarm_memory.storage.reservations import ReservationReads
from swarm_memory.storage.swarms import SwarmStore
from swarm_memory.storage.tasks import TaskStore
from swarm_memory.storage.writer import Writer

_REVISION_SECONDS = 1.0


@dataclass(slots=True)
class App:
    """The services of one process on one store; ``close`` releases the store at once."""

    settings: Settings
    project: Project
    session: str
    memory: MemoryService
    knowledge: KnowledgeService
    search: SearchStack
    swarms: SwarmService
    crew: CrewService
    tasks: TaskService
    claims: ClaimService
    lessons: LessonService
    reservations: ReservationService
    mail: MailService
    presence: Presence
    waiting: Waiting
    changes: ChangesService
    watching: Watching
    health: HealthService
    close: Callable[[], None]
    _directory: Path
    _host: str = field(default_factory=platform.node)
    _revision: Revision = field(default=Revision(None, None))
    _revision_until: float = 0.0

    def caller(
        self,
        *,
        project: str | None = None,
        agent: str | None = None,
        session: str | None = None,
        request: tuple[str, str] | None = None,
    ) -> Caller:
        """Who calls: what the call names, else what this process knows.

        Args:
            project: Named by the call.
            agent: Named by the call.
            session: Of a connection that is not this process's own (HTTP).
            request: Id and hash of the call, where the client gave an id.
        """
        name = project or self.project.name
        # The checkout here says nothing of another project, nor of a client elsewhere.
        here = name == self.project.name and session is None
        revision = self._present_revision() if here else Revision(None, None)
        origin = Origin(
            agent or self.settings.agent, session or self.session, self._host, revision.branch, revision.commit
        )
        return Caller(name, origin, Request(name, *request) if request else None)

    def _present_revision(self) -> Revision:
        """Branch and commit, read again when a second has passed."""
        if time.monotonic() >= self._revision_until:
            self._revision = read_revision(self._directory)
            self._revision_until = time.monotonic() + _REVISION_SECONDS
        return self._revision


@asynccontextmanager
async def open_app(settings: Settings, *, lasting: bool = True) -> AsyncGenerator[App]:
    """Open the store, and close it at the end.

    A local file's schema is brought up first. A primary is not waited for: it is asked in the background, and a call
    that needs it tells what is wrong with it.

    Args:
        settings: Which store.
        lasting: The process will be there for a while, so it helps to keep the machine's replica.

    Raises:
        ConfigurationError: Replica mode is asked for where it is not possible.
        StorageError: A local store cannot be opened, is damaged, or was made by a newer version.
    """
    opened = await open_store(settings, lasting=lasting)
    app = _compose(settings, opened, lasting=lasting)
    try:
        yield app
    finally:
        app.presence.close()
        app.search.close()
        await opened.database.aclose()


def _compose(settings: Settings, opened: OpenStore, *, lasting: bool = True) -> App:
    directory = _working_directory(settings)
    database = opened.database
    memories = MemoryStore(database)
    writer = Writer(database, settings.retention)

    embedding = choose_embedding(settings.embedder, settings.models)
    stack = SearchStack(database, writer, embedding, lasting=lasting)
    session = settings.claude_session_id or f"session-{secrets.token_hex(4)}"
    presence = Presence(writer, own=session, host=platform.node())
    swarms = SwarmService(SwarmStore(database), presence, writer, mode=database.mode, thresholds=settings.thresholds)
    crew = CrewService(swarms, AgentStore(database), presence, writer)
    patterns = Patterns(GlobReads(database), writer)
    lessons = LessonService(LessonReads(database), lambda: stack.at("auto"))
    tasks = TaskService(TaskStore(database), patterns, crew)

    def close() -> None:
        presence.close()
        stack.close()
        database.close()

    feed = Feed(database)
    waiting = Waiting(feed)
    return App(
        settings=settings,
        project=find_project(settings, directory),
        session=session,
        memory=MemoryService(memories, writer, stack.indexer),
        knowledge=KnowledgeService(memories, writer, stack.indexer),
        search=stack,
        swarms=swarms,
        crew=crew,
        tasks=tasks,
        claims=ClaimService(ClaimReads(database), crew, tasks, lessons, writer, waiting),
        lessons=lessons,
        reservations=ReservationService(ReservationReads(database), patterns, writer),
        mail=MailService(MailReads(database), crew, presence, writer, far=database.mode == "remote"),
        presence=presence,
        waiting=waiting,
        watching=Watching(feed, waiting),
        changes=ChangesService(feed, waiting, CursorReads(database), writer),
        health=HealthService(database, HealthReads(database), opened.path),
        close=close,
        _directory=project_directory(settings, directory),
    )


def _working_directory(settings: Settings) -> Path:
    """Where the process was started; the data directory if that place is gone."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return settings.home
