"""swarm_init and swarm_status: create, join and look at a swarm."""

from typing import Annotated, Any, Final

from pydantic import Field

from swarm_memory.config import Toolset
from swarm_memory.errors import InvalidArgument
from swarm_memory.models.memory import iso
from swarm_memory.models.swarm import Strategy, Swarm, SwarmWish
from swarm_memory.models.values import check_text, encode
from swarm_memory.services.swarm import CURRENT
from swarm_memory.services.topology import (
    GROUP_MAIL,
    STRATEGY_ALIASES,
    STRATEGY_NAMES,
    TOPOLOGY_ALIASES,
    TOPOLOGY_NAMES,
)
from swarm_memory.tools._arguments import CommonArguments, Id, plain
from swarm_memory.tools._boundary import Call, Tool
from swarm_memory.tools._measured import measured
from swarm_memory.tools._shape import without_none
from swarm_memory.tools._status import listed, work_of
from swarm_memory.tools._task_items import Tasks, plan_of
from swarm_memory.tools.agents import agents_of
from swarm_memory.tools.status import store_status

_PERSISTENCE: Final = ("local", "turso")
_OBJECTIVE: Final = 200
_WISHES: Final = frozenset(("topology", "max_agents", "strategy", "learning", "objective", "tasks", "config"))
_HOW_TO_BEGIN: Final = "the tasks were measured, not made: send them as subtasks to task_orchestrate"
_HOW_TO_JOIN: Final = "call swarm_init with this swarmId from any session, agent or machine on the same store"

Word = Annotated[str, Field(max_length=64)]


class SwarmInitArguments(CommonArguments):
    """Arguments of ``swarm_init``."""

    topology: Word | None = Field(None, description="auto (default), star, hierarchical, mesh or ring.")
    max_agents: Annotated[int, Field(ge=1, le=64)] | None = Field(None, alias="maxAgents", description="Default 8.")
    strategy: Word | None = Field(None, description="balanced (default), parallel, sequential or specialized.")
    persistence: Word | None = Field(None, description="local or turso; default: what the server has.")
    learning: bool | None = None
    objective: Annotated[str, Field(min_length=1, max_length=4_000)] | None = Field(
        None, description="With it a new swarm is always made."
    )
    tasks: Tasks | None = Field(
        None,
        description="The work, as subtasks of task_orchestrate, for auto to measure.",
    )
    swarm_id: Id | None = Field(None, alias="swarmId", description="Join this one.")
    config: dict[str, Any] | None = None


class SwarmStatusArguments(CommonArguments):
    """Arguments of ``swarm_status``."""

    swarm_id: Id = Field(CURRENT, alias="swarmId")
    agents: bool = False
    tasks: Annotated[str, Field(min_length=1, max_length=40)] | None = Field(
        None, description="A status to list, or an id (t42) to see whole."
    )
    verbose: bool = False


class SwarmDestroyArguments(CommonArguments):
    """Arguments of ``swarm_destroy``."""

    swarm_id: Id = Field(alias="swarmId")


async def swarm_init(call: Call, arguments: SwarmInitArguments) -> dict[str, Any]:
    """Join a swarm, or create one."""
    topology = _known("topology", arguments.topology, TOPOLOGY_NAMES)
    strategy = _known("strategy", arguments.strategy, STRATEGY_NAMES)
    persistence = _known("persistence", arguments.persistence, _PERSISTENCE)
    if arguments.objective is not None:
        check_text(arguments.objective, "objective")
    if arguments.config is not None and encode(arguments.config, name="config").size > 10_000:
        raise InvalidArgument("config has more than 10,000 bytes of JSON.", next_step="send a smaller one.")
    if arguments.swarm_id is not None:
        if surplus := sorted(arguments.given() & _WISHES):
            raise InvalidArgument(
                f"swarmId joins a swarm as it is, and {', '.join(surplus)} would change it.",
                next_step="leave swarmId out to make one as you wish, or the other arguments to join this one.",
            )
        joined = await call.app.swarms.join(arguments.swarm_id, persistence, call.caller)
    else:
        wish = SwarmWish(
            asked_topology=None if topology is None else TOPOLOGY_ALIASES.get(topology, topology),
            max_agents=arguments.max_agents,
            strategy=None if strategy is None else Strategy(STRATEGY_ALIASES.get(strategy, strategy)),
            learning=arguments.learning,
            objective=arguments.objective,
            config=arguments.config,
            plan=None if arguments.tasks is None else plan_of(arguments.tasks, "tasks"),
            group_mail=topology in GROUP_MAIL,
        )
        joined = await call.app.swarms.init(wish, persistence, call.caller)
    answer: dict[str, Any] = {
        "success": True,
        "swarmId": joined.swarm.id,
        "joined": joined.joined,
        **_told(joined.swarm),
        "persistence": call.app.swarms.persistence,
        "persisted": True,
        "how_to_join": _HOW_TO_JOIN,
        "how_to_begin": _HOW_TO_BEGIN if arguments.tasks else None,
        "seq": joined.seq,
    }
    for name, given, aliases in (("strategy", strategy, STRATEGY_ALIASES), ("topology", topology, TOPOLOGY_ALIASES)):
        if given in aliases:
            answer["reasons"] = [*answer["reasons"], f"{name} {given} is {aliases[given]} here"]
    return without_none(answer)


