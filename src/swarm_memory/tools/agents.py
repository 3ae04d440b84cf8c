"""agent_spawn and agent_list: who works in a swarm."""

from typing import Annotated, Any, Final

from pydantic import Field

from swarm_memory.config import Toolset
from swarm_memory.errors import InvalidArgument
from swarm_memory.models.agents import AgentLine, AgentWish
from swarm_memory.models.search import Filters
from swarm_memory.models.swarm import Swarm
from swarm_memory.models.values import check_text
from swarm_memory.services.swarm import CURRENT
from swarm_memory.tools._arguments import CommonArguments, Id, plain
from swarm_memory.tools._boundary import Call, Tool
from swarm_memory.tools._shape import fit_hits, without_none

KNOWN_TOKENS: Final = 300
LISTED: Final = 20
_KNOWN_HITS: Final = 5

Word = Annotated[str, Field(min_length=1, max_length=64)]
Handle = Annotated[str, Field(min_length=1, max_length=128)]


class AgentSpawnArguments(CommonArguments):
    """Arguments of ``agent_spawn``."""

    type: Word | None = Field(None, description="Any role: coder, tester, lead, coordinator.")
    agent_type: Word | None = Field(None, alias="agentType")
    name: Word | None = None
    capabilities: Annotated[list[Word], Field(max_length=32)] | None = None
    swarm_id: Id = Field(CURRENT, alias="swarmId")
    parent: Handle | None = Field(None, description="Handle of its lead in a hierarchy.")
    replaces: Handle | None = Field(None, description="Handle of one that has ended.")


class AgentListArguments(CommonArguments):
    """Arguments of ``agent_list``."""

    swarm_id: Id = Field(CURRENT, alias="swarmId")


async def agent_spawn(call: Call, arguments: AgentSpawnArguments) -> dict[str, Any]:
    """Register an agent."""
    role = _role(arguments)
    for name, text in (("type", role), ("name", arguments.name or role)):
        check_text(text, name)
        if any(sign in text for sign in "@~\n\r\t"):
            raise InvalidArgument(
                f"{name} holds a sign that handles do not.", next_step="use letters, digits and dashes."
            )
    for one in arguments.capabilities or ():
        check_text(one, "capabilities")
    wish = AgentWish(
        role, arguments.name, tuple(dict.fromkeys(arguments.capabilities or ())), arguments.parent, arguments.replaces
    )
    joined = await call.app.crew.spawn(arguments.swarm_id, wish, call.caller, arguments.agent)
    return {
        "success": True,
        "agent": joined.handle,
        "name": joined.name,
        "role": role,
        "swarmId": joined.swarm.id,
        "brief": _brief(joined.handle, role, joined.swarm),
        "known": await _known(call, role, joined.swarm),
        "seq": joined.seq,
    }


async def agent_list(call: Call, arguments: AgentListArguments) -> dict[str, Any]:
    """Agents of a swarm."""
    swarm = await call.app.swarms.find(arguments.swarm_id, call.caller)
    return {"swarmId": swarm.id, "maxAgents": swarm.max_agents, **await agents_of(call, swarm)}


async def agents_of(call: Call, swarm: Swarm) -> dict[str, Any]:
    """At most twenty agents, living ones first, and how many there are."""
    agents, every, live = await call.app.crew.list(swarm, LISTED)
    shown: dict[str, Any] = {"agents": [_shown(one) for one in agents], "live": live}
    return shown | ({"more": every - len(agents)} if every > len(agents) else {})


def _shown(agent: AgentLine) -> dict[str, Any]:
    """One agent in a list; what is usual is left out."""
    return without_none(
        {
            "agent": agent.handle,
            "role": agent.role if agent.role != agent.name else None,
            "parent": agent.parent,
            "claim": agent.claim,
            "capabilities": agent.capabilities or None,
            "gone": None if agent.live else True,
        }
    )


def _role(arguments: AgentSpawnArguments) -> str:
    given = {one for one in (arguments.type, arguments.agent_type) if one is not None}
    if len(given) != 1:
        raise InvalidArgument(
            f"type and agentType are {'both missing' if not given else 'two different words'}.",
            next_step="send type, for example coder.",
        )
    return given.pop()


_PLACES: Final = {
    "star": "claim tasks; only the coordinator creates them, you may propose",
    "hierarchical": "claim tasks of your group; leads create them for theirs",
    "mesh": "create, claim and review as you see fit",
    "ring": "claim the tasks of your position; the next position reviews",
}


def _brief(handle: str, role: str, swarm: Swarm) -> str:
    goal = f" for: {swarm.objective[:200]}" if swarm.objective else ""
    place = "create, assign and review tasks" if role == "coordinator" else _PLACES[swarm.topology]
    return (
        f"You are {plain(handle)} in a {swarm.topology} swarm{goal}. Send agent: {plain(handle)!r} with every call. "
        f"Here you {place}. task_claim, do it, task_update complete; on stale_claim stop. Nothing runs by itself."
    )


async def _known(call: Call, role: str, swarm: Swarm) -> list[dict[str, Any]]:
    """What the store holds that fits the role and the objective, in at most 300 tokens."""
    query = f"{role} {swarm.objective or ''}"[:1_000]
    found = await call.app.search.at("auto").search(query, Filters(call.caller.project, only_project=True), _KNOWN_HITS)
    answer: dict[str, Any] = {}
    await fit_hits(answer, found, KNOWN_TOKENS)
    kept = ("id", "topic", "content", "truncated")
    return [{name: hit[name] for name in kept if name in hit} for hit in answer["results"]]


TOOLS: Final = (
    Tool(
        "agent_spawn",
        "Register yourself or a subagent, once each; starts no process. "
        "Pass the answered handle as agent in every call.",
        AgentSpawnArguments,
        agent_spawn,
        Toolset.DEFAULT,
    ),
    Tool(
        "agent_list",
        "Agents of the swarm: who lives, and who holds which claim.",
        AgentListArguments,
        agent_list,
        Toolset.ALL,
        read_only=True,
        idempotent=True,
    ),
)
