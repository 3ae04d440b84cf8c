"""What can be said of a plan without knowing who works on it: how long it takes, how many can help. Pure.

Work and time are in the units of a task's size. Sets of tasks are integers with these bits; tasks are numbered in an
order that depends on what they are, not on the order in which they were given.
"""

from bisect import insort
from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from heapq import heappop, heappush
from typing import Final

from swarm_memory.models.plan import SIZES, Plan, TaskItem
from swarm_memory.services.writing import Writing, as_set, bits

_NO_LIMIT: Final = 10**9
"""More agents than any plan has tasks."""


class Schedule:
    """The measures of one plan.

    Attributes:
        items: The plan's tasks in their canonical order.
        deps: For each the numbers of what it waits for.
        dependants: For each the numbers of what waits for it.
        writing: What the tasks write.
    """

    def __init__(self, plan: Plan) -> None:
        """Number the tasks.

        Raises:
            InvalidArgument: Too many globs begin alike to be compared.
        """
        given = sorted(range(len(plan.items)), key=lambda position: _key(plan.items[position]))
        number = {position: task for task, position in enumerate(given)}
        self.items = [plan.items[position] for position in given]
        self.deps = [sorted(number[dep] for dep in plan.deps[position]) for position in given]
        self.dependants: list[list[int]] = [[] for _ in self.items]
        for task, deps in enumerate(self.deps):
            for dep in deps:
                self.dependants[dep].append(task)
        self.writing = Writing([item.writes for item in self.items])
        self._sizes = [item.size for item in self.items]
        self._order = self._topological()

    @property
    def work(self) -> int:
        """All sizes together: the time that one agent takes."""
        return sum(self._sizes)

    def shortest(self, agents: int = _NO_LIMIT) -> int:
        """A bound: no order of work, of so many agents, can be done sooner. One more dependency never lowers it.

        Before a task all that it waits for has to be done, by so many agents; tasks that write one file go one after
        another.
        """
        heads = self._before(agents)
        tails = self._behind(agents)
        bounds = [-(-self.work // agents)]
        bounds += [head + size + tail for head, size, tail in zip(heads, self._sizes, tails, strict=True)]
        for group in self.writing.exclusive:
            members = list(bits(group))
            first, last = min(heads[one] for one in members), min(tails[one] for one in members)
            bounds.append(first + self._work_of(group) + last)
        return max(bounds)

    def width(self, limit: int) -> int:
        """How many tasks can run at once, at most ``limit``. One more dependency never raises it."""
        together = min(limit, self.writing.apart)
        depths = [0] * len(self.items)
        for task in self._order:
            depths[task] = max((depths[dep] + 1 for dep in self.deps[task]), default=0)
        if max(Counter(depths).values()) >= together:  # tasks of one depth never wait for each other
            return together
        return min(together, len(self.items) - _most_links(self._descendants))

    def makespan(self, agents: int) -> int:
        """The time that list scheduling takes: whoever is free takes the ready task with most work still behind it.

        Two tasks whose writes overlap never run together.
        """
        ranks = self._ranks
        tasks = sorted(range(len(ranks)), key=ranks.__getitem__)
        waiting = [len(deps) for deps in self.deps]
        ready = sorted(ranks[task] for task, number in enumerate(waiting) if not number)
        running: list[tuple[int, int]] = []
        now = held = 0
        while ready or running:
            left: list[int] = []
            for at, rank in enumerate(ready):
                if len(running) == agents:
                    left += ready[at:]
                    break
                task = tasks[rank]
                if held & self.writing.blocking[task]:
                    left.append(rank)
                    continue
                held |= self.writing.own[task]
                heappush(running, (now + self._sizes[task], task))
            ready = left
            now = running[0][0]
            while running and running[0][0] == now:
                task = heappop(running)[1]
                held &= ~self.writing.own[task]
                for dependant in self.dependants[task]:
                    waiting[dependant] -= 1
                    if not waiting[dependant]:
                        insort(ready, ranks[dependant])
        return now

    @cached_property
    def _ancestors(self) -> list[int]:
        return _closure(self.deps, self._order)

    @cached_property
    def _descendants(self) -> list[int]:
        return _closure(self.dependants, self._order[::-1])

    @cached_property
    def _ranks(self) -> list[int]:
        """The place of each task in the order in which ready ones are taken."""
        behind = self._behind(_NO_LIMIT)
        order = sorted(range(len(self.items)), key=lambda task: (-behind[task] - self._sizes[task], task))
        ranks = [0] * len(order)
        for rank, task in enumerate(order):
            ranks[task] = rank
        return ranks

    def _before(self, agents: int) -> list[int]:
        """For each task the least time before it can begin."""
        return self._least(self.deps, self._ancestors, self._order, agents)

    def _behind(self, agents: int) -> list[int]:
        """For each task the least time from its end to that of all that waits for it."""
        return self._least(self.dependants, self._descendants, self._order[::-1], agents)

    def _least(
        self, links: Sequence[Sequence[int]], reach: Sequence[int], order: Sequence[int], agents: int
    ) -> list[int]:
        found = [0] * len(self.items)
        for task in order:
            if links[task]:
                chain = max(found[link] + self._sizes[link] for link in links[task])
                found[task] = max(chain, -(-self._work_of(reach[task]) // agents))
        return found

    def _topological(self) -> list[int]:
        waiting = [len(deps) for deps in self.deps]
        order = [task for task, number in enumerate(waiting) if not number]
        for task in order:  # grows meanwhile
            for dependant in self.dependants[task]:
                waiting[dependant] -= 1
                if not waiting[dependant]:
                    order.append(dependant)
        return order

    def _work_of(self, tasks: int) -> int:
        return sum(size * (tasks & of_size).bit_count() for size, of_size in self._of_size.items())

    @cached_property
    def _of_size(self) -> dict[int, int]:
        return {size: as_set(task for task, own in enumerate(self._sizes) if own == size) for size in SIZES}


def _key(item: TaskItem) -> tuple[object, ...]:
    writes = sorted(glob.text for glob in item.writes)
    return (item.title, item.id or "", item.role or "", item.kind or "", item.size, writes, sorted(item.deps))


def _closure(links: Sequence[Sequence[int]], order: Sequence[int]) -> list[int]:
    found = [0] * len(links)
    for task in order:
        for link in links[task]:
            found[task] |= found[link] | 1 << link
    return found


def _most_links(after: Sequence[int]) -> int:
    """Size of a largest matching between tasks and tasks after them.

    By Dilworth's theorem the rest of the tasks is as many as the most that can run at once.
    """
    follower = [-1] * len(after)
    leader = [-1] * len(after)
    free = (1 << len(after)) - 1
    links = 0
    for start in range(len(after)):
        reached_from: dict[int, int] = {}
        seen = 0
        queue = [start]
        for task in queue:  # grows meanwhile
            if direct := after[task] & free:
                free &= ~(end := direct & -direct)
                _relink(end.bit_length() - 1, task, start, reached_from, (follower, leader))
                links += 1
                break
            new = after[task] & ~seen
            seen |= new
            for end_ in bits(new):
                reached_from[end_] = task
                queue.append(leader[end_])
    return links


def _relink(end: int, task: int, start: int, reached_from: dict[int, int], links: tuple[list[int], list[int]]) -> None:
    """Give ``end`` to ``task``, what that one had to whom it was reached from, and so on back to the start."""
    follower, leader = links
    while True:
        before = follower[task]
        follower[task], leader[end] = end, task
        if task == start:
            return
        end, task = before, reached_from[before]
