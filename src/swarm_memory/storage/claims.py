"""Claims in the store: taking a task, and what becomes of it."""

from dataclasses import dataclass
from typing import Any, Final

from swarm_memory.models.actor import Actor, Life
from swarm_memory.models.caller import Caller
from swarm_memory.models.values import to_json
from swarm_memory.storage.database import Database
from swarm_memory.storage.lessons import Learned, learn, settle
from swarm_memory.storage.queries import Statement, load_queries
from swarm_memory.storage.sessions import opening
from swarm_memory.storage.writer import Change

_SQL = load_queries("claims")
_UPDATES = load_queries("updates")

HARD_LIMIT: Final = 4 * 3_600_000
"""Milliseconds that a claim lasts at most, unless it is extended."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an update happens: the task, the fence that the caller knows (None: no claim), and who calls."""

    swarm: int
    seq: int
    fence: int | None
    life: Life
    actor: Actor


@dataclass(frozen=True, slots=True)
class Waiting:
    """Tasks of a swarm that are not ended, by their stored status."""

    ready: int
    blocked: int
    claimed: int
    review: int
    proposed: int


def claim(swarm: int, task: int | None, role: str | None, project: str, life: Life, actor: Actor) -> Change:
    """Take the first task that this actor may take.

    Args:
        swarm: Row number.
        task: This one and no other.
        role: Take tasks of this role; None: of an agent's own, and for a principal of any.
        project: Whose memories the recovery packet tells of.
        life: The caller's session.
        actor: Who claims.
    """
    wanted = role or actor.role or ""
    who = {"swarm": swarm, "actor": actor.key}
    statements = (
        *opening(life, swarm, actor),
        _SQL["refuse_second_claim"].bind(**who),
        _SQL["refuse_claiming"].bind(**who, agent=actor.agent),
        _SQL["refuse_other_role"].bind(swarm=swarm, agent=actor.agent, role=wanted),
        _SQL["claim_task"].bind(
            **who,
            agent=actor.agent,
            session=life.id,
            task=task,
            role=wanted,
            any_role=int(actor.agent is None and role is None),
            quiet=life.quiet,
            hard=HARD_LIMIT,
        ),
        _SQL["refuse_empty_claim"].bind(**who),
    )
    return Change(statements, _SQL["claim_result"].bind(**who, project=project))


def progress(place: Place, note: str) -> Change:
    """Tell how far it is; that renews the lease."""
    return _held(
        place, _UPDATES["progress"].bind(seq=place.seq, note=note, quiet=place.life.quiet, actor=place.actor.key)
    )


def extend(place: Place, note: str | None) -> Change:
    """Begin the hard limit anew."""
    extended = _UPDATES["extend"].bind(
        seq=place.seq, note=note, quiet=place.life.quiet, hard=HARD_LIMIT, actor=place.actor.key
    )
    return _held(place, extended)


def end(
    place: Place, action: str, told: tuple[str | None, Any], evidence: str | None, learned: Learned, caller: Caller
) -> Change:
    """Complete or fail it.

    Args:
        place: The claim.
        action: ``complete`` or ``fail``.
        told: A note for the next one, and the result, any JSON value; None: none.
        evidence: JSON; verifies the outcome.
        learned: What the agent says of lessons.
        caller: Who calls.
    """
    note, result = told[0], None if told[1] is None else to_json(told[1])
    verified = evidence is not None
    noted = _UPDATES["note_attempt"].bind(
        seq=place.seq, fence=place.fence, evidence=evidence, verified=int(verified), lessons=len(learned.used)
    )
    ended = _UPDATES[action].bind(seq=place.seq, note=note, result=result, actor=place.actor.key)
    success = action == "complete"
    learning = learn(place.seq, place.fence or 0, learned, caller, success=success, verified=verified)
    return _held(place, noted, ended, *learning)


def release(place: Place, note: str | None, to: str | None) -> Change:
    """Give it back, to be taken by anyone, or by the actor ``to`` while that one lives."""
    handing = [] if to is None else _handing(place, to)
    given = _UPDATES["release"].bind(seq=place.seq, note=note, assignee=to, actor=place.actor.key)
    return _held(place, *handing, given)


