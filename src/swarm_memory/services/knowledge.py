"""add_knowledge and conversations: what agents learned and said."""

from collections.abc import Sequence
from typing import Any

from swarm_memory.errors import NotFound, SwarmMemoryError
from swarm_memory.models.caller import Caller
from swarm_memory.models.knowledge import Knowledge
from swarm_memory.models.memory import Memory
from swarm_memory.services.indexing import Indexer
from swarm_memory.services.memory import version_conflict
from swarm_memory.storage.memories import MemoryStore
from swarm_memory.storage.writer import OperationRefused, Writer


class KnowledgeService:
    """Adds knowledge and turns of conversations, and reads conversations back."""

    def __init__(self, memories: MemoryStore, writer: Writer, indexer: Indexer) -> None:
        """Use this store, its writer, and what gives writes their vectors."""
        self._memories = memories
        self._writer = writer
        self._indexer = indexer

    async def add(self, pieces: Sequence[Knowledge], caller: Caller) -> list[dict[str, Any]]:
        """Add all pieces in one batch: id, version, seq and whether the same one was there before, of each."""
        return await self._writer.apply([await self._indexer.addition(one, caller) for one in pieces], caller.request)

    async def replace(self, id_: str, piece: Knowledge, if_version: int | None, caller: Caller) -> dict[str, Any]:
        """Replace the topic and content of one; what is not given stays.

        Raises:
            NotFound: No knowledge of this project has the id.
            VersionConflict: Its version is another one.
        """
        try:
            change = await self._indexer.replacement(id_, piece, if_version, caller)
            [outcome] = await self._writer.apply([change], caller.request)
        except OperationRefused as refused:
            raise await self._explain(refused.guard, id_, if_version, caller) from None
        return outcome

    async def turns(
        self, project: str, conversation: str | None, before: int, limit: int
    ) -> tuple[list[tuple[int, Memory]], bool]:
        """Turns of a conversation, or of all in the project, newest first; True where there are more.

        Each comes with its position, below ``before``: that of the last one is where the next page begins.
        """
        turns = await self._memories.turns(project, conversation, before, limit + 1)
        return turns[:limit], len(turns) > limit

    async def _explain(self, guard: str, id_: str, if_version: int | None, caller: Caller) -> SwarmMemoryError:
        if guard == "refuse_missing_id":
            return NotFound(
                f"No knowledge in project {caller.project} has the id {id_!r}.",
                next_step="leave id out to add it, or take the id from search_knowledge.",
            )
        return version_conflict(repr(id_), if_version, await self._memories.by_id(id_))
