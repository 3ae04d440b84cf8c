"""Keeps the landscape in step with the store, and fills in vectors that the store does not have."""

import asyncio
from typing import Final

from swarm_memory.errors import StorageError
from swarm_memory.services.embedding.active import Embedding
from swarm_memory.services.landscape import Landscape
from swarm_memory.storage.freshness import aside
from swarm_memory.storage.landscape import LandscapeReads, Position
from swarm_memory.storage.vectors import VectorReads

_SLICE: Final = 1_000
"""Memories of one read: some 10 ms on the event loop."""
_CHANGES: Final = 20_000
"""Changes behind which the landscape is made anew instead of brought up to date."""
_AT_ONCE: Final = 100
"""Texts that are embedded within a search, where the model is quick; the rest follows in the background."""
_IN_BACKGROUND: Final = 20


class Survey:
    """One landscape for all searches of a process. Nothing is read before the first one."""

    def __init__(self, reads: LandscapeReads, vectors: VectorReads, embedding: Embedding) -> None:
        """Read the store by these."""
        self._reads = reads
        self._vectors = vectors
        self._embedding = embedding
        self._landscape = Landscape(1, None)
        self._position: Position | None = None
        self._is_whole = False
        self._work: asyncio.Task[None] | None = None

    @property
    def is_whole(self) -> bool:
        """Every memory is in the landscape, with its vector where the model has made one."""
        return self._is_whole and not self._landscape.lacking

    async def landscape(self, patience: float) -> Landscape:
        """The landscape, with every change up to now; not to be changed.

        Args:
            patience: Seconds to wait for it and for the model, at the first call; later ones find both.
        """
        with aside():
            return await self._up_to_now(patience)

    async def _up_to_now(self, patience: float) -> Landscape:
        begin = asyncio.get_running_loop().time()
        await self._embedding.loaded(patience)
        await self._follow()
        if not self._is_whole:
            self._go_on()
            left = patience - (asyncio.get_running_loop().time() - begin)
            if self._work is not None and left > 0:
                await asyncio.wait([self._work], timeout=left)
        await self._fill_some()
        return self._landscape.as_it_is()

    def close(self) -> None:
        """End what goes on in the background."""
        if self._work is not None:
            self._work.cancel()

    async def _follow(self) -> None:
        """Take what has changed; begin anew where that cannot be told, or another model has come."""
        position = await self._reads.position()
        known = self._position
        model = self._embedding.model
        stale = known is None or known.epoch != position.epoch or position.last < known.last
        if stale or self._landscape.model != (model.name if model else None):
            self._begin(position)
            return
        if not self._is_whole or known is None or position.last == known.last:
            return
        if position.last - known.last > _CHANGES or position.first > known.last + 1:
            self._begin(position)
            return
        if not self._landscape.take(await self._reads.changed(known.last, position.last)):
            self._begin(position)
            return
        self._position = position

    def _begin(self, position: Position) -> None:
        model = self._embedding.model
        self.close()
        self._work = None
        self._landscape = Landscape(model.dimensions if model else 1, model.name if model else None)
        # What changes while the slices are read is taken again afterwards, from here on.
        self._position = position
        self._is_whole = False

    def _go_on(self) -> None:
        if self._work is None or self._work.done():
            self._work = asyncio.get_running_loop().create_task(self._read_on())

    async def _read_on(self) -> None:
        """Read slices to the end, then embed what lacks a vector."""
        try:
            while not self._is_whole:
                rows = await self._reads.rows_after(self._landscape.last_num, _SLICE)
                self._landscape.take(rows)
                self._is_whole = len(rows) < _SLICE
                await asyncio.sleep(0)
            while self._landscape.lacking:
                await self._fill(list(self._landscape.lacking)[:_IN_BACKGROUND])
                await asyncio.sleep(0)
        except StorageError:
            return  # the next search goes on

    async def _fill_some(self) -> None:
        """Embed what others have just stored without a vector, so that this search finds it; the rest in background."""
        model = self._embedding.model
        lacking = self._landscape.lacking
        if model is None or not lacking or not self._is_whole:
            return
        if model.is_quick and len(lacking) <= _AT_ONCE:
            await self._fill(list(lacking))
        else:
            self._go_on()

    async def _fill(self, nums: list[int]) -> None:
        landscape = self._landscape
        sources = await self._vectors.of(nums)
        for source in sources:
            vectors = await self._embedding.passages(source.passages)
            if vectors is not None:
                landscape.add_vectors(source.num, vectors)
        for num in nums:  # one that is gone by now lacks nothing
            landscape.lacking.pop(num, None)