def assign(place: Place, note: str | None, to: str) -> Change:
    """Keep a task that nobody has for the actor ``to``."""
    who = {"actor": place.actor.key, "agent": place.actor.agent, "swarm": place.swarm}
    return _directed(
        place,
        _UPDATES["refuse_strange_assignee"].bind(to=to, swarm=place.swarm),
        _UPDATES["refuse_assigning_outside"].bind(seq=place.seq, to=to, **who),
        _UPDATES["refuse_unassignable"].bind(seq=place.seq),
        _UPDATES["assign"].bind(seq=place.seq, note=note, to=to, actor=place.actor.key),
    )


def cancel(place: Place, note: str | None) -> Change:
    """End a task, or all open parts of a group."""
    return _directed(
        place,
        _UPDATES["refuse_ended_task"].bind(seq=place.seq),
        _UPDATES["cancel"].bind(seq=place.seq, note=note, actor=place.actor.key),
    )


def take_up(place: Place, note: str | None) -> Change:
    """Make a proposed task a real one."""
    return _directed(
        place,
        _UPDATES["refuse_unproposed"].bind(seq=place.seq),
        _UPDATES["take_up"].bind(seq=place.seq, note=note, actor=place.actor.key),
    )


def review(place: Place, action: str, note: str | None, now: int) -> Change:
    """Approve or reject what another one has completed; that verifies the outcome, for lessons at the time ``now``."""
    verified = [_UPDATES["verify_attempt"].bind(seq=place.seq, fence=place.fence)] if action == "approve" else []
    return _change(
        place,
        _UPDATES["refuse_unreviewable"].bind(seq=place.seq, fence=place.fence),
        _UPDATES["refuse_reviewing"].bind(
            seq=place.seq, actor=place.actor.key, agent=place.actor.agent, swarm=place.swarm
        ),
        *verified,
        _UPDATES[action].bind(seq=place.seq, note=note, actor=place.actor.key),
        *settle(place.seq, place.fence or 0, now, success=action == "approve"),
    )


def _held(place: Place, *statements: Statement) -> Change:
    """Under the guard of a claim."""
    guard = _UPDATES["refuse_stale_claim"].bind(seq=place.seq, fence=place.fence, actor=place.actor.key)
    return _change(place, guard, *statements)


def _directed(place: Place, *statements: Statement) -> Change:
    """Under the guard of whoever directs the task."""
    guard = _UPDATES["refuse_directing"].bind(
        seq=place.seq, actor=place.actor.key, agent=place.actor.agent, swarm=place.swarm
    )
    return _change(place, guard, *statements)


def _change(place: Place, *statements: Statement) -> Change:
    begun = opening(place.life, place.swarm, place.actor)
    return Change((*begun, *statements), _UPDATES["update_result"].bind(seq=place.seq))


def _handing(place: Place, to: str) -> list[Statement]:
    who = {"actor": place.actor.key, "agent": place.actor.agent, "swarm": place.swarm}
    return [
        _UPDATES["refuse_strange_assignee"].bind(to=to, swarm=place.swarm),
        _UPDATES["refuse_handing_on"].bind(to=to, **who),
    ]


class ClaimReads:
    """What a claimant may want to know before and after."""

    def __init__(self, database: Database) -> None:
        """Use ``database``."""
        self._database = database

    async def claimable(self, swarm: int) -> tuple[bool, int]:
        """Whether it is worth while to try, and the swarm's last change."""
        [[(worth, seq)]] = await self._database.read(_SQL["claimable"].bind(swarm=swarm, now=self._database.now()))
        return bool(worth), int(str(seq))

    async def held(self, swarm: int, actor: str) -> str | None:
        """The name of the claim that an actor holds."""
        [rows] = await self._database.read(_SQL["held_claim"].bind(swarm=swarm, actor=actor))
        return str(rows[0][0]) if rows else None

    async def waiting(self, swarm: int) -> tuple[Waiting, list[str]]:
        """What is not ended, and the roles that ready tasks want (at most ten; '' is any)."""
        [counts], roles = await self._database.read(
            _SQL["waiting_tasks"].bind(swarm=swarm), _SQL["ready_roles"].bind(swarm=swarm)
        )
        return Waiting(*(int(str(one)) for one in counts)), [str(role) for (role,) in roles]
