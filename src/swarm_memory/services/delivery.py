"""Parcels on their way to a store, in batches of bounded size."""

from collections.abc import Callable, Sequence
from typing import Final

from swarm_memory.storage.transfer import Head, Parcel, Target

_BATCH_MEMORIES: Final = 50
_BATCH_BYTES: Final = 500_000
"""Bounds of one batch; what is larger than that by itself goes alone."""


class Delivery:
    """Collects parcels and sends them in their order; in a dry run it sends nothing."""

    def __init__(self, target: Target, settle: Callable[[Sequence[Head], set[str]], None], *, dry_run: bool) -> None:
        """Prepare.

        Args:
            target: Where they go.
            settle: Called behind each batch with the heads of its memories and the ids that are there now.
            dry_run: Send nothing, and settle nothing.
        """
        self._target = target
        self._settle = settle
        self._dry_run = dry_run
        self._parcels: list[Parcel] = []
        self._heads: list[Head] = []
        self._bytes = 0

    async def add(self, parcel: Parcel, head: Head | None = None) -> None:
        """Put it into the next batch, behind what is there; a memory comes with its head."""
        is_full = head is not None and len(self._heads) >= _BATCH_MEMORIES
        if self._parcels and (is_full or self._bytes + parcel.bytes > _BATCH_BYTES):
            await self.send()
        if self._dry_run:
            return
        self._parcels.append(parcel)
        self._bytes += parcel.bytes
        if head is not None:
            self._heads.append(head)

    async def send(self) -> None:
        """Send what has been collected."""
        parcels, heads = self._parcels, self._heads
        self._parcels, self._heads, self._bytes = [], [], 0
        if parcels:
            self._settle(heads, await self._target.deliver(parcels, [head.id for head in heads]))
