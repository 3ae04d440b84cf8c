"""Swarms in the store."""

from dataclasses import asdict
from typing import Any

from swarm_memory.models.actor import Actor, Life
from swarm_memory.models.caller import Caller
from swarm_memory.models.swarm import DEFAULT_MAX_AGENTS, Choice, Strategy, Swarm, SwarmEvent, SwarmWish
from swarm_memory.models.values import to_json
from swarm_memory.storage.database import Database
from swarm_memory.storage.ids import new_id
from swarm_memory.storage.queries import load_queries
from swarm_memory.storage.sessions import archive_idle, opening
from swarm_memory.storage.writer import Change

_SQL = load_queries("swarms")


def join_or_create(wish: SwarmWish, choice: Choice, life: Life, caller: Caller) -> Change:
    """Join the newest active swarm that fits, else make one; one with an objective is always made."""
    id_ = new_id()
    fit = {
        "fit_topology": wish.asked_topology if wish.asked_topology != "auto" else None,
        "fit_strategy": wish.strategy,
        "fit_max_agents": wish.max_agents,
        "fit_learning": None if wish.learning is None else int(wish.learning),
    }
    report: dict[str, Any] = {"reasons": list(choice.reasons), "confidence": choice.confidence, "need": choice.need}
    if wish.group_mail:
        report["group_mail"] = True
    if choice.assessment:
        report |= asdict(choice.assessment)
    create = _SQL["create_swarm"].bind(
        id=id_,
        project=caller.project,
        objective=wish.objective,
        topology=choice.topology,
        requested_topology=wish.asked_topology or "auto",
        strategy=wish.strategy or Strategy.BALANCED,
        max_agents=wish.max_agents or DEFAULT_MAX_AGENTS,
        recommended_agents=choice.recommended_agents,
        learning=int(bool(wish.learning)),
        report=to_json(report),
        config=to_json(wish.config or {}),
        coordinator=life.principal,
        always=int(wish.objective is not None or wish.plan is not None),
        **fit,
    )
    return Change(
        (*opening(life, None), archive_idle(), create),
        _SQL["create_swarm_result"].bind(id=id_, project=caller.project, **fit),
    )


def end(num: int, life: Life, actor: Actor | None) -> Change:
    """Archive a swarm and cancel what is open in it; ending it again changes nothing.

    Args:
        num: Its row number.
        life: The caller's session.
        actor: Who must be allowed to; None: whoever has the store in hand.
    """
    allowed = [] if actor is None else [_SQL["refuse_ending"].bind(swarm=num, actor=actor.key)]
    name = None if actor is None else actor.key
    ended = (_SQL["cancel_open_tasks"].bind(swarm=num, actor=name), _SQL["archive_swarm"].bind(swarm=num))
    return Change((*opening(life, None), *allowed, *ended), _SQL["end_result"].bind(swarm=num))


class SwarmStore:
    """Reads of swarms."""

    def __init__(self, database: Database) -> None:
        """Use ``database``."""
        self._database = database

    async def by_id(self, id_: str) -> Swarm | None:
        """The swarm with this id, in any project."""
        [rows] = await self._database.read(_SQL["get_swarm"].bind(id=id_))
        return Swarm(*rows[0]) if rows else None  # pyright: ignore[reportArgumentType] - columns of a STRICT table

    async def by_num(self, num: int) -> Swarm | None:
        """The swarm with this row number."""
        [rows] = await self._database.read(_SQL["get_swarm_by_num"].bind(num=num))
        return Swarm(*rows[0]) if rows else None  # pyright: ignore[reportArgumentType] - columns of a STRICT table

    async def of_handle(self, handle: str) -> Swarm | None:
        """The swarm that the agent with this handle is in."""
        [rows] = await self._database.read(_SQL["get_swarm_of_handle"].bind(handle=handle))
        return Swarm(*rows[0]) if rows else None  # pyright: ignore[reportArgumentType] - columns of a STRICT table

    async def events(self, num: int, after: int, limit: int) -> list[SwarmEvent]:
        """The last events of a swarm behind a number of the change sequence, oldest first."""
        [rows] = await self._database.read(_SQL["swarm_events"].bind(swarm=num, after=after, limit=limit))
        return [SwarmEvent(*row) for row in reversed(rows)]  # pyright: ignore[reportArgumentType] - columns of STRICT tables

    async def active(self, project: str, limit: int) -> list[Swarm]:
        """The project's active swarms, newest first."""
        [rows] = await self._database.read(_SQL["active_swarms"].bind(project=project, limit=limit))
        return [Swarm(*row) for row in rows]  # pyright: ignore[reportArgumentType] - columns of a STRICT table
