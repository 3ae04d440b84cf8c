"""What the store holds, by project, kind and day, and how large it is."""

from dataclasses import dataclass

from swarm_memory.storage.stats import StatsReads, Totals

KINDS = ("entry", "knowledge", "conversation", "lesson")


@dataclass(frozen=True, slots=True)
class ProjectStats:
    """One project: what lives in it, and its past versions.

    Attributes:
        bytes: Of the contents; indexes and pages come on top of that.
        updated_at: Of the newest memory, in milliseconds since 1970 UTC.
        kinds: Memories of each kind.
    """

    project: str
    memories: int
    bytes: int
    past_versions: int
    past_bytes: int
    updated_at: int
    kinds: dict[str, int]


@dataclass(frozen=True, slots=True)
class Stats:
    """The whole store.

    Attributes:
        bytes: Of the database.
        free_bytes: Of its pages that hold nothing: a compaction gives them back.
        projects: The largest first.
        days: Changes of each of the last days (UTC), today's last.
    """

    bytes: int
    free_bytes: int
    totals: Totals
    projects: list[ProjectStats]
    days: list[int]


async def stats(reads: StatsReads, days: int) -> Stats:
    """Count everything.

    Args:
        reads: Of the store.
        days: For which changes are counted.

    Raises:
        StorageError: The store cannot be read.
    """
    size, free = await reads.pages()
    histories = await reads.histories()
    projects: list[ProjectStats] = []
    for name, (memories, content, updated_at, *kinds) in await reads.projects():
        past = histories.get(name, (0, 0))
        projects.append(ProjectStats(name, memories, content, *past, updated_at, dict(zip(KINDS, kinds, strict=True))))
    return Stats(size, free, await reads.totals(), projects, await reads.days(days))
