"""Purging: what fits is gone, and is told."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from swarm_memory.storage.purge import Doomed, PurgeStore, Wish

_TOLD: Final = 20


@dataclass(slots=True)
class Report:
    """What was purged; in a dry run, what would be.

    Attributes:
        memories: With all their past versions; tombstones too.
        versions: Past versions of memories that stay.
        first: The first memories.
        is_scrubbed: No byte of it is left in the local file; None where there is none, or nothing was purged.
    """

    memories: int = 0
    versions: int = 0
    first: list[Doomed] = field(default_factory=list[Doomed])
    is_scrubbed: bool | None = None


async def survey(store: PurgeStore, wish: Wish) -> Report:
    """What would be purged; nothing is changed."""
    report = Report()
    after = 0
    while found := await store.selected(wish, after):
        _count(report, found)
        after = found[-1].num
    if wish.agent is not None:
        place = (0, 0)
        while pairs := await store.selected_versions(wish, place):
            report.versions += len(pairs)
            place = pairs[-1]
    return report


async def purge(store: PurgeStore, wish: Wish, tell: Callable[[int], None]) -> Report:
    """Purge what fits now, batch by batch; an interrupted run is gone on with by the same wish.

    Args:
        store: Of the memories.
        wish: What is to go.
        tell: Called with how many memories are gone.
    """
    report = Report()
    await store.begin()
    after = 0
    while found := await store.selected(wish, after):
        await store.purge([one.num for one in found])
        _count(report, found)
        after = found[-1].num
        tell(report.memories)
    if wish.agent is not None:
        place = (0, 0)
        while pairs := await store.selected_versions(wish, place):
            await store.purge_versions(pairs, wish.agent)
            report.versions += len(pairs)
            place = pairs[-1]
    # Also where nothing was left to purge: the run before may have been interrupted right here.
    report.is_scrubbed = await store.scrub()
    return report


def _count(report: Report, found: list[Doomed]) -> None:
    report.memories += len(found)
    report.first += found[: _TOLD - len(report.first)]
