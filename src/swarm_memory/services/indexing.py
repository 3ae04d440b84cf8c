"""Vectors for what is written: in the same batch where the model is loaded, soon afterwards where it is not."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import Final

from swarm_memory.errors import StorageError
from swarm_memory.models.caller import Caller
from swarm_memory.models.knowledge import Knowledge
from swarm_memory.models.operations import Operation, Store
from swarm_memory.models.passages import passages_of
from swarm_memory.models.values import to_json
from swarm_memory.services.embedding.active import Embedding
from swarm_memory.storage.ids import new_id
from swarm_memory.storage.memories import add_knowledge, change_of, replace_knowledge
from swarm_memory.storage.vectors import Source, VectorReads, Vectors, later_vectors, with_vectors
from swarm_memory.storage.writer import Change, Writer

_PAGE: Final = 500
"""Memories of one read, most of which lack nothing."""
_BATCH: Final = 50
"""Memories whose vectors are put in one batch."""
_DELAY: Final = 5.0
"""Seconds behind a write without vectors until they are put: the writes of a busy moment are gathered."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run over the store is: memories looked at, vectors put, and those that changed meanwhile."""

    seen: int
    put: int


class Indexer:
    """Gives changes their vectors."""

    def __init__(self, embedding: Embedding, vectors: VectorReads, writer: Writer, *, lasting: bool) -> None:
        """Use this model.

        Args:
            embedding: Which may be none.
            vectors: Tells which memories lack vectors.
            writer: Puts them.
            lasting: The process stays, so it pays to load the model at the first write.
        """
        self._embedding = embedding
        self._vectors = vectors
        self._writer = writer
        self._lasting = lasting
        self._later: asyncio.Task[None] | None = None

    async def change(self, operation: Operation, caller: Caller) -> Change:
        """The change of a key, with vectors where it leaves a new value."""
        change = change_of(operation, caller)
        if not isinstance(operation, Store) or operation.value is None:
            return change
        text = operation.value.body or operation.value.content
        vectors = await self._made(text, caller.origin.agent, operation.key, to_json(list(operation.tags or ())))
        return with_vectors(change, vectors, caller, (operation.namespace, operation.key))

    async def addition(self, piece: Knowledge, caller: Caller) -> Change:
        """New knowledge, or a turn of a conversation."""
        id_ = new_id()
        change = add_knowledge(piece, caller, id_)
        return with_vectors(change, await self._of(piece, caller), caller, id_)

    async def replacement(self, id_: str, piece: Knowledge, if_version: int | None, caller: Caller) -> Change:
        """Knowledge in the place of what has the id."""
        change = replace_knowledge(id_, piece, if_version, caller)
        return with_vectors(change, await self._of(piece, caller), caller, id_)

    async def fill(self, *, again: bool = False) -> AsyncGenerator[Progress]:
        """Put all vectors that the store lacks; tells how far it is after each page.

        Args:
            again: Those too that are there.

        Raises:
            StorageError: The store cannot be read or written.
        """
        name = self._embedding.model.name if self._embedding.model else None
        after, seen, put = 0, 0, 0
        while name is not None:
            page = await self._vectors.after(after, "" if again else name, _PAGE)
            lacking = [source for source in page if source.lacks]
            for begin in range(0, len(lacking), _BATCH):
                put += await self._put(lacking[begin : begin + _BATCH])
            seen += len(page)
            yield Progress(seen, put)
            if len(page) < _PAGE:
                return
            after = page[-1].num

    def close(self) -> None:
        """End what was to be done later; another process, or the next one, does it."""
        if self._later is not None:
            self._later.cancel()

    async def _of(self, piece: Knowledge, caller: Caller) -> Vectors | None:
        return await self._made(piece.content, caller.origin.agent, piece.topic, to_json(list(piece.tags or ())))

    async def _made(self, text: str, *about: str | None) -> Vectors | None:
        if self._embedding.model is None:
            self._fill_later()
            return None
        return await self._embedded(passages_of(text, *about))

    async def _embedded(self, passages: Sequence[str]) -> Vectors | None:
        model = self._embedding.model
        vectors = await self._embedding.passages(passages)
        return None if model is None or vectors is None else Vectors(model.name, vectors.tobytes())

    async def _put(self, sources: Sequence[Source]) -> int:
        changes: list[Change] = []
        for source in sources:
            vectors = await self._embedded(source.passages)
            if vectors is not None:
                changes.append(later_vectors(source, vectors))
            await asyncio.sleep(0)
        return sum(await self._writer.apply(changes)) if changes else 0

    def _fill_later(self) -> None:
        if self._lasting and self._embedding.name is not None and (self._later is None or self._later.done()):
            self._later = asyncio.get_running_loop().create_task(self._fill_soon())

    async def _fill_soon(self) -> None:
        self._embedding.warm()
        await asyncio.sleep(_DELAY)
        try:
            async for _ in self.fill():
                await asyncio.sleep(0)
        except StorageError:
            return  # the next write without vectors tries again
