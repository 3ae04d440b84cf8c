"""task_claim and task_update: at-least-once execution, exactly-once recorded completion."""

import time
from dataclasses import dataclass
from typing import Any, Final

from swarm_memory.errors import ClaimOpen, StaleClaim, SwarmMemoryError
from swarm_memory.models.caller import Caller
from swarm_memory.models.swarm import Strategy, Swarm
from swarm_memory.models.tasks import ClaimId
from swarm_memory.services.crew import CrewService, Entered
from swarm_memory.services.lessons import Lesson, LessonService
from swarm_memory.services.refusals import explain
from swarm_memory.services.tasks import TaskService
from swarm_memory.services.updates import Asked, Update, change_of
from swarm_memory.services.waiting import Waiting as News
from swarm_memory.storage import claims
from swarm_memory.storage.claims import ClaimReads, Place, Waiting
from swarm_memory.storage.writer import OperationRefused, Writer

_TRY_SECONDS: Final = 2.0
"""While a claim waits: seconds between two tries without a change, since time alone makes tasks claimable too."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A task that is now the caller's: what the store tells of it, see ``claim_result``."""

    task: dict[str, Any]
    swarm: Swarm
    lessons: list[Lesson]

    @property
    def id(self) -> ClaimId:
        """The claim's name."""
        return ClaimId(self.task["seq"], self.task["fence"])


@dataclass(frozen=True, slots=True)
class NothingToClaim:
    """No task may be claimed by the caller now, and why."""

    reason: str
    waiting: Waiting


class ClaimService:
    """Takes tasks, and tells what became of them."""

    def __init__(
        self,
        reads: ClaimReads,
        crew: CrewService,
        tasks: TaskService,
        lessons: LessonService,
        writer: Writer,
        news: News,
    ) -> None:
        """Use these services, this store and its writer, and wait for ``news``."""
        self._lessons = lessons
        self._reads = reads
        self._crew = crew
        self._tasks = tasks
        self._writer = writer
        self._news = news

    async def claim(
        self, entered: Entered, wanted: tuple[int | None, str | None], wait: float, caller: Caller
    ) -> Claimed | NothingToClaim:
        """Take the first task that may be taken, waiting for one if there is none.

        Args:
            entered: The swarm, and who claims.
            wanted: Number of the only task that will do, and the role of tasks that will do; None: any.
            wait: Seconds to wait for one.
            caller: Who calls.

        Raises:
            ClaimOpen: Who acts holds a claim of this swarm.
            TopologyForbidden: Who acts may not claim in this swarm now.
        """
        swarm, life, actor = entered.swarm, entered.life, entered.actor
        change = claims.claim(swarm.num, wanted[0], wanted[1], swarm.project, life, actor)
        deadline = time.monotonic() + wait
        while True:
            seq = (await self._reads.claimable(swarm.num))[1] if wait else 0
            try:
                [outcome] = await self._writer.apply([change], caller.request)
                shown = await self._lessons.for_task(swarm.project, outcome) if swarm.learning else []
                return Claimed(outcome, swarm, shown)
            except OperationRefused as refused:
                if refused.guard != "refuse_empty_claim":
                    raise await self._explain_claim(refused.guard, entered) from None
            if time.monotonic() >= deadline:
                return await self._nothing(entered, wanted)
            await self._until_worth_a_try(swarm.num, seq, deadline)

    async def update(self, id_: ClaimId, update: Update, caller: Caller, named: str | None) -> dict[str, Any]:
        """Tell what became of a claim, or decide about a task; what the store tells of it then.

        Raises:
            StaleClaim: The claim is over; the message says how the task stands now.
            TopologyForbidden: The decision is another one's.
            WrongState: The task is not in a state for it.
        """
        asked = await self._asked(id_, update, caller, named)
        change = change_of(asked)
        try:
            [outcome] = await self._writer.apply([change], caller.request)
        except OperationRefused as refused:
            raise await self._explain_update(refused.guard, id_, caller) from None
        return outcome

    async def _asked(self, id_: ClaimId, update: Update, caller: Caller, named: str | None) -> Asked:
        """An update with what must be looked up for it: nothing, where an agent only ends or renews its own claim."""
        own = self._crew.belongs(caller, named) if named and update.is_about_own_claim() else None
        task = None if own else await self._tasks.get(id_, caller)
        if own:
            entered = await self._crew.enter(own.id, caller, named)
        else:
            entered = await self._crew.enter_num(task.swarm if task else 0, caller, named)
        place = Place(entered.swarm.num, id_.seq, id_.fence, entered.life, entered.actor)
        to = None if update.to is None else await self._crew.recipient(entered, update.to)
        success = update.action == "complete"
        learned = self._lessons.learned(update.lessons_used, update.lesson, task, success=success)
        return Asked(place, update, to, task, learned, caller)

    async def _until_worth_a_try(self, swarm: int, seq: int, deadline: float) -> None:
        again = time.monotonic() + _TRY_SECONDS
        while True:
            cursor = await self._news.now()
            worth, now = await self._reads.claimable(swarm)
            moment = time.monotonic()
            if moment >= deadline or (worth and (now != seq or moment >= again)):
                return
            again = again if moment < again else moment + _TRY_SECONDS
            await self._news.beyond(cursor, min(again, deadline) - moment)

    async def _nothing(self, entered: Entered, wanted: tuple[int | None, str | None]) -> NothingToClaim:
        waiting, roles = await self._reads.waiting(entered.swarm.num)
        if wanted[0] is not None:
            return NothingToClaim(f"t{wanted[0]} is not yours to claim now; swarm_status tells more", waiting)
        return NothingToClaim(_why(waiting, roles, wanted[1] or entered.actor.role, entered.swarm), waiting)

    async def _explain_claim(self, guard: str, entered: Entered) -> SwarmMemoryError:
        if guard != "refuse_second_claim":
            return explain(guard, entered.swarm.topology, "")
        held = await self._reads.held(entered.swarm.num, entered.actor.key)
        return ClaimOpen(
            f"{entered.actor.key} holds {held or 'a claim'} and may hold only one.",
            next_step="complete, fail or release it first; agents that share a connection need a handle each.",
        )

    async def _explain_update(self, guard: str, id_: ClaimId, caller: Caller) -> SwarmMemoryError:
        task = await self._tasks.get(id_, caller)
        if guard != "refuse_stale_claim":
            return explain(guard, task.topology, f"t{id_.seq}: ")
        status = task.status(self._tasks.now())
        whose = f" by {task.owner} as t{task.seq}.{task.fence}" if status == "claimed" else ""
        return StaleClaim(
            f"{id_} is not your claim any more: t{task.seq} is {status}{whose}.",
            next_step="stop working on it and leave its files alone; task_claim gives you another task.",
        )


def _why(waiting: Waiting, roles: list[str], role: str | None, swarm: Swarm) -> str:
    if waiting.ready and swarm.strategy == Strategy.SEQUENTIAL and waiting.claimed:
        return "one task at a time: the strategy is sequential"
    others = [one for one in roles if one not in ("", role)]
    if waiting.ready and others and "" not in roles and role not in roles:
        return f"what is ready wants another role: {', '.join(others)}"
    if waiting.ready:
        return "what is ready waits for files that others have reserved, for a retry's delay, or is kept for others"
    if waiting.claimed or waiting.review:
        return "nothing is ready until others finish" if waiting.blocked else "the rest is in others' hands"
    if waiting.blocked or waiting.proposed:
        return "what is left is stalled: see swarm_status" if waiting.blocked else "what is left is only proposed"
    return "there are no open tasks"
