"""What ``task_update`` may do: each action as a change of the store."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from swarm_memory.errors import InvalidArgument
from swarm_memory.models.caller import Caller
from swarm_memory.models.tasks import Task
from swarm_memory.models.values import to_json
from swarm_memory.storage import claims
from swarm_memory.storage.claims import Place
from swarm_memory.storage.lessons import Learned
from swarm_memory.storage.writer import Change


@dataclass(frozen=True, slots=True)
class Update:
    """What ``task_update`` was asked for.

    Attributes:
        evidence: Of the outcome: ``{command, exit_code}``.
        to: Name or handle that it is handed to.
        lesson: What the agent has learned, in at most sixty words.
        lessons_used: Ids of lessons that it used.
    """

    action: str
    note: str | None = None
    result: Any = None
    to: str | None = None
    evidence: dict[str, Any] | None = None
    lesson: str | None = None
    lessons_used: tuple[str, ...] = ()

    def is_about_own_claim(self) -> bool:
        """Whether the guard of the claim is all that must be looked at."""
        return self.action in _UNDER_A_CLAIM and self.lesson is None


@dataclass(frozen=True, slots=True)
class Asked:
    """An update with what was looked up for it: the task, where it matters, and the actor that ``to`` means."""

    place: Place
    update: Update
    to: str | None
    task: Task | None
    learned: Learned
    caller: Caller


def change_of(asked: Asked) -> Change:
    """The change that an update asks for.

    Raises:
        InvalidArgument: Something is missing that the action needs, or is there that it cannot use.
    """
    update = asked.update
    if update.action in _UNDER_A_CLAIM and asked.place.fence is None:
        raise InvalidArgument(
            f"claim names the task t{asked.place.seq}, and this action needs your claim of it.",
            next_step=f"send what task_claim gave, such as t{asked.place.seq}.1.",
        )
    if update.action not in _ENDS and (update.lesson is not None or update.lessons_used or update.evidence):
        raise InvalidArgument(
            f"{update.action} takes no lesson, lessons_used and evidence.", next_step="send them with complete or fail."
        )
    return _ACTIONS[update.action](asked)


def _progress(asked: Asked) -> Change:
    if asked.update.note is None:
        raise InvalidArgument("progress without a note says nothing.", next_step="send note: how far you are.")
    return claims.progress(asked.place, asked.update.note)


def _extend(asked: Asked) -> Change:
    return claims.extend(asked.place, asked.update.note)


def _end(asked: Asked) -> Change:
    update = asked.update
    evidence = None if update.evidence is None else to_json(update.evidence)
    told = (update.note, update.result)
    return claims.end(asked.place, update.action, told, evidence, asked.learned, asked.caller)


def _release(asked: Asked) -> Change:
    return claims.release(asked.place, asked.update.note, None)


def _hand_off(asked: Asked) -> Change:
    place, note = asked.place, asked.update.note
    if asked.to is None:
        raise InvalidArgument("handoff needs to.", next_step="send to: an agent's handle, or release the task.")
    return claims.assign(place, note, asked.to) if place.fence is None else claims.release(place, note, asked.to)


def _decide(asked: Asked) -> Change:
    place, update, task = asked.place, asked.update, asked.task
    if task is not None and task.stored_status == "proposed":
        return claims.take_up(place, update.note) if update.action == "approve" else claims.cancel(place, update.note)
    if place.fence is None and task is not None:
        place = replace(place, fence=task.fence)
    return claims.review(place, update.action, update.note, asked.learned.now)


def _cancel(asked: Asked) -> Change:
    return claims.cancel(asked.place, asked.update.note)


_ENDS: Final = ("complete", "fail")
_UNDER_A_CLAIM: Final = ("progress", "extend", "release", *_ENDS)
_ACTIONS: Final[dict[str, Callable[[Asked], Change]]] = {
    "progress": _progress,
    "extend": _extend,
    "complete": _end,
    "fail": _end,
    "release": _release,
    "handoff": _hand_off,
    "approve": _decide,
    "reject": _decide,
    "cancel": _cancel,
}
