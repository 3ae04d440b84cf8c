"""Who acts in which swarm, and how agents join one."""

from dataclasses import dataclass, replace
from typing import Any, Final

from swarm_memory.errors import NotFound, SwarmFull, SwarmMemoryError
from swarm_memory.models.actor import Actor, Life
from swarm_memory.models.agents import AgentLine, AgentRef, AgentWish
from swarm_memory.models.caller import Caller
from swarm_memory.models.swarm import Swarm
from swarm_memory.services.presence import Presence
from swarm_memory.services.refusals import explain
from swarm_memory.services.swarm import CURRENT, MAX_REMEMBERED, SwarmService
from swarm_memory.storage.agents import AgentStore, join
from swarm_memory.storage.swarms import end
from swarm_memory.storage.writer import OperationRefused, Writer

_SHOWN_QUIET: Final = 3


@dataclass(frozen=True, slots=True)
class Entered:
    """A swarm and who acts in it; ``life`` is the session of the caller."""

    swarm: Swarm
    life: Life
    actor: Actor


@dataclass(frozen=True, slots=True)
class Joined:
    """An agent that has just joined."""

    handle: str
    name: str
    position: int
    seq: int
    swarm: Swarm


class CrewService:
    """Agents of swarms."""

    def __init__(self, swarms: SwarmService, agents: AgentStore, presence: Presence, writer: Writer) -> None:
        """Use these services, this store and its writer."""
        self._swarms = swarms
        self._agents = agents
        self._presence = presence
        self._writer = writer
        # Where each agent belongs never changes, so a call on a primary need not ask again.
        self._known: dict[tuple[str, str], tuple[Swarm, Actor]] = {}

    async def enter(self, swarm_id: str, caller: Caller, named: str | None) -> Entered:
        """The swarm of a call and who acts: the agent with this name or handle, else the session's principal.

        Raises:
            NotFound: There is no such swarm, or it has no such agent.
        """
        life = self._presence.life_of(caller)
        known = self._known.get((caller.project, named)) if named else None
        if known is not None and swarm_id in (CURRENT, known[0].id):
            return Entered(known[0], life, replace(known[1], session=life.id))
        # A handle names its swarm: agents of several swarms may share a connection, and with it one current swarm.
        swarm = await self._swarms.of_handle(named) if named and swarm_id == CURRENT else None
        if swarm is None or swarm.project != caller.project:
            swarm = await self._swarms.entered(swarm_id, caller)
        actor = await self.actor(swarm.num, life, named)
        if named is not None and named == actor.key:
            self._remember(swarm, actor)
        return Entered(swarm, life, actor)

    def belongs(self, caller: Caller, handle: str) -> Swarm | None:
        """The swarm of an agent that has acted here before."""
        known = self._known.get((caller.project, handle))
        return known[0] if known else None

    async def enter_num(self, num: int, caller: Caller, named: str | None) -> Entered:
        """As ``enter``, for the swarm with this row number."""
        swarm = await self._swarms.by_num(num)
        life = self._presence.life_of(caller)
        return Entered(swarm, life, await self.actor(num, life, named))

    async def actor_anywhere(self, caller: Caller, named: str | None) -> tuple[Life, Actor]:
        """Who acts where no swarm is meant: the agent of the current swarm with this name, else the principal.

        Raises:
            NotFound: There is no current swarm, or it has no such agent.
        """
        if named is not None:
            entered = await self.enter(CURRENT, caller, named)
            return entered.life, entered.actor
        life = self._presence.life_of(caller)
        return life, await self.actor(0, life, None)

    async def recipient(self, entered: Entered, named: str) -> str:
        """The actor that a name, a handle, ``coordinator`` or ``@principal`` means.

        Raises:
            NotFound: The swarm has no such agent.
        """
        if named.startswith("@"):
            return named
        found = await self._agents.find(entered.swarm.num, named, entered.life.id)
        if found is None and named == "coordinator":
            return f"@{entered.swarm.coordinator}"
        return (found or await self.agent(entered.swarm.num, entered.life, named)).handle

    async def actor(self, swarm: int, life: Life, named: str | None) -> Actor:
        """Who acts in the swarm with this row number.

        Raises:
            NotFound: The swarm has no agent of this name or handle.
        """
        if named is None:
            return Actor(f"@{life.principal}", None, life.id)
        agent = await self.agent(swarm, life, named)
        return Actor(agent.handle, agent.num, life.id, agent.role)

    async def agent(self, swarm: int, life: Life, named: str) -> AgentRef:
        """The agent with this handle or name.

        Raises:
            NotFound: The swarm has none.
        """
        found = await self._agents.find(swarm, named, life.id)
        if found is None:
            raise NotFound(
                f"The swarm has no agent {named[:100]!r}.",
                next_step="send the handle that agent_spawn gave, or leave agent out to act as this session.",
            )
        return found

    async def spawn(self, swarm_id: str, wish: AgentWish, caller: Caller, named: str | None) -> Joined:
        """Register an agent; no process is started.

        Raises:
            SwarmFull: As many agents live in the swarm as may.
            NotFound: The swarm, its parent or the replaced agent does not exist.
        """
        entered = await self.enter(swarm_id, caller, named if named and "." in named else None)
        swarm, life = entered.swarm, entered.life
        parent = None if wish.parent is None else (await self.agent(swarm.num, life, wish.parent)).num
        replaced = None if wish.replaces is None else (await self.agent(swarm.num, life, wish.replaces)).num
        change = join(swarm.num, wish, parent, replaced, life, entered.actor)
        try:
            [outcome] = await self._writer.apply([change], caller.request)
        except OperationRefused as refused:
            raise await self._explain(refused.guard, swarm) from None
        name = wish.name or wish.role
        self._remember(swarm, Actor(outcome["handle"], outcome["num"], life.id, wish.role))
        return Joined(outcome["handle"], name, outcome["position"], outcome["seq"], swarm)

    async def end(self, swarm_id: str, caller: Caller, named: str | None) -> dict[str, Any]:
        """Archive a swarm and cancel what is open in it.

        Raises:
            TopologyForbidden: Only the coordinator may, except in a mesh.
        """
        entered = await self.enter(swarm_id, caller, named)
        try:
            [outcome] = await self._writer.apply([end(entered.swarm.num, entered.life, entered.actor)], caller.request)
        except OperationRefused as refused:
            raise explain(refused.guard, entered.swarm.topology, "") from None
        return outcome

    async def end_by_hand(self, swarm_id: str, caller: Caller) -> dict[str, Any]:
        """As ``end``, by whoever has the store in hand."""
        swarm = await self._swarms.find(swarm_id, caller)
        [outcome] = await self._writer.apply([end(swarm.num, self._presence.life_of(caller), None)])
        return outcome

    async def list(self, swarm: Swarm, limit: int) -> tuple[list[AgentLine], int, int]:
        """Agents, living ones first; how many ever joined, and how many live."""
        every, live = await self._agents.count(swarm.num)
        return await self._agents.of_swarm(swarm.num, limit), every, live

    def _remember(self, swarm: Swarm, actor: Actor) -> None:
        self._known[swarm.project, actor.key] = (swarm, actor)
        if len(self._known) > MAX_REMEMBERED:
            del self._known[next(iter(self._known))]

    async def _explain(self, guard: str, swarm: Swarm) -> SwarmMemoryError:
        if guard != "refuse_full_swarm":
            return explain(guard, swarm.topology, "")
        agents = [one for one in await self._agents.of_swarm(swarm.num, swarm.max_agents) if one.live]
        idle = [one.handle for one in reversed(agents) if one.claim is None][:_SHOWN_QUIET]
        names = f"Without a claim, and silent longest: {', '.join(idle)}." if idle else "Each of them holds a claim."
        return SwarmFull(
            f"{swarm.max_agents} agents live in the swarm, which is its maxAgents. {names}",
            next_step="send replaces with the handle of one that has ended, or act as one that is there.",
        )
