"""Taking records into a store: what is taken, what stays as it is, what is told.

A record keeps its id, so whoever takes it in again finds it there: nothing arrives twice, and an interrupted run goes
on. What lives in the store stays, unless it is to be overwritten.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from swarm_memory.models.record import KEPT_VERSIONS, LessonRecord, Past, Record, SwarmRecord
from swarm_memory.services.delivery import Delivery
from swarm_memory.services.lines import Item
from swarm_memory.storage.transfer import (
    Found,
    Head,
    Target,
    moving_lesson,
    moving_memory,
    moving_swarm,
    moving_tombstone,
    moving_version,
)

_TOLD: Final = 20
_OTHER: Final = "the store has another one under this name"
_DELETED: Final = "it was deleted here since"
_LIVES: Final = "it is deleted there, and lives here"


@dataclass(frozen=True, slots=True)
class Untaken:
    """Something that was not taken: what it is, and why."""

    what: str
    why: str


@dataclass(slots=True)
class Report:
    """What became of what there was to take; in a dry run, what would.

    Attributes:
        taken: Memories that are new here, tombstones too.
        replaced: Memories that were written over, as a new version.
        already_there: Memories that are here, by their id, or as the very same.
        versions: Past versions taken.
        swarms: Swarms taken.
        conflicts: Memories that were not taken because of what is here.
        skipped: Things that cannot be taken at all.
        untaken: The first of either.
    """

    taken: int = 0
    replaced: int = 0
    already_there: int = 0
    versions: int = 0
    swarms: int = 0
    conflicts: int = 0
    skipped: int = 0
    untaken: list[Untaken] = field(default_factory=list[Untaken])

    def refuse(self, record: Record, why: str) -> None:
        """Count a memory that stays out because of what is here."""
        self.conflicts += 1
        self._tell(Untaken(f"{record.project} {record.namespace} {record.key or record.topic or record.id}", why))

    def skip(self, untaken: Untaken) -> None:
        """Count something that cannot be taken."""
        self.skipped += 1
        self._tell(untaken)

    def _tell(self, untaken: Untaken) -> None:
        if len(self.untaken) < _TOLD:
            self.untaken.append(untaken)


class Intake:
    """One run; ``report`` is right at every moment, also after an error."""

    def __init__(self, target: Target, *, dry_run: bool, overwrite: bool, counts_versions: bool) -> None:
        """Prepare a run.

        Args:
            target: The store that takes.
            dry_run: Write nothing.
            overwrite: Where the store has another value, write over it.
            counts_versions: The records' versions are a store's, so one that is in the history here is known. Else
                they say nothing: the records are made of something that has no versions.
        """
        self.report = Report()
        self._target = target
        self._dry_run = dry_run
        self._overwrite = overwrite
        self._counts_versions = counts_versions
        self._delivery = Delivery(target, self._settle, dry_run=dry_run)
        self._open: tuple[str, int | None, frozenset[int]] | None = None

    async def take(self, items: Sequence[Item]) -> None:
        """Take some of them in; the past versions of a memory come right behind it, also in the next part.

        Raises:
            StorageError: The store cannot be written; what was taken until then stays.
        """
        heads = [Head.of(item) for item in items if isinstance(item, Record)]
        found = iter(await self._target.look(heads) if heads else ())
        swarms = await self._target.present_swarms([item.id for item in items if isinstance(item, SwarmRecord)])
        seen: set[str] = set()
        for item in items:
            if isinstance(item, Record):
                place = next(found)
                if item.id in seen:
                    self.report.already_there += 1
                else:
                    seen.add(item.id)
                    await self._take_memory(item, place)
            elif isinstance(item, Past):
                await self._take_version(item)
            elif isinstance(item, LessonRecord):
                await self._delivery.add(moving_lesson(item))
            elif item.id not in swarms:
                await self._delivery.add(moving_swarm(item))
                self.report.swarms += 1
        await self._delivery.send()

    async def _take_memory(self, record: Record, found: Found) -> None:
        self._open = None
        if record.buried:
            await self._take_tombstone(record, found)
        elif found.is_same or found.is_known:
            self._count_known(record, found)
        elif found.version is None and not found.is_held:
            await self._take_new(record)
        elif self._overwrite:
            await self._delivery.add(moving_memory(record, replacing=True))
            self.report.replaced += 1
        elif found.version == 0:
            self.report.refuse(record, _DELETED)
        elif self._counts_versions and record.version in found.past:
            self._count_known(record, found)
        else:
            self.report.refuse(record, _OTHER)

    async def _take_tombstone(self, record: Record, found: Found) -> None:
        if found.version:
            self.report.refuse(record, _LIVES)
        elif found.version == 0 or found.is_taken:
            self.report.already_there += 1
        else:
            await self._take_new(record)

    async def _take_new(self, record: Record) -> None:
        parcel = moving_tombstone(record) if record.buried else moving_memory(record)
        await self._delivery.add(parcel, Head.of(record))
        self._open = (record.id, None, frozenset())
        if self._dry_run:
            self.report.taken += 1

    def _count_known(self, record: Record, found: Found) -> None:
        """It is here: an interrupted run may have left out some of its history."""
        self.report.already_there += 1
        if found.version is not None:
            self._open = (record.id, found.version, found.past)

    async def _take_version(self, past: Past) -> None:
        if self._open is None or self._open[0] != past.memory:
            return
        _, version, known = self._open
        if version is not None and not version - KEPT_VERSIONS <= past.version < version:
            return
        if past.version not in known:
            await self._delivery.add(moving_version(past))
            self.report.versions += 1

    def _settle(self, heads: Sequence[Head], arrived: set[str]) -> None:
        """Count what a batch did; who was faster since the store was asked has the key."""
        for head in heads:
            if head.id in arrived:
                self.report.taken += 1
            elif head.record is not None:
                self.report.refuse(head.record, _OTHER)
