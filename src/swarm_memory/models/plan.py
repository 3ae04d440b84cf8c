"""Work cut into tasks, as a caller gives it: which task waits for which, and that none waits for itself. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from swarm_memory.errors import InvalidArgument
from swarm_memory.models.paths import PathGlob

MAX_TASKS: Final = 1_000
"""Tasks of one call."""
SIZES: Final = (1, 2, 3, 5, 8)
DEFAULT_SIZE: Final = 2
_STORED: Final = re.compile(r"t[1-9]\d{0,15}")
_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class TaskItem:
    """One task to be made.

    Attributes:
        id: A name for ``deps`` of the same call; it is not kept.
        deps: What must be done before: an id or a title of the same call, or a task of the store such as ``t42``.
        writes: Files that it will write.
        size: Units of work, one of ``SIZES``.
        verify: Somebody else looks at it before it counts as done.
        capabilities: What an agent must have to do it.
    """

    title: str
    id: str | None = None
    body: str | None = None
    deps: tuple[str, ...] = ()
    writes: tuple[PathGlob, ...] = ()
    role: str | None = None
    size: int = DEFAULT_SIZE
    kind: str | None = None
    verify: bool = False
    capabilities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """Tasks, and what each waits for.

    Attributes:
        deps: For each task the positions of others in ``items``.
        stored: For each task the numbers of tasks of the store: 42 for ``t42``.
    """

    items: tuple[TaskItem, ...]
    deps: tuple[frozenset[int], ...]
    stored: tuple[frozenset[int], ...]


def make_plan(items: Sequence[TaskItem]) -> Plan:
    """Find what the names in ``deps`` mean.

    An id goes before a title, and both before a task of the store.

    Raises:
        InvalidArgument: Two tasks have one id, a name is unknown or ambiguous, or tasks wait for each other in a
            cycle, which is listed.
    """
    ids = _by_name((item.id for item in items), what="id")
    titles = _by_title(items)
    deps: list[frozenset[int]] = []
    stored: list[frozenset[int]] = []
    for item in items:
        found = {name: ids.get(name, titles.get(name)) for name in item.deps}
        outside = {name for name, position in found.items() if position is None and _STORED.fullmatch(name)}
        for name, position in found.items():
            _check_name(item, name, known=position is not None or name in outside, ambiguous=position == _AMBIGUOUS)
        deps.append(frozenset(position for position in found.values() if position is not None))
        stored.append(frozenset(int(name[1:]) for name in outside))
    plan = Plan(tuple(items), tuple(deps), tuple(stored))
    _refuse_cycle(plan)
    return plan


def in_order(plan: Plan) -> Plan:
    """The same tasks, each of which waits for the one before it too.

    Raises:
        InvalidArgument: One waits for a later one.
    """
    before = (frozenset({position - 1}) if position else frozenset[int]() for position in range(len(plan.items)))
    deps = tuple(deps | previous for deps, previous in zip(plan.deps, before, strict=True))
    chained = Plan(plan.items, deps, plan.stored)
    _refuse_cycle(chained)
    return chained


def waves_of(plan: Plan) -> list[int]:
    """For each task how many others stand before it on the longest way through the plan."""
    waves: list[int | None] = [None] * len(plan.items)
    for first in range(len(plan.items)):
        way = [first]
        while way:  # a stack of its own: chains may be long
            position = way[-1]
            open_deps = [dep for dep in plan.deps[position] if waves[dep] is None]
            if open_deps:
                way.append(open_deps[0])
                continue
            waves[position] = max(((waves[dep] or 0) + 1 for dep in plan.deps[position]), default=0)
            way.pop()
    return [wave or 0 for wave in waves]


_AMBIGUOUS: Final = -1


def _by_name(names: Iterable[str | None], what: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for position, name in enumerate(names):
        if name is not None and found.setdefault(name, position) != position:
            raise InvalidArgument(
                f"two tasks have the {what} {_short(name)}.", next_step=f"give each task an {what} of its own."
            )
    return found


def _by_title(items: Sequence[TaskItem]) -> dict[str, int]:
    found: dict[str, int] = {}
    for position, item in enumerate(items):
        found[item.title] = _AMBIGUOUS if item.title in found else position
    return found


def _check_name(item: TaskItem, name: str, *, known: bool, ambiguous: bool) -> None:
    if ambiguous:
        raise InvalidArgument(
            f"task {_name(item)} waits for {_short(name)}, and several tasks have that title.",
            next_step="give them ids and name the id in deps.",
        )
    if not known:
        raise InvalidArgument(
            f"task {_name(item)} waits for {_short(name)}, which is no task of this call.",
            next_step="name an id or a title of this call in deps, or a task that exists, such as t42.",
        )


def _refuse_cycle(plan: Plan) -> None:
    waiting = [len(deps) for deps in plan.deps]
    dependants: list[list[int]] = [[] for _ in plan.items]
    for position, deps in enumerate(plan.deps):
        for dep in deps:
            dependants[dep].append(position)
    free = [position for position, number in enumerate(waiting) if not number]
    for position in free:  # grows meanwhile
        for dependant in dependants[position]:
            waiting[dependant] -= 1
            if not waiting[dependant]:
                free.append(dependant)
    if len(free) < len(plan.items):
        # Each task that is left waits for one that is left, so going from one to the next comes back in the end.
        left = {position for position, number in enumerate(waiting) if number}
        names = [_name(plan.items[position]) for position in _cycle(plan, left)]
        shown = names if len(names) <= 12 else [*names[:6], f"({len(names) - 12} more)", *names[-6:]]
        raise InvalidArgument(
            f"tasks wait for each other in a cycle: {' → '.join([*shown, names[0]])}.",
            next_step="take one of these dependencies out.",
        )


def _cycle(plan: Plan, left: set[int]) -> list[int]:
    """A cycle among these tasks, in the order in which they would have to be done."""
    way: list[int] = []
    position = min(left)
    while position not in way:
        way.append(position)
        position = min(plan.deps[position] & left)
    cycle = way[way.index(position) :][::-1]
    first = cycle.index(min(cycle))
    return cycle[first:] + cycle[:first]


def _name(item: TaskItem) -> str:
    return _short(item.id or item.title)


def _short(name: str) -> str:
    return repr(name if len(name) <= _SHOWN else f"{name[:_SHOWN]}…")
