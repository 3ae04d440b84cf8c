"""Which patterns of paths have a path in common: worked out once, when a pattern is new to its project."""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from swarm_memory.errors import InvalidArgument, StorageBusy
from swarm_memory.models.caller import Request
from swarm_memory.models.paths import PathGlob, overlap, path_glob
from swarm_memory.storage.globs import GlobReads, NewGlobs
from swarm_memory.storage.writer import Change, OperationRefused, Writer

_MAX_STEPS: Final = 500_000
"""Tokens that one call compares, about a microsecond each."""
_TRIES: Final = 20
_END: Final = "\U0010ffff"


class _Shelf:
    """Patterns by what their paths begin with."""

    def __init__(self) -> None:
        self.last = 0
        self.patterns: set[str] = set()
        self._by_prefix: dict[str, list[PathGlob]] = {}
        self._prefixes: list[str] = []

    def add(self, glob: PathGlob) -> None:
        self.patterns.add(glob.text)
        alike = self._by_prefix.setdefault(glob.prefix, [])
        if not alike:
            insort(self._prefixes, glob.prefix)
        alike.append(glob)

    def near(self, glob: PathGlob) -> Iterator[PathGlob]:
        """Those that may have a path in common with it: one's beginning continues the other's."""
        prefix = glob.prefix
        for length in range(len(prefix)):
            yield from self._by_prefix.get(prefix[:length], ())
        begin = bisect_left(self._prefixes, prefix)
        end = bisect_left(self._prefixes, prefix + _END)
        for longer in self._prefixes[begin:end]:
            yield from self._by_prefix[longer]


class Patterns:
    """The patterns of all projects, as far as this process has read them."""

    def __init__(self, reads: GlobReads, writer: Writer) -> None:
        """Read them from here, and write through this."""
        self._reads = reads
        self._writer = writer
        self._shelves: dict[str, _Shelf] = {}

    async def write(
        self, project: str, texts: Sequence[str], change: Callable[[NewGlobs], Change], request: Request | None
    ) -> Any:
        """Do a change that names patterns; its outcome. They are compared again where others came meanwhile.

        Raises:
            OperationRefused: A guard of the change found its rule broken.
            InvalidArgument: Too many of the patterns begin alike to be compared.
            StorageBusy: Others came each time.
        """
        for _ in range(_TRIES):
            globs = await self.compare(project, texts)
            try:
                [outcome] = await self._writer.apply([change(globs)], request)
            except OperationRefused as refused:
                if refused.guard != "refuse_new_globs":
                    raise
            else:
                return outcome
        raise StorageBusy(
            "Other calls named new files each time that those of this call were compared with theirs.",
            next_step="try again.",
        )

    async def compare(self, project: str, texts: Sequence[str]) -> NewGlobs:
        """What must be added for these patterns, each in its normal form.

        Raises:
            InvalidArgument: Too many of them begin alike to be compared.
        """
        shelf = self._shelves.setdefault(project, _Shelf())
        if not shelf.patterns.issuperset(texts):
            for num, pattern in await self._reads.behind(project, shelf.last):
                shelf.add(path_glob(pattern))
                shelf.last = num
        new = [path_glob(text) for text in dict.fromkeys(texts) if text not in shelf.patterns]
        return NewGlobs(project, shelf.last, tuple(one.text for one in new), tuple(_pairs(new, shelf)))


def _pairs(new: Sequence[PathGlob], shelf: _Shelf) -> Iterator[tuple[str, str]]:
    added = _Shelf()
    steps = 0
    for glob in new:
        yield glob.text, glob.text
        for place in (shelf, added):
            for other in place.near(glob):
                steps += max(len(glob.tokens), len(other.tokens))
                if steps > _MAX_STEPS:
                    raise InvalidArgument(
                        "writes: too many globs begin alike to be compared.",
                        next_step="begin them with different directories, as in src/api/**, or name the files.",
                    )
                if overlap(glob, other):
                    yield glob.text, other.text
        added.add(glob)
