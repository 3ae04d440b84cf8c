"""Agents in the store."""

from swarm_memory.models.actor import Actor, Life
from swarm_memory.models.agents import AgentLine, AgentRef, AgentWish
from swarm_memory.models.values import to_json
from swarm_memory.storage.database import Database
from swarm_memory.storage.queries import load_queries
from swarm_memory.storage.sessions import opening
from swarm_memory.storage.writer import Change

_SQL = load_queries("agents")


def join(swarm: int, wish: AgentWish, parent: int | None, replaced: int | None, life: Life, actor: Actor) -> Change:
    """Add an agent while there is room for it; the one that it replaces gives its claim back and goes.

    Args:
        swarm: Row number.
        wish: What it is to be.
        parent: Row number of its lead.
        replaced: Row number of the agent that it takes the place of.
        life: The session that it will hang on.
        actor: Who asks.
    """
    statements = opening(life, swarm)
    if replaced is not None:
        statements += [
            _SQL["refuse_busy_agent"].bind(agent=replaced, session=life.id, swarm=swarm, actor=actor.key),
            _SQL["release_claims_of"].bind(agent=replaced),
            _SQL["retire_agent"].bind(agent=replaced, swarm=swarm),
        ]
    statements += [
        _SQL["refuse_full_swarm"].bind(swarm=swarm),
        _SQL["refuse_strange_parent"].bind(parent=parent, swarm=swarm),
        _SQL["add_agent"].bind(
            swarm=swarm,
            session=life.id,
            name=wish.name or wish.role,
            role=wish.role,
            parent=parent,
            quiet=life.quiet,
            capabilities=to_json(list(wish.capabilities)),
        ),
    ]
    return Change(tuple(statements), _SQL["agent_result"].bind())


class AgentStore:
    """Reads of agents."""

    def __init__(self, database: Database) -> None:
        """Use ``database``."""
        self._database = database

    async def find(self, swarm: int, named: str, session: str) -> AgentRef | None:
        """The agent with this handle or name: of the name's bearers the session's own first, then the newest."""
        [rows] = await self._database.read(_SQL["find_agent"].bind(swarm=swarm, agent=named, session=session))
        return AgentRef(*rows[0]) if rows else None  # pyright: ignore[reportArgumentType] - columns of a STRICT table

    async def of_swarm(self, swarm: int, limit: int) -> list[AgentLine]:
        """Agents, living ones first, of these the one that was heard of last."""
        [rows] = await self._database.read(_SQL["list_agents"].bind(swarm=swarm, limit=limit, now=self._database.now()))
        return [AgentLine(*row) for row in rows]  # pyright: ignore[reportArgumentType] - columns of STRICT tables

    async def count(self, swarm: int) -> tuple[int, int]:
        """How many ever joined, and how many live."""
        [[(every, live)]] = await self._database.read(_SQL["count_agents"].bind(swarm=swarm, now=self._database.now()))
        return int(str(every)), int(str(live))
