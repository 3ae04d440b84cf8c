"""All that a store holds, as the lines of an export."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field

from swarm_memory.models.record import Past
from swarm_memory.services.lines import HEADER, Item, end_of, line_of, no_counts
from swarm_memory.storage.export import ExportReads


@dataclass(slots=True)
class Export:
    """One export. A memory comes with its past versions behind it, oldest first; what lessons did and swarms come last.

    Each memory is consistent with its history. Others may write meanwhile: the export as a whole is no one moment.
    """

    reads: ExportReads
    counts: dict[str, int] = field(default_factory=no_counts)

    async def lines(self, tell: Callable[[int, int], None]) -> AsyncGenerator[str]:
        """The lines, without their ends; no more than a page of the store is in memory at a time.

        Args:
            tell: Called with how far it is, and how far it goes, in row numbers.

        Raises:
            StorageError: The store cannot be read.
        """
        yield HEADER
        last, after = await self.reads.last_num(), 0
        while page := await self.reads.memories(after, last):
            history = _History(self.reads, page[0][0], page[-1][0])
            for num, record in page:
                yield self._line(record, "memories")
                while (past := await history.next_of(num)) is not None:
                    # A version may have been made between the two reads: then the memory itself is a later one now.
                    if past.version < record.version:
                        yield self._line(past, "versions")
            after = page[-1][0]
            tell(after, last)
        async for item, counted in self._rest():
            yield self._line(item, counted)
        yield end_of(self.counts)

    async def _rest(self) -> AsyncGenerator[tuple[Item, str]]:
        after = 0
        while lessons := await self.reads.lessons(after):
            for after, lesson in lessons:  # noqa: B007 - the last one is where the next page begins
                yield lesson, "lessons"
        after = 0
        while swarms := await self.reads.swarms(after):
            for after, swarm in swarms:  # noqa: B007 - the last one is where the next page begins
                yield swarm, "swarms"

    def _line(self, item: Item, counted: str) -> str:
        self.counts[counted] += 1
        return line_of(item)


class _History:
    """Past versions of the memories of one page, read ahead in pages of their own."""

    def __init__(self, reads: ExportReads, first: int, last: int) -> None:
        self._reads = reads
        self._after = (first, 0)
        self._last = last
        self._ahead: list[tuple[int, Past]] = []
        self._is_over = False

    async def next_of(self, num: int) -> Past | None:
        """The next version of this memory; None behind its last one. Memories are asked for in their order."""
        while self._ahead or await self._read_on():
            if self._ahead[-1][0] > num:
                return None
            of, past = self._ahead.pop()
            if of == num:
                return past
        return None

    async def _read_on(self) -> bool:
        page = [] if self._is_over else await self._reads.versions(self._after, self._last)
        self._is_over = not page
        if page:
            self._after = (page[-1][0], page[-1][1].version)
            self._ahead = page[::-1]
        return bool(page)
