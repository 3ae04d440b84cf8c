"""Sessions in the store: the leases of whoever works in swarms, and what every write of a swarm begins with."""

from collections.abc import Sequence
from typing import Final

from swarm_memory.models.actor import Actor, Life
from swarm_memory.models.values import to_json
from swarm_memory.storage.queries import Statement, load_queries
from swarm_memory.storage.writer import Change

_SQL = load_queries("sessions")

SESSION_LEASE: Final = 45_000
"""Milliseconds that a session lives without a heartbeat."""


def opening(life: Life, swarm: int | None, actor: Actor | None = None) -> list[Statement]:
    """What a batch begins with: expired claims are freed, the caller's session and agent live.

    Args:
        life: The caller's session.
        swarm: Refuse the batch unless this one is active; None: any will do.
        actor: Refuse the batch if it is an agent that was retired, or is gone and its place taken.
    """
    begun = [*_ended(), _touch([life])]
    if actor is not None and actor.agent is not None:
        begun.append(_SQL["touch_agent"].bind(agent=actor.agent, session=life.id))
        begun.append(_SQL["refuse_gone_agent"].bind(agent=actor.agent, actor=actor.key))
    if swarm is not None:
        begun.append(_SQL["refuse_ended_swarm"].bind(swarm=swarm))
    return begun


def beat(lives: Sequence[Life], seen: Sequence[tuple[str, str | None]]) -> Change:
    """One heartbeat of a process for all its sessions.

    Args:
        lives: Those whose client is there.
        seen: Session, and name or handle, of every actor that called since the last one; None: the principal.
    """
    told = to_json([list(one) for one in seen])
    return Change(
        (
            *_ended(),
            _touch(lives),
            _SQL["touch_seen_agents"].bind(seen=told),
            _SQL["renew_claims"].bind(seen=told),
            _SQL["tell_lost_of_lapsed"].bind(),
            _SQL["forget_sessions"].bind(),
            archive_idle(),
        ),
        _SQL["beat_result"].bind(),
    )


def archive_idle() -> Statement:
    """End swarms that nobody works in any more."""
    return _SQL["archive_idle_swarms"].bind()


def _ended() -> list[Statement]:
    """Before a session lives again: what it held is lost."""
    return [_SQL["free_expired"].bind(), _SQL["drop_ended_reservations"].bind()]


def _touch(lives: Sequence[Life]) -> Statement:
    told = [
        {"id": one.id, "principal": one.principal, "host": one.host, "pid": one.pid, "quiet": one.quiet}
        for one in lives
    ]
    return _SQL["touch_sessions"].bind(sessions=to_json(told), lease=SESSION_LEASE)
