"""Vectors of all memories in memory, and the nearest of them to a question.

Each vector is there twice: as signed bytes, and as one bit a number. The bits are compared first, all of them, with a
count of those that differ; the best are then compared by their bytes. Of the ten nearest that finds nearly all, in a
fraction of the time of comparing all bytes.
"""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.int8]
Floats = NDArray[np.float32]
Counts = NDArray[np.int64]

_FIRST: Final = 1_024
_BLOCK: Final = 65_536
_GONE: Final = -1
_RESCORED: Final = 4
_LEAST_RESCORED: Final = 512
"""Vectors whose bytes are compared: four times as many as are wanted, and at least 512."""
_FAR: Final = np.uint16(60_000)


class VectorTable:
    """Vectors and the position in the landscape that each one belongs to; a memory may have several."""

    def __init__(self, dimensions: int) -> None:
        """None yet; ``dimensions`` is a multiple of 64."""
        self.dimensions = dimensions
        self.count = 0
        self._owners: NDArray[np.int32] = np.full(_FIRST, _GONE, np.int32)
        # In blocks that stay where they are: to copy all of them at once would stop the event loop.
        self._blocks: list[Bytes] = []
        self._begin: NDArray[np.int32] = np.zeros(0, np.int32)
        self._many: NDArray[np.int32] = np.zeros(0, np.int32)
        # A column for each 64 numbers, so that a comparison runs through memory in order.
        self._bits: NDArray[np.uint64] = np.zeros((dimensions // 64, _FIRST), np.uint64)

    def extend(self, owners: NDArray[Any], vectors: Bytes) -> None:
        """Add vectors, ``(n, dimensions)``, and whose they are: all those of a memory at once, side by side."""
        begin, end = self.count, self.count + len(vectors)
        if begin == end:
            return
        self._reserve(end)
        self._owners[begin:end] = owners
        self._keep(begin, vectors)
        self._bits[:, begin:end] = _bits_of(vectors).T
        self.count = end
        mine, first, many = np.unique(owners, return_index=True, return_counts=True)
        self._begin = _reaching(self._begin, int(mine[-1]) + 1)
        self._many = _reaching(self._many, int(mine[-1]) + 1)
        self._begin[mine], self._many[mine] = begin + first, many

    def drop(self, position: int) -> None:
        """Take out those of one memory."""
        if position < len(self._many) and self._many[position]:
            begin = self._begin[position]
            self._owners[begin : begin + self._many[position]] = _GONE
            self._many[position] = 0

    def likeness(self, question: Floats, positions: NDArray[Any]) -> Floats:
        """Cosine of each position's best vector to the question; NaN where it has none."""
        best = np.full(len(positions), np.nan, np.float32)
        known = np.flatnonzero((positions >= 0) & (positions < len(self._many)))
        known = known[self._many[positions[known]] > 0]
        many = self._many[positions[known]]
        if len(known):
            ends: Counts = np.cumsum(many, dtype=np.int64)
            within = np.arange(ends[-1], dtype=np.int64) - np.repeat(ends - many, many)
            rows: Counts = np.repeat(self._begin[positions[known]], many) + within
            np.fmax.at(best, np.repeat(known, many), self._cosines(question, rows))
        return best

    def nearest(self, question: Floats, allowed: NDArray[np.bool_], limit: int) -> tuple[NDArray[Any], Floats]:
        """Positions of the nearest memories, distinct, nearest first, and their cosines.

        Args:
            question: Of length 1.
            allowed: Which positions may be in the answer.
            limit: At most so many.
        """
        rows = self._candidates(question, allowed, max(_LEAST_RESCORED, _RESCORED * limit))
        cosines = self._cosines(question, rows)
        order = np.argsort(-cosines, kind="stable")
        owners = self._owners[rows[order]]
        _, first = np.unique(owners, return_index=True)
        first = np.sort(first)[:limit]
        return owners[first].astype(np.int64), cosines[order[first]]

    def _candidates(self, question: Floats, allowed: NDArray[np.bool_], limit: int) -> NDArray[Any]:
        owners = self._owners[: self.count]
        usable = owners != _GONE
        # Some may have come since the positions were counted.
        usable &= owners < len(allowed)
        usable[usable] = allowed[owners[usable]]
        if np.count_nonzero(usable) <= limit:
            return np.flatnonzero(usable)
        differing = np.where(usable, self._differing(question), _FAR)
        return np.argpartition(differing, limit)[:limit]

    def _differing(self, question: Floats) -> NDArray[np.uint16]:
        wanted = _bits_of(np.sign(question)[None, :].astype(np.int8))[0]
        total = np.zeros(self.count, np.uint16)
        for column, word in zip(self._bits, wanted, strict=True):
            total += np.bitwise_count(column[: self.count] ^ word)
        return total

    def _cosines(self, question: Floats, rows: NDArray[Any]) -> Floats:
        vectors = self._vectors(rows)
        lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
        return (vectors @ question / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)

    def _reserve(self, count: int) -> None:
        size = len(self._owners)
        if count <= size:
            return
        size = max(count, size * 2)
        owners, bits = np.full(size, _GONE, np.int32), np.zeros((self.dimensions // 64, size), np.uint64)
        owners[: self.count], bits[:, : self.count] = self._owners[: self.count], self._bits[:, : self.count]
        self._owners, self._bits = owners, bits

    def _keep(self, begin: int, vectors: Bytes) -> None:
        while len(vectors):
            block, at = divmod(begin, _BLOCK)
            if block == len(self._blocks):
                self._blocks.append(np.zeros((_BLOCK, self.dimensions), np.int8))
            part = vectors[: _BLOCK - at]
            self._blocks[block][at : at + len(part)] = part
            begin, vectors = begin + len(part), vectors[len(part) :]

    def _vectors(self, rows: NDArray[Any]) -> Floats:
        found = np.empty((len(rows), self.dimensions), np.float32)
        blocks = rows // _BLOCK
        for block in np.unique(blocks):
            here = blocks == block
            found[here] = self._blocks[block][rows[here] % _BLOCK]
        return found


def _bits_of(vectors: Bytes) -> NDArray[np.uint64]:
    """One bit for each number, 1 where it is above zero: ``(n, dimensions / 64)``."""
    return np.packbits(vectors > 0, axis=1).view(np.uint64)


def _reaching(numbers: NDArray[np.int32], size: int) -> NDArray[np.int32]:
    """The same numbers, with zeros behind them, if they are fewer."""
    if size <= len(numbers):
        return numbers
    return np.concatenate([numbers, np.zeros(max(size, 2 * len(numbers)) - len(numbers), np.int32)])
