"""Tasks in the store: creating them, and reading them."""

from typing import Any, Final

from swarm_memory.models.actor import Actor, Life
from swarm_memory.models.plan import Plan, TaskItem, waves_of
from swarm_memory.models.tasks import MAX_ATTEMPTS, Task, TaskLine
from swarm_memory.models.values import to_json
from swarm_memory.storage.database import Database
from swarm_memory.storage.globs import NewGlobs, add, add_writes
from swarm_memory.storage.ids import new_id
from swarm_memory.storage.queries import Row, load_queries
from swarm_memory.storage.sessions import opening
from swarm_memory.storage.writer import Change

_SQL = load_queries("tasks")

MAX_TASKS: Final = 50_000
"""Tasks of one swarm, ended ones included."""


def create(swarm: int, group: tuple[str, int], plan: Plan, globs: NewGlobs, life: Life, actor: Actor) -> Change:
    """Add a group with the tasks of a plan.

    Args:
        swarm: Row number.
        group: Its title, and the place of its priority in ``PRIORITIES``.
        plan: Its tasks.
        globs: What the store lacks of the patterns that they write.
        life: The caller's session.
        actor: Who creates them.
    """
    batch = new_id()
    count = len(plan.items)
    inner = [[place, dep] for place, deps in enumerate(plan.deps) for dep in sorted(deps)]
    outer = to_json([[place, dep] for place, deps in enumerate(plan.stored) for dep in sorted(deps)])
    title, priority = group
    writes = [(place, glob.text) for place, item in enumerate(plan.items) for glob in item.writes]
    who = {"swarm": swarm, "actor": actor.key}
    statements = (
        *opening(life, swarm, actor),
        _SQL["refuse_creating"].bind(**who, agent=actor.agent),
        _SQL["refuse_crowded_swarm"].bind(swarm=swarm, count=count + 1, limit=MAX_TASKS),
        _SQL["refuse_strange_dependency"].bind(outer=outer, swarm=swarm),
        _SQL["add_group"].bind(**who, batch=batch, priority=priority, count=count, title=title),
        _SQL["add_inner_dependencies"].bind(batch=batch, inner=to_json(inner)),
        _SQL["add_outer_dependencies"].bind(batch=batch, outer=outer),
        *add(globs),
        *add_writes(globs.project, batch, writes),
        _SQL["add_tasks"].bind(
            **who,
            agent=actor.agent,
            batch=batch,
            priority=priority,
            max_attempts=MAX_ATTEMPTS,
            items=to_json([_row(item, wave) for item, wave in zip(plan.items, waves_of(plan), strict=True)]),
        ),
    )
    return Change(statements, _SQL["created_result"].bind(batch=batch))


def _row(item: TaskItem, wave: int) -> dict[str, Any]:
    return {
        "title": item.title,
        "body": item.body,
        "role": item.role or "",
        "size": item.size,
        "kind": item.kind,
        "verify": int(item.verify),
        "capabilities": list(item.capabilities),
        "stage": wave,
    }


class TaskStore:
    """Reads of tasks. Claims that have run out are told as what they are, whether or not that is written yet."""

    def __init__(self, database: Database) -> None:
        """Use ``database``."""
        self._database = database

    def now(self) -> int:
        """The database's time in milliseconds since 1970 UTC."""
        return self._database.now()

    async def by_seq(self, seq: int) -> Task | None:
        """The task or group with this number."""
        [rows] = await self._database.read(_SQL["get_task"].bind(seq=seq))
        return Task(*rows[0]) if rows else None  # pyright: ignore[reportArgumentType] - columns of STRICT tables

    async def details(self, seq: int, limit: int) -> tuple[list[tuple[int, str]], list[str], list[Row]]:
        """Of one task, at most ``limit`` each: dependencies with their status, patterns it writes, newest attempts."""
        deps, writes, attempts = await self._database.read(
            _SQL["dependencies_of"].bind(seq=seq, limit=limit),
            _SQL["writes_of"].bind(seq=seq, limit=limit),
            _SQL["attempts_of"].bind(seq=seq, limit=limit),
        )
        return [(int(str(dep)), str(status)) for dep, status in deps], [str(one) for (one,) in writes], attempts

    async def counts(self, swarm: int) -> dict[str, tuple[int, int]]:
        """By status: how many tasks, and their sizes together. Groups are not counted."""
        [rows] = await self._database.read(_SQL["count_by_status"].bind(swarm=swarm, now=self.now()))
        return {str(status): (int(str(count)), int(str(size))) for status, count, size in rows}

    async def with_status(self, swarm: int, status: str, after: int, limit: int) -> list[TaskLine]:
        """Tasks with this stored status, behind the number ``after``."""
        query = _SQL["list_tasks"].bind(swarm=swarm, status=status, after=after, limit=limit)
        [rows] = await self._database.read(query)
        return [TaskLine(*row) for row in rows]  # pyright: ignore[reportArgumentType] - columns of a STRICT table

    async def parts(self, group: int, after: int, limit: int) -> list[TaskLine]:
        """Parts of a group, behind the number ``after``."""
        [rows] = await self._database.read(_SQL["parts_of"].bind(grp=group, after=after, limit=limit))
        return [TaskLine(*row) for row in rows]  # pyright: ignore[reportArgumentType] - columns of a STRICT table

    async def troubles(self, swarm: int, limit: int) -> tuple[tuple[str, str, int] | None, list[tuple[int, str]]]:
        """The oldest claim (name, owner, beginning), and tasks that wait for what has ended without being done."""
        oldest, stalled = await self._database.read(
            _SQL["oldest_claim"].bind(swarm=swarm), _SQL["stalled_tasks"].bind(swarm=swarm, limit=limit)
        )
        first = None if not oldest else (f"t{oldest[0][0]}.{oldest[0][1]}", str(oldest[0][2]), int(str(oldest[0][3])))
        return first, [(int(str(seq)), str(title)) for seq, title, _ in stalled]
