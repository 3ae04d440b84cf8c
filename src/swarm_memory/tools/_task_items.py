"""Tasks as callers give them: the same item in ``tasks`` and in ``subtasks``."""

from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from swarm_memory.errors import InvalidArgument
from swarm_memory.models.paths import path_glob
from swarm_memory.models.plan import DEFAULT_SIZE, MAX_TASKS, Plan, TaskItem, make_plan
from swarm_memory.tools._arguments import Arguments, Id, at, bounded, parse_each

MAX_DEPS: Final = 1_000
MAX_WRITES: Final = 32
MAX_TEXT: Final = 1_000_000
"""Bytes of all titles and bodies of a call together."""

Title = Annotated[str, bounded("title", 1, 200)]
Body = Annotated[str, bounded("body", 0, 20_000)]
Role = Annotated[str, bounded("role", 1, 64)]
Kind = Annotated[str, bounded("kind", 1, 64)]
Dep = Annotated[str, bounded("deps", 1, 200)]
Write = Annotated[str, bounded("writes", 1, 512)]


class TaskItemArguments(Arguments):
    """One task to be made."""

    title: Title
    id: Id | None = None
    body: Body | None = None
    deps: Annotated[list[Dep], Field(max_length=MAX_DEPS)] | None = Field(
        None, description="What must be done before: ids or titles of this call, or t42."
    )
    writes: Annotated[list[Write], Field(max_length=MAX_WRITES)] | None = Field(
        None, description="Files it writes, as globs from the project's root."
    )
    role: Role | None = None
    size: Literal[1, 2, 3, 5, 8] = DEFAULT_SIZE
    kind: Kind | None = None
    verify: bool = Field(False, description="Somebody else reviews it before it is done.")
    capabilities: Annotated[list[Kind], Field(max_length=16)] | None = None


def _parsed(name: str) -> BeforeValidator:
    return BeforeValidator(lambda raw: parse_each(TaskItemArguments, raw, name, MAX_TASKS))


# Published in full once, where tasks are made: the whole list of tools has a budget.
_IN_SHORT: Final = WithJsonSchema({"type": "array", "minItems": 1, "items": {"type": "object"}})

Tasks = Annotated[list[TaskItemArguments], Field(min_length=1), _parsed("tasks"), _IN_SHORT]
Subtasks = Annotated[list[TaskItemArguments], Field(min_length=1), _parsed("subtasks")]


def plan_of(items: list[TaskItemArguments], name: str) -> Plan:
    """The items with their dependencies resolved.

    Args:
        items: At least one.
        name: Of the argument that holds them, for errors.

    Raises:
        InvalidArgument: A glob is none, a name in ``deps`` is unknown, or there is a cycle.
    """
    size = sum(len(item.title.encode()) + len((item.body or "").encode()) for item in items)
    if size > MAX_TEXT:
        raise InvalidArgument(
            f"{name} hold {size:,} bytes of titles and bodies; {MAX_TEXT:,} are allowed.",
            next_step="keep long texts in the memory and name their keys.",
        )
    return make_plan([_item(item, f"{name}[{position}]") for position, item in enumerate(items)])


def _item(given: TaskItemArguments, place: str) -> TaskItem:
    try:
        writes = tuple(path_glob(text) for text in given.writes or ())
    except InvalidArgument as error:
        raise at(f"{place}.writes", TaskItemArguments, error) from None
    shown: dict[str, Any] = {name: getattr(given, name) for name in ("id", "body", "role", "size", "kind", "verify")}
    return TaskItem(
        given.title,
        deps=tuple(dict.fromkeys(given.deps or ())),
        writes=tuple(dict.fromkeys(writes)),
        capabilities=tuple(dict.fromkeys(given.capabilities or ())),
        **shown,
    )
