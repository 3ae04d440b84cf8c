"""Which tasks write the same files, and so must not run together. Pure.

A set of small numbers is an integer with these bits.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from swarm_memory.models.paths import PathGlob, covers, overlapping


class Writing:
    """What each of some tasks writes.

    Attributes:
        globs: All different globs.
        own: For each task the set of its globs.
        blocking: For each task the set of the globs that overlap with one of its own. While one of them is held by
            another task, it must not run.
    """

    def __init__(self, writes: Sequence[Sequence[PathGlob]]) -> None:
        """Compare the globs of all tasks.

        Raises:
            InvalidArgument: Too many globs begin alike to be compared.
        """
        globs = {glob.text: glob for each in writes for glob in each}
        self.globs = [globs[text] for text in sorted(globs)]
        number = {glob.text: place for place, glob in enumerate(self.globs)}
        self.own = [as_set(number[glob.text] for glob in each) for each in writes]
        self._pairs = list(overlapping(self.globs))
        blocked = [1 << place for place in range(len(self.globs))]
        for one, other in self._pairs:
            blocked[one] |= 1 << other
            blocked[other] |= 1 << one
        self.blocking = [_union(blocked, own) for own in self.own]

    @cached_property
    def exclusive(self) -> list[int]:
        """Sets of two or more tasks that could all write one and the same file, the largest first."""
        covering = [1 << place for place in range(len(self.globs))]
        for one, other in self._pairs:
            if covers(self.globs[one], self.globs[other]):
                covering[other] |= 1 << one
            if covers(self.globs[other], self.globs[one]):
                covering[one] |= 1 << other
        writers = [0] * len(self.globs)
        for task, own in enumerate(self.own):
            for glob in bits(own):
                writers[glob] |= 1 << task
        groups = {_union(writers, globs) for globs in covering}
        return sorted((tasks for tasks in groups if tasks & (tasks - 1)), key=lambda tasks: (-tasks.bit_count(), tasks))

    @cached_property
    def apart(self) -> int:
        """No more tasks than this can run at once for their files alone."""
        left = (1 << len(self.own)) - 1
        groups = 0
        for tasks in self.exclusive:
            groups += bool(tasks & left)
            left &= ~tasks
        return groups + left.bit_count()

    @cached_property
    def overlaps(self) -> int:
        """Number of pairs of tasks whose writes have a path in common."""
        alike: dict[tuple[int, int], int] = {}  # tasks with the same writes count together
        for own, blocking in zip(self.own, self.blocking, strict=True):
            if own:
                alike[own, blocking] = alike.get((own, blocking), 0) + 1
        kinds = list(alike.items())
        same = sum(number * (number - 1) // 2 for number in alike.values())
        return same + sum(
            number * other
            for at, ((own, _), number) in enumerate(kinds)
            for (_, blocking), other in kinds[at + 1 :]
            if own & blocking
        )


def bits(members: int) -> Iterator[int]:
    """The members of a set, the smallest first."""
    while members:
        lowest = members & -members
        yield lowest.bit_length() - 1
        members ^= lowest


def as_set(members: Iterable[int]) -> int:
    """A set of these members."""
    found = 0
    for member in members:
        found |= 1 << member
    return found


def _union(sets: Sequence[int], which: int) -> int:
    found = 0
    for one in bits(which):
        found |= sets[one]
    return found