async def swarm_status(call: Call, arguments: SwarmStatusArguments) -> dict[str, Any]:
    """One swarm, its work, and the store it lives in; with verbose, why it is wired so."""
    swarm = await call.app.swarms.find(arguments.swarm_id, call.caller)
    answer = {"swarmId": swarm.id, **_in_short(swarm), **await work_of(call, swarm)}
    if arguments.tasks is not None:
        answer |= await listed(call, swarm, arguments.tasks)
    if arguments.agents:
        answer |= await agents_of(call, swarm)
    if arguments.verbose:
        answer |= {"project": swarm.project, **_told(swarm), "created_at": iso(swarm.created_at)}
    answer["persistence"] = call.app.swarms.persistence
    answer["store"] = await store_status(call, verbose=arguments.verbose)
    return without_none(answer)


async def swarm_destroy(call: Call, arguments: SwarmDestroyArguments) -> dict[str, Any]:
    """End a swarm."""
    outcome = await call.app.crew.end(arguments.swarm_id, call.caller, arguments.agent)
    return {"success": True, "swarmId": arguments.swarm_id, **outcome}


def _in_short(swarm: Swarm) -> dict[str, Any]:
    """What everybody in it must know."""
    objective = swarm.objective
    return {
        "objective": objective if objective is None or len(objective) <= _OBJECTIVE else objective[:_OBJECTIVE] + "…",
        "topology": swarm.topology,
        "strategy": swarm.strategy,
        "maxAgents": swarm.max_agents,
        "recommendedAgents": swarm.recommended_agents,
        "learning": bool(swarm.learning),
        "status": swarm.status,
    }


def _known(name: str, given: str | None, names: tuple[str, ...]) -> str | None:
    if given is not None and given not in names:
        raise InvalidArgument(f"{name} {plain(repr(given))} is unknown.", next_step=f"use one of: {', '.join(names)}.")
    return given


def _told(swarm: Swarm) -> dict[str, Any]:
    return {
        "topology": swarm.topology,
        "maxAgents": swarm.max_agents,
        "recommendedAgents": swarm.recommended_agents,
        "strategy": swarm.strategy,
        "reasons": swarm.report["reasons"],
        "confidence": swarm.report["confidence"],
        **measured(swarm.report),
        "need": swarm.report["need"],
        "learning": bool(swarm.learning),
        "objective": swarm.objective,
        "status": swarm.status,
    }


TOOLS: Final = (
    Tool(
        "swarm_init",
        "Create or join a durable swarm of this project that sessions on any machine can share. "
        "Without objective and tasks it joins the newest active one that fits. It starts no agents. "
        "Often one agent is best: topology auto measures the tasks and says why.",
        SwarmInitArguments,
        swarm_init,
        Toolset.DEFAULT,
    ),
    Tool(
        "swarm_status",
        "The swarm as the store has it: tasks by status, living agents, stalls; lists and single tasks on request; "
        "and the state of the store.",
        SwarmStatusArguments,
        swarm_status,
        Toolset.DEFAULT,
        read_only=True,
        idempotent=True,
    ),
    Tool(
        "swarm_destroy",
        "End a swarm: its open tasks are cancelled, it takes nothing more; memory and outcomes stay.",
        SwarmDestroyArguments,
        swarm_destroy,
        Toolset.ALL,
        destructive=True,
        idempotent=True,
    ),
)
