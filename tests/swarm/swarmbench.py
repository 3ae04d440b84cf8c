"""Several servers on one local file, each with a session of its own, and a clock that tests can move."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from hands import rows
from toolsession import Door, Session, make_settings

from swarm_memory.app import App, _compose  # pyright: ignore[reportPrivateUsage] - the same services on a moved clock
from swarm_memory.storage.local import LocalDatabase, open_local
from swarm_memory.storage.opening import OpenStore

LEASE = 45_000
QUIET = 1_800_000
HARD = 4 * 3_600_000


class MovedLocal(LocalDatabase):
    """A local file whose time, for reads, is ``offset`` milliseconds ahead."""

    offset = 0

    def now(self) -> int:
        return super().now() + self.offset


class Server(Session):
    """One server's tools, called directly."""

    def __init__(self, app: App) -> None:
        super().__init__(Door(app))
        self.app = app

    async def spawn(self, kind: str = "coder", **arguments: Any) -> str:
        return (await self.call("agent_spawn", type=kind, **arguments))["agent"]

    async def tasks(self, *items: dict[str, Any] | str, **arguments: Any) -> list[str]:
        """Ids of new tasks; a text is a title."""
        subtasks = [{"title": item} if isinstance(item, str) else item for item in items]
        made = await self.call("task_orchestrate", task="all", subtasks=subtasks, **arguments)
        first = int(made["group"][1:]) + 1
        return [f"t{first + number}" for number in range(made["count"])]

    async def claim(self, agent: str | None = None, **arguments: Any) -> str | None:
        return (await self._claimed(agent, **arguments))["claim"]

    async def take(self, agent: str | None = None, **arguments: Any) -> str:
        """A claim that must be granted."""
        claim = await self.claim(agent, **arguments)
        assert claim is not None
        return claim

    async def update(self, claim: str, action: str, agent: str | None = None, **arguments: Any) -> dict[str, Any]:
        who = {} if agent is None else {"agent": agent}
        return await self.call("task_update", claim=claim, action=action, **who, **arguments)

    async def code(self, claim: str, action: str, agent: str | None = None, **arguments: Any) -> str:
        """Code of an update that must be refused."""
        who = {} if agent is None else {"agent": agent}
        return (await self.refused("task_update", claim=claim, action=action, **who, **arguments))["code"]

    async def _claimed(self, agent: str | None, **arguments: Any) -> dict[str, Any]:
        who = {} if agent is None else {"agent": agent}
        return await self.call("task_claim", **who, **arguments)


class SwarmBench:
    """Servers on the file ``home/memory.db``."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._open: list[tuple[App, MovedLocal]] = []
        self._offset = 0

    async def server(self, name: str) -> Server:
        """One more server; ``name`` is its client's session."""
        settings = make_settings(self.home).model_copy(update={"claude_session_id": name})
        database = await open_local(settings.database_path, busy_timeout=10)
        await database.prepare()
        database.__class__ = MovedLocal
        assert isinstance(database, MovedLocal)
        database.offset = self._offset
        app = _compose(settings, OpenStore(database, settings.database_path))
        self._open.append((app, database))
        return Server(app)

    def sql(self, text: str, *parameters: Any) -> list[Any]:
        """Rows of any statement."""
        return rows(self.home, text, *parameters)

    def move_clock(self, milliseconds: int) -> None:
        """Let so much time pass, for all servers."""
        if not self._offset:
            now = "CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)"
            moved = f"{now} + (SELECT value FROM facts WHERE name = 'test clock')"
            self.sql("DROP VIEW clock")
            self.sql(f"CREATE VIEW clock AS SELECT {moved} AS now")
        self._offset += milliseconds
        self.sql("INSERT OR REPLACE INTO facts (name, value) VALUES ('test clock', ?)", self._offset)
        for _, database in self._open:
            database.offset = self._offset

    def shift(self, server: Server, milliseconds: int) -> None:
        """Let one server's own clock be wrong by so much."""
        next(database for app, database in self._open if app is server.app).offset = milliseconds

    async def close(self) -> None:
        for app, _ in self._open:
            app.close()


@asynccontextmanager
async def swarm_bench(home: Path) -> AsyncGenerator[SwarmBench]:
    bench = SwarmBench(home)
    try:
        yield bench
    finally:
        await bench.close()
