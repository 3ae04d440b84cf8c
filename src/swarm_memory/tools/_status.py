"""What is told of a swarm's work: counts, lists, one task whole."""

import json
from typing import Any, Final

from swarm_memory.errors import InvalidArgument
from swarm_memory.models.lessons import Outcomes
from swarm_memory.models.memory import iso
from swarm_memory.models.swarm import Swarm
from swarm_memory.models.tasks import PRIORITIES, STATUSES, ClaimId, Task, TaskLine
from swarm_memory.services.lessons import ENOUGH
from swarm_memory.tools._arguments import plain
from swarm_memory.tools._boundary import Call
from swarm_memory.tools._claim_id import claim_id, is_claim_id
from swarm_memory.tools._shape import without_none

LISTED: Final = 20
_TITLE: Final = 60
_NOTE: Final = 200
_STALLED: Final = 3


async def work_of(call: Call, swarm: Swarm) -> dict[str, Any]:
    """Tasks by status, living agents, the oldest claim, and what is stalled."""
    counts = await call.app.tasks.counts(swarm)
    oldest, stalled = await call.app.tasks.troubles(swarm, _STALLED + 1)
    _, _, live = await call.app.crew.list(swarm, 1)
    told: dict[str, Any] = {
        "tasks": {status: counts[status][0] for status in STATUSES if status in counts},
        "live": live,
    }
    if oldest is not None:
        claim, owner, since = oldest
        told["oldest_claim"] = {"claim": claim, "agent": owner, "since": iso(since)}
    if swarm.learning:
        told["learned"] = _learned(*await call.app.lessons.outcomes(swarm))
    if stalled:
        told["stalled"] = [f"t{seq} {_short(title, 40)}" for seq, title in stalled[:_STALLED]]
        told |= {"more_stalled": True} if len(stalled) > _STALLED else {}
    return told


def _learned(with_lessons: Outcomes, without: Outcomes) -> dict[str, Any]:
    """Success with lessons and without, where there is enough to compare."""
    number = with_lessons.number + without.number
    told: dict[str, Any] = {"outcomes": number, "verified": with_lessons.verified + without.verified}
    if number < ENOUGH:
        return told | {"note": f"not enough data: {ENOUGH} outcomes are needed"}
    return told | {"with_lessons": _rate(with_lessons), "without": _rate(without)}


def _rate(outcomes: Outcomes) -> str:
    return f"{outcomes.successes} of {outcomes.number} succeeded"


async def listed(call: Call, swarm: Swarm, wanted: str) -> dict[str, Any]:
    """One task or group by its id, else at most twenty tasks with a status.

    Raises:
        InvalidArgument: It is neither.
        NotFound: The swarm has no such task.
    """
    if is_claim_id(wanted):
        return {"task": await whole(call, claim_id(wanted), swarm)}
    if wanted not in STATUSES:
        raise InvalidArgument(
            f"tasks is {plain(repr(wanted))}, which is neither a task nor a status.",
            next_step=f"send an id such as t42, or one of: {', '.join(STATUSES)}.",
        )
    return _page(await call.app.tasks.with_status(swarm, wanted, 0, LISTED + 1))


async def whole(call: Call, id_: ClaimId, swarm: Swarm | None) -> dict[str, Any]:
    """One task with its text, dependencies and attempts, or a group with its first parts."""
    task = await call.app.tasks.get(id_, call.caller, swarm)
    status = task.status(call.app.tasks.now())
    told = {
        "id": f"t{task.seq}",
        "title": task.title,
        "status": status,
        "priority": PRIORITIES[task.priority],
        "created_by": task.creator,
        "updated_at": iso(task.updated_at),
    }
    if task.group is None:
        parts = _page(await call.app.tasks.parts(task.seq, 0, LISTED + 1))
        return told | {"open_parts": task.pending_deps, "parts": parts.pop("listed"), **parts}
    details = await call.app.tasks.details(task, LISTED)
    held = status == "claimed"
    return without_none(
        {
            **told,
            "group": f"t{task.group}",
            "role": task.role or None,
            "kind": task.kind,
            "size": task.size,
            "wave": task.stage,
            "verify": True if task.verify else None,
            "capabilities": json.loads(task.capabilities_json) or None,
            "claim": f"t{task.seq}.{task.fence}" if held or status == "review" else None,
            "agent": task.owner if held or status == "review" else None,
            "lease_until": iso(task.runs_until()) if held else None,
            "assigned_to": task.assignee,
            "attempts": f"{task.attempts} of {task.max_attempts}",
            "waits_for": [f"t{dep} {state}" for dep, state in details["deps"] if state != "done"] or None,
            "after": [f"t{dep}" for dep, state in details["deps"] if state == "done"] or None,
            "writes": details["writes"] or None,
            "note": task.note,
            "result": task.result,
            "body": task.body,
            "history": [_attempt(row) for row in details["attempts"]] or None,
            "ready_at": _ready_at(task, call.app.tasks.now()),
        }
    )


def _ready_at(task: Task, now: int) -> str | None:
    return iso(task.not_before) if task.stored_status == "ready" and task.not_before > now else None


def _attempt(row: Any) -> dict[str, Any]:
    fence, actor, started, ended, outcome, verified, note = row
    return without_none(
        {
            "fence": fence,
            "agent": actor,
            "at": iso(started),
            "seconds": None if ended is None else round((ended - started) / 1000, 1),
            "outcome": outcome,
            "verified": True if verified else None,
            "note": None if note is None else _short(note, _NOTE),
        }
    )


def _page(rows: Any) -> dict[str, Any]:
    shown = [_line(row) for row in rows[:LISTED]]
    return {"listed": shown, "more": True} if len(rows) > LISTED else {"listed": shown}


def _line(row: TaskLine) -> dict[str, Any]:
    held = row.status in ("claimed", "review")
    return without_none(
        {
            "id": f"t{row.seq}",
            "title": _short(row.title, _TITLE),
            "status": row.status,
            "role": row.role or None,
            "priority": None if PRIORITIES[row.priority] == "medium" else PRIORITIES[row.priority],
            "agent": row.owner if held else None,
            "attempts": row.attempts if row.attempts > 1 else None,
            "open_deps": row.pending_deps or None,
        }
    )


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
