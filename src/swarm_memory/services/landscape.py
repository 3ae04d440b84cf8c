"""All memories of the store as a few arrays: neighbours, projects, lengths and vectors, kept in step with the store.

A search asks the index for row numbers only; what ranking needs besides, it finds here without reading a row. A
memory takes some 330 bytes. The arrays grow while calls go on, a slice at a time; what is not in them yet is found by
its words all the same.
"""

import copy
from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from swarm_memory.models.words import words_of
from swarm_memory.services.vector_table import VectorTable
from swarm_memory.storage.landscape import Place

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

_FIRST: Final = 1_024
NOWHERE: Final = -1


class Landscape:
    """The arrays. A position is an index into them; row numbers ascend with it."""

    def __init__(self, dimensions: int, model: str | None) -> None:
        """Nothing yet; vectors of ``model`` only are taken, None: of none."""
        self.count = 0
        self.model = model
        self.vectors = VectorTable(dimensions) if model else None
        self.lacking: dict[int, None] = {}
        self._bytes = 0
        self._codes: dict[tuple[str, str], int] = {}
        self._names: dict[int, frozenset[str]] = {}
        self._agents: dict[str, set[int]] = {}
        self._last: dict[int, int] = {}
        self._arrays: dict[str, NDArray[Any]] = {
            "num": np.zeros(_FIRST, np.int64),
            "project": np.zeros(_FIRST, np.int32),
            "group": np.zeros(_FIRST, np.int32),
            "agent": np.zeros(_FIRST, np.int32),
            "size": np.zeros(_FIRST, np.int32),
            "before": np.zeros(_FIRST, np.int32),
            "behind": np.zeros(_FIRST, np.int32),
            "expires": np.zeros(_FIRST, np.int64),
        }

    def __getitem__(self, name: str) -> NDArray[Any]:
        """One array: num, project, group, agent, size (bytes), before, behind (positions in the group) or expires.

        The last one is milliseconds since 1970 UTC, and 0 for what is deleted.
        """
        return self._arrays[name][: self.count]

    def as_it_is(self) -> "Landscape":
        """The same with its present length, however much others add meanwhile: for one search, which waits at times.

        What is in it may still change in its place.
        """
        return copy.copy(self)

    @property
    def last_num(self) -> int:
        """The highest row number that is here; 0 where there is none."""
        return int(self._arrays["num"][self.count - 1]) if self.count else 0

    @property
    def mean_size(self) -> float:
        """Bytes of a memory, on average; at least 1."""
        return max(1.0, self._bytes / self.count) if self.count else 1.0

    def positions(self, nums: Ints) -> Ints:
        """Where these memories are; -1 for one that is not here."""
        if not self.count:
            return np.full(len(nums), NOWHERE, np.int64)
        if self.last_num == self.count:  # no number is left out, as long as nothing was taken out of the store for good
            return np.where((nums >= 1) & (nums <= self.count), nums - 1, NOWHERE)
        found = np.minimum(np.searchsorted(self["num"], nums), self.count - 1)
        return np.where(self["num"][found] == nums, found, NOWHERE)

    def of_project(self, project: str) -> Mask:
        """Which positions are this project's."""
        return self["project"] == self._codes.get(("project", project), NOWHERE)

    def living(self, now: int) -> Mask:
        """Which positions live at a time."""
        return self["expires"] > now

    def agents_named(self, words: Iterable[str]) -> Ints:
        """Codes of agents all of whose names' words are among these."""
        given = set(words)
        candidates = {code for word in given for code in self._agents.get(word, ())}
        return np.array([code for code in candidates if self._names[code] <= given], np.int64)

    def take(self, places: Sequence[Place]) -> bool:
        """Add memories, or what has changed of them; False where a number appears out of its order.

        The arrays must then be made anew: it happens where rows were taken out of the store for good.
        """
        fresh: list[tuple[int, bytes]] = []
        for place in places:
            position = self.count
            if place.num <= self.last_num:
                position = int(self.positions(np.array([place.num]))[0])
                if position == NOWHERE:
                    return False
            else:
                self._append(place)
            self._set(position, place)
            if place.vectors is not None and self._fits(place):
                fresh.append((position, place.vectors))
        self._take_vectors(fresh)
        return True

    def add_vectors(self, num: int, vectors: NDArray[np.int8]) -> None:
        """Vectors of a memory's passages, ``(passages, dimensions)``, that the store does not have yet."""
        position = int(self.positions(np.array([num]))[0])
        if position != NOWHERE and self.vectors is not None:
            self.vectors.drop(position)
            self.vectors.extend(np.full(len(vectors), position), vectors)
        self.lacking.pop(num, None)

    def _append(self, place: Place) -> None:
        position = self.count
        if position == len(self._arrays["num"]):
            self._arrays = {name: np.concatenate([one, np.zeros_like(one)]) for name, one in self._arrays.items()}
        self.count += 1
        arrays = self._arrays
        arrays["num"][position] = place.num
        arrays["before"][position] = arrays["behind"][position] = NOWHERE
        belongs = f"c{place.conversation}" if place.conversation else f"s{place.source}" if place.source else None
        group = NOWHERE if belongs is None else self._code("group", f"{place.project}\0{belongs}")
        arrays["group"][position] = group
        if group != NOWHERE:
            earlier = self._last.get(group, NOWHERE)
            if earlier != NOWHERE:
                arrays["before"][position], arrays["behind"][earlier] = earlier, position
            self._last[group] = position

    def _set(self, position: int, place: Place) -> None:
        arrays = self._arrays
        arrays["project"][position] = self._code("project", place.project)
        arrays["agent"][position] = self._agent(place.agent)
        self._bytes += place.size - int(arrays["size"][position])
        arrays["size"][position] = place.size
        arrays["expires"][position] = place.expires_at
        if self.vectors is None:
            return
        self.vectors.drop(position)
        if place.is_buried or self._fits(place):
            self.lacking.pop(place.num, None)
        else:
            self.lacking[place.num] = None

    def _fits(self, place: Place) -> bool:
        return self.vectors is not None and place.model == self.model and not place.is_buried and bool(place.vectors)

    def _take_vectors(self, fresh: Sequence[tuple[int, bytes]]) -> None:
        if self.vectors is None or not fresh:
            return
        size = self.vectors.dimensions
        rows = np.frombuffer(b"".join(data for _, data in fresh), np.int8).reshape(-1, size)
        owners = np.repeat([position for position, _ in fresh], [len(data) // size for _, data in fresh])
        self.vectors.extend(owners, rows)

    def _code(self, kind: str, name: str) -> int:
        return self._codes.setdefault((kind, name), len(self._codes))

    def _agent(self, name: str | None) -> int:
        if name is None:
            return NOWHERE
        known = len(self._codes)
        code = self._code("agent", name)
        if code == known:
            self._names[code] = frozenset(words_of(name))
            for word in self._names[code]:
                self._agents.setdefault(word, set()).add(code)
        return code
