"""task_orchestrate, task_claim and task_update: work that is handed out once."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from swarm_memory.config import Toolset
from swarm_memory.errors import InvalidArgument
from swarm_memory.models.memory import iso
from swarm_memory.models.plan import Plan, in_order
from swarm_memory.models.tasks import PRIORITIES
from swarm_memory.models.values import check_text, encode
from swarm_memory.services.claims import Claimed, NothingToClaim
from swarm_memory.services.swarm import CURRENT
from swarm_memory.services.topology import STRATEGY_NAMES
from swarm_memory.services.updates import Update
from swarm_memory.tools._arguments import ANY_JSON, CommonArguments, Id, plain
from swarm_memory.tools._boundary import Call, Tool
from swarm_memory.tools._claim_id import claim_id
from swarm_memory.tools._shape import without_none
from swarm_memory.tools._status import whole
from swarm_memory.tools._task_items import Role, Subtasks, TaskItemArguments, plan_of
from swarm_memory.tools._tasks import created, shown_claim

_MAX_RESULT: Final = 20_000
_MAX_EVIDENCE: Final = 2_000

Title = Annotated[str, Field(min_length=1, max_length=200)]
Note = Annotated[str, Field(min_length=1, max_length=2_000)]
ClaimName = Annotated[str, Field(max_length=40)]


class TaskOrchestrateArguments(CommonArguments):
    """Arguments of ``task_orchestrate``."""

    task: Title = Field(description="The whole, done when its subtasks are.")
    subtasks: Subtasks | None = None
    strategy: Annotated[str, Field(max_length=64)] | None = Field(None, description="sequential: one after another.")
    priority: Literal["critical", "high", "medium", "low"] = "medium"
    dependencies: Annotated[list[ClaimName], Field(max_length=100)] | None = Field(
        None, description="Existing tasks (t42) before all."
    )
    swarm_id: Id = Field(CURRENT, alias="swarmId")


class TaskClaimArguments(CommonArguments):
    """Arguments of ``task_claim``."""

    swarm_id: Id = Field(CURRENT, alias="swarmId")
    task_id: ClaimName | None = Field(None, alias="taskId", description="Only this one, as t42.")
    role: Role | None = Field(None, description="Tasks of this role instead of your own.")
    wait: Annotated[float, Field(ge=0, le=25, allow_inf_nan=False)] = Field(0, description="Seconds to wait for one.")


class TaskStatusArguments(CommonArguments):
    """Arguments of ``task_status``."""

    task_id: ClaimName = Field(alias="taskId")


class TaskUpdateArguments(CommonArguments):
    """Arguments of ``task_update``."""

    claim: ClaimName = Field(description="t42.3 as task_claim gave it; t42 to cancel, decide or assign.")
    action: Literal["progress", "extend", "complete", "fail", "release", "handoff", "approve", "reject", "cancel"]
    note: Note | None = Field(None, description="How far, why, what others must know.")
    result: Any = Field(None, description="Outcome for dependants, short.", json_schema_extra=ANY_JSON)
    to: Annotated[str, Field(min_length=1, max_length=128)] | None = Field(
        None, description="handoff: an agent's handle."
    )
    evidence: dict[str, Any] | None = Field(None, description="{command, exit_code} that shows the outcome.")
    lesson: Annotated[str, Field(min_length=1, max_length=600)] | None = Field(
        None, description="What you learned, when it helps and why; 60 words."
    )
    lessons_used: Annotated[list[Id], Field(max_length=10)] | None = None


async def task_orchestrate(call: Call, arguments: TaskOrchestrateArguments) -> dict[str, Any]:
    """Create a group of tasks."""
    check_text(arguments.task, "task")
    strategy = arguments.strategy
    if strategy is not None and strategy not in STRATEGY_NAMES:
        raise InvalidArgument(
            f"strategy {plain(repr(strategy))} is unknown.", next_step=f"use one of: {', '.join(STRATEGY_NAMES)}."
        )
    plan = plan_of(arguments.subtasks or [TaskItemArguments.model_validate({"title": arguments.task})], "subtasks")
    plan = _after(in_order(plan) if strategy == "sequential" else plan, arguments.dependencies or [])
    group = (arguments.task, PRIORITIES.index(arguments.priority))
    made = await call.app.tasks.create(arguments.swarm_id, group, plan, call.caller, arguments.agent)
    return created(made)


def _after(plan: Plan, before: list[str]) -> Plan:
    """The same plan, all of it after some existing tasks."""
    stored = frozenset(claim_id(one).seq for one in before)
    return Plan(plan.items, plan.deps, tuple(deps | stored for deps in plan.stored))


async def task_claim(call: Call, arguments: TaskClaimArguments) -> dict[str, Any]:
    """Take a task."""
    task = None if arguments.task_id is None else claim_id(arguments.task_id).seq
    entered = await call.app.crew.enter(arguments.swarm_id, call.caller, arguments.agent)
    found = await call.app.claims.claim(entered, (task, arguments.role), arguments.wait, call.caller)
    match found:
        case Claimed():
            return shown_claim(found)
        case NothingToClaim():
            waiting = found.waiting
            left = {"ready": waiting.ready, "blocked": waiting.blocked, "open": waiting.claimed + waiting.review}
            return {"claim": None, "task": None, "reason": found.reason, **left}


async def task_status(call: Call, arguments: TaskStatusArguments) -> dict[str, Any]:
    """One task, whole."""
    return await whole(call, claim_id(arguments.task_id), None)


async def task_update(call: Call, arguments: TaskUpdateArguments) -> dict[str, Any]:
    """Tell what became of a claim."""
    id_ = claim_id(arguments.claim)
    if arguments.note is not None:
        check_text(arguments.note, "note")
    _check_size("result", arguments.result, _MAX_RESULT)
    _check_evidence(arguments)
    if arguments.lesson is not None:
        check_text(arguments.lesson, "lesson")
    update = Update(
        action=arguments.action,
        note=arguments.note,
        result=arguments.result,
        to=arguments.to,
        evidence=arguments.evidence,
        lesson=arguments.lesson,
        lessons_used=tuple(arguments.lessons_used or ()),
    )
    outcome = await call.app.claims.update(id_, update, call.caller, arguments.agent)
    return without_none(
        {
            "success": True,
            "task": f"t{id_.seq}",
            "status": outcome["status"],
            "lease_until": iso(outcome["lease_until"]) if outcome["lease_until"] else None,
            "assigned_to": outcome["assignee"],
            "attempts_left": _attempts_left(arguments.action, outcome),
            "seq": outcome["change"],
        }
    )


def _attempts_left(action: str, outcome: dict[str, Any]) -> int | None:
    return outcome["max_attempts"] - outcome["attempts"] if action in ("fail", "reject") else None


def _check_size(name: str, value: Any, most: int) -> None:
    if value is not None and encode(value, name=name).size > most:
        raise InvalidArgument(
            f"{name} has more than {most:,} bytes of JSON.",
            next_step="store it with memory_usage, and send its key.",
        )


def _check_evidence(arguments: TaskUpdateArguments) -> None:
    evidence = arguments.evidence
    if evidence is None:
        return
    _check_size("evidence", evidence, _MAX_EVIDENCE)
    code = evidence.get("exit_code")
    if not isinstance(evidence.get("command"), str) or not isinstance(code, int) or isinstance(code, bool):
        raise InvalidArgument(
            "evidence lacks a command as text or an exit_code as a whole number.",
            next_step='send it as {"command": "pytest -q", "exit_code": 0}.',
        )
    if arguments.action == "complete" and code != 0:
        raise InvalidArgument(
            f"evidence with exit_code {code} does not show that it is complete.",
            next_step="use the action fail, or mend it.",
        )


TOOLS: Final = (
    Tool(
        "task_orchestrate",
        "Create tasks with dependencies for agents to claim; the server runs nothing. "
        "No two tasks whose writes share a path are claimed together.",
        TaskOrchestrateArguments,
        task_orchestrate,
        Toolset.DEFAULT,
    ),
    Tool(
        "task_claim",
        "Take the next task for you alone. claim null: nothing now, and why.",
        TaskClaimArguments,
        task_claim,
        Toolset.DEFAULT,
    ),
    Tool(
        "task_update",
        "Report or end your claim: complete (with evidence if you can), fail (it is retried), release, handoff; "
        "approve or reject another one's. stale_claim: stop, it is not yours any more.",
        TaskUpdateArguments,
        task_update,
        Toolset.DEFAULT,
    ),
    Tool(
        "task_status",
        "One task whole, or a group with its parts: text, state, dependencies, attempts.",
        TaskStatusArguments,
        task_status,
        Toolset.ALL,
        read_only=True,
        idempotent=True,
    ),
)
