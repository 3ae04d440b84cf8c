"""Vectors in the store: put with the write of their memory, or later for one that lacks them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from swarm_memory.models.caller import Caller
from swarm_memory.models.passages import MOST_CHARACTERS, passages_of
from swarm_memory.models.values import to_json
from swarm_memory.storage.database import Database
from swarm_memory.storage.queries import Row, load_queries
from swarm_memory.storage.writer import Change

_SQL = load_queries("vectors")


@dataclass(frozen=True, slots=True)
class Vectors:
    """Those of one memory's passages, one behind the other, each of signed bytes, and the model that made them."""

    model: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Source:
    """What a memory's vectors are made from; ``lacks`` says whether they are missing."""

    num: int
    version: int
    agent: str | None
    title: str | None
    tags: str
    text: str
    lacks: bool

    @property
    def passages(self) -> list[str]:
        """What of it is embedded, as its writer would do it."""
        return passages_of(self.text, self.agent, self.title, self.tags)


def with_vectors(change: Change, vectors: Vectors | None, caller: Caller, where: tuple[str, str] | str) -> Change:
    """The same write, and its memory's vectors in the same batch.

    Args:
        change: Any write that leaves a living memory.
        vectors: None where there are none yet.
        caller: Whose project it is.
        where: Namespace and key of the memory, or its id.
    """
    if vectors is None:
        return change
    given = {"model": vectors.model, "vectors": vectors.data, "project": caller.project}
    if isinstance(where, str):
        put = _SQL["put_by_id"].bind(id=where, **given)
    else:
        put = _SQL["put_by_key"].bind(namespace=where[0], key=where[1], **given)
    return replace(change, statements=(*change.statements, put))


def later_vectors(source: Source, vectors: Vectors) -> Change:
    """Put them now; the outcome is 0 where the memory has changed since it was read."""
    put = _SQL["put_by_num"].bind(num=source.num, version=source.version, model=vectors.model, vectors=vectors.data)
    return Change((put,), _SQL["put_result"].bind())


class VectorReads:
    """Which memories lack vectors, and their texts."""

    def __init__(self, database: Database) -> None:
        """Read from ``database``."""
        self._database = database

    async def after(self, num: int, model: str, limit: int) -> list[Source]:
        """The next memories behind a row number, those that have vectors too."""
        query = _SQL["lacking"].bind(after=num, model=model, limit=limit, characters=MOST_CHARACTERS)
        [rows] = await self._database.read(query)
        return [_source(row) for row in rows]

    async def of(self, nums: Sequence[int]) -> list[Source]:
        """These memories, by row number, in any order; one that is gone is left out."""
        query = _SQL["by_nums"].bind(nums=to_json(list(nums)), characters=MOST_CHARACTERS)
        [rows] = await self._database.read(query)
        return [_source(row) for row in rows]


def _source(row: Row) -> Source:
    num, version, agent, title, tags, text, lacks = row
    return Source(num, version, agent, title, str(tags), str(text), bool(lacks))  # pyright: ignore[reportArgumentType] - columns as the STRICT table has them
