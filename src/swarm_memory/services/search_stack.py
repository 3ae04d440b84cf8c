"""What search takes, put together once for a process: the model, the vectors of writes, the landscape, the services."""

from typing import TYPE_CHECKING

from swarm_memory.services.embedding.active import Embedding
from swarm_memory.services.indexing import Indexer
from swarm_memory.services.recall import RecallService
from swarm_memory.services.search import COMMAND_PATIENCE, PATIENCE, SearchService
from swarm_memory.storage.database import Database, Location
from swarm_memory.storage.landscape import LandscapeReads
from swarm_memory.storage.memories import MemoryStore
from swarm_memory.storage.search import SearchReads
from swarm_memory.storage.vectors import VectorReads
from swarm_memory.storage.writer import Writer

if TYPE_CHECKING:  # brings numpy, which only a first search needs
    from swarm_memory.services.survey import Survey


class SearchStack:
    """One landscape and one model for all searches of a process; a service for each place to read."""

    def __init__(self, database: Database, writer: Writer, embedding: Embedding, *, lasting: bool) -> None:
        """Search in this store.

        Args:
            database: Any mode.
            writer: Puts vectors that are made after their memory's write.
            embedding: The model, which may be none.
            lasting: The process stays; a command that ends with its answer waits longer for it, and fills in nothing.
        """
        self.embedding = embedding
        self._vectors = VectorReads(database)
        self.indexer = Indexer(embedding, self._vectors, writer, lasting=lasting)
        self._database = database
        self._patience = PATIENCE if lasting else COMMAND_PATIENCE
        self._services: dict[Location, SearchService] = {}
        self._survey: Survey | None = None

    def at(self, location: Location) -> SearchService:
        """The service that reads at a place."""
        if location not in self._services:
            place = self._database.at(location)
            self._services[location] = SearchService(
                SearchReads(place), MemoryStore(place), self.survey, self.embedding, self._patience
            )
        return self._services[location]

    def recall_at(self, location: Location) -> RecallService:
        """What a prompt brings up, read at a place."""
        place = self._database.at(location)
        return RecallService(SearchReads(place), MemoryStore(place))

    def survey(self) -> "Survey":
        """The landscape, made at the first call."""
        if self._survey is None:
            from swarm_memory.services.survey import Survey  # noqa: PLC0415 - brings numpy

            self._survey = Survey(LandscapeReads(self._database), self._vectors, self.embedding)
        return self._survey

    def close(self) -> None:
        """End what goes on in the background."""
        self.indexer.close()
        if self._survey is not None:
            self._survey.close()
