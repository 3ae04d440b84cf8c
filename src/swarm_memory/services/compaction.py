"""Takes out at once what is past its time, and gives the room back."""

from dataclasses import dataclass

from swarm_memory.storage.housekeeping import Housekeeping
from swarm_memory.storage.purge import PurgeStore
from swarm_memory.storage.stats import StatsReads


@dataclass(frozen=True, slots=True)
class Compaction:
    """What one has done.

    Attributes:
        bytes_before: Of the database.
        bytes_after: The same.
        expired: Memories whose time was over.
        versions: Past versions that went, with their memory or by the setting.
        changes: Rows of the change sequence that went by the setting.
    """

    bytes_before: int
    bytes_after: int
    expired: int
    versions: int
    changes: int


async def compact(housekeeping: Housekeeping, store: PurgeStore, reads: StatsReads) -> Compaction:
    """Purge what may go, merge the index, and write a local file anew without its free pages.

    Args:
        housekeeping: Of the store.
        store: The same, for the file.
        reads: The same; of the primary where there is one.

    Raises:
        StorageError: The store cannot be written.
    """
    size, _ = await reads.pages()
    before = await reads.totals()
    await housekeeping.purge()
    await store.scrub()
    after = await reads.totals()
    size_after, _ = await reads.pages()
    return Compaction(
        size,
        size_after,
        max(0, before.expired - after.expired),
        max(0, before.versions - after.versions),
        max(0, before.changes + before.expired - after.changes),
    )
