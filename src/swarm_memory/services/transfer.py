"""Pushing a local store to a primary that others push to as well: what moves, what stays, what is told.

A memory keeps its id, so whoever runs it again finds what has arrived: nothing moves twice, and an interrupted run goes
on. Where the primary has another living memory under the same key, the primary's stays.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from swarm_memory.models.record import KEPT_VERSIONS
from swarm_memory.services.delivery import Delivery
from swarm_memory.storage.transfer import Found, Head, Source, Target, moving_swarm

_PAGE: Final = 100
"""Memories that the primary is asked about at once."""
_TOLD_CONFLICTS: Final = 20


@dataclass(frozen=True, slots=True)
class Conflict:
    """A memory of the file that did not move: the primary has another one under its key."""

    id: str
    project: str
    namespace: str
    key: str | None


@dataclass(slots=True)
class Report:
    """What became of the living memories of the file, and of its swarms.

    Attributes:
        pushed: Memories that moved; in a dry run, that would.
        already_there: Memories whose id, or whose very knowledge, the primary has.
        swarms: Swarms that moved; in a dry run, that would.
        conflicts: Memories whose key is taken.
        conflicting: The first of these.
    """

    pushed: int = 0
    already_there: int = 0
    swarms: int = 0
    conflicts: int = 0
    conflicting: list[Conflict] = field(default_factory=list[Conflict])

    def refuse(self, head: Head) -> None:
        """Count a conflict."""
        self.conflicts += 1
        if len(self.conflicting) < _TOLD_CONFLICTS:
            self.conflicting.append(Conflict(head.id, head.project, head.namespace, head.key))


class Transfer:
    """One run from a local store to a primary; ``report`` is right at every moment, also after an error."""

    def __init__(self, source: Source, target: Target, *, dry_run: bool) -> None:
        """Prepare a run; with ``dry_run`` nothing is written."""
        self.report = Report()
        self._source = source
        self._target = target
        self._dry_run = dry_run
        self._delivery = Delivery(target, self._settle, dry_run=dry_run)

    async def run(self, tell: Callable[[int, int], None]) -> Report:
        """Push everything.

        Args:
            tell: Called with how far it is, and how far it goes, in row numbers of the file.

        Raises:
            StorageError: The primary cannot be reached or refuses; what was pushed until then stays there.
        """
        await self._target.ready()
        last, after = await self._source.last_num(), 0
        while heads := await self._source.heads(after, _PAGE):
            for head, found in zip(heads, await self._target.look(heads), strict=True):
                await self._move(head, found)
                tell(head.num, max(last, head.num))
            after = heads[-1].num
        await self._delivery.send()
        await self._move_swarms()
        return self.report

    async def _move(self, head: Head, found: Found) -> None:
        if found.version is not None:
            self.report.already_there += 1
            if not self._dry_run:
                await self._move_past(head, found.version, found.past)
        elif found.is_known:
            self.report.already_there += 1
        elif found.is_held:
            self.report.refuse(head)
        elif self._dry_run:
            self.report.pushed += 1
        elif parcel := await self._source.memory(head.num):
            await self._delivery.add(parcel, head)
            await self._move_past(head, None, frozenset())

    async def _move_past(self, head: Head, version: int | None, known: frozenset[int]) -> None:
        """Move what the primary lacks of its history: all of it, or what an interrupted run has left.

        Whatever was written on the primary since is above the version that moved, and its history is whole there.
        """
        for past in await self._source.past(head.num):
            is_kept = version is None or version - KEPT_VERSIONS <= past < version
            if is_kept and past not in known and (parcel := await self._source.version(head, past)):
                await self._delivery.add(parcel)

    async def _move_swarms(self) -> None:
        after = 0
        while swarms := await self._source.swarms(after):
            there = await self._target.present_swarms([swarm.id for _, swarm in swarms])
            moving = [swarm for _, swarm in swarms if swarm.id not in there]
            for swarm in moving:
                await self._delivery.add(moving_swarm(swarm))
            await self._delivery.send()
            self.report.swarms += len(moving)
            after = swarms[-1][0]

    def _settle(self, heads: Sequence[Head], arrived: set[str]) -> None:
        """Count what a batch did; who was faster since the primary was asked has the key."""
        for head in heads:
            if head.id in arrived:
                self.report.pushed += 1
            else:
                self.report.refuse(head)
