"""task_orchestrate, and what reads tell of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from swarm_memory.errors import NotFound
from swarm_memory.models.caller import Caller
from swarm_memory.models.plan import Plan
from swarm_memory.models.swarm import Swarm
from swarm_memory.models.tasks import ClaimId, Task, TaskLine
from swarm_memory.services.crew import CrewService
from swarm_memory.services.patterns import Patterns
from swarm_memory.services.refusals import explain
from swarm_memory.storage.globs import NewGlobs
from swarm_memory.storage.tasks import TaskStore, create
from swarm_memory.storage.writer import Change, OperationRefused


@dataclass(frozen=True, slots=True)
class Created:
    """A group and its tasks; ``tasks`` has number and status of each, in the order of the plan's items."""

    group: int
    tasks: list[tuple[int, str]]
    plan: Plan
    seq: int


class TaskService:
    """Creates tasks and looks at them."""

    def __init__(self, tasks: TaskStore, patterns: Patterns, crew: CrewService) -> None:
        """Use these services and this store."""
        self._tasks = tasks
        self._patterns = patterns
        self._crew = crew

    async def create(
        self, swarm_id: str, group: tuple[str, int], plan: Plan, caller: Caller, named: str | None
    ) -> Created:
        """Create a group of tasks.

        Args:
            swarm_id: An id, or ``current``.
            group: Its title, and the place of its priority in ``PRIORITIES``.
            plan: Its tasks.
            caller: Who calls.
            named: Name or handle of the agent that acts.

        Raises:
            TopologyForbidden: Who acts may not create tasks in this swarm.
            InvalidArgument: A dependency on an existing task cannot be met.
        """
        entered = await self._crew.enter(swarm_id, caller, named)
        swarm = entered.swarm
        texts = [glob.text for item in plan.items for glob in item.writes]

        def change(globs: NewGlobs) -> Change:
            return create(swarm.num, group, plan, globs, entered.life, entered.actor)

        try:
            outcome = await self._patterns.write(swarm.project, texts, change, caller.request)
        except OperationRefused as refused:
            raise explain(refused.guard, swarm.topology, "") from None
        return Created(outcome["group"], [(seq, status) for seq, status in outcome["tasks"]], plan, outcome["seq"])

    async def get(self, id_: ClaimId, caller: Caller, swarm: Swarm | None = None) -> Task:
        """One task or group of the caller's project, and of this swarm if one is given.

        Raises:
            NotFound: There is none with this number.
        """
        task = await self._tasks.by_seq(id_.seq)
        if task is None or task.project != caller.project or (swarm is not None and task.swarm != swarm.num):
            where = f"project {caller.project}" if swarm is None else "this swarm"
            raise NotFound(f"There is no task t{id_.seq} in {where}.", next_step="take an id from swarm_status.")
        return task

    async def details(self, task: Task, limit: int) -> dict[str, Any]:
        """Dependencies, written patterns and attempts of a task, at most ``limit`` of each."""
        deps, writes, attempts = await self._tasks.details(task.seq, limit)
        return {"deps": deps, "writes": writes, "attempts": attempts}

    async def counts(self, swarm: Swarm) -> dict[str, tuple[int, int]]:
        """By status, as of now: how many tasks, and their sizes together."""
        return await self._tasks.counts(swarm.num)

    async def with_status(self, swarm: Swarm, status: str, after: int, limit: int) -> Sequence[TaskLine]:
        """Tasks with this status behind a number."""
        return await self._tasks.with_status(swarm.num, status, after, limit)

    async def parts(self, group: int, after: int, limit: int) -> Sequence[TaskLine]:
        """Parts of a group behind a number."""
        return await self._tasks.parts(group, after, limit)

    async def troubles(self, swarm: Swarm, limit: int) -> tuple[tuple[str, str, int] | None, list[tuple[int, str]]]:
        """The oldest claim, and what is stalled."""
        return await self._tasks.troubles(swarm.num, limit)

    def now(self) -> int:
        """The database's time."""
        return self._tasks.now()
