"""Learning from outcomes: which lessons a task is shown, and what swarm_status says of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from swarm_memory.errors import InvalidArgument
from swarm_memory.models.knowledge import Knowledge
from swarm_memory.models.lessons import Outcomes, Record, explores, rank
from swarm_memory.models.memory import Kind
from swarm_memory.models.search import Filters
from swarm_memory.models.swarm import Swarm
from swarm_memory.models.tasks import Task
from swarm_memory.services.search import SearchService
from swarm_memory.storage.lessons import Learned, LessonReads

SHOWN: Final = 3
MAX_WORDS: Final = 60
ENOUGH: Final = 20
"""Outcomes under which nothing can be said."""
_CANDIDATES: Final = 20


@dataclass(frozen=True, slots=True)
class Lesson:
    """A lesson as a claim shows it."""

    id: str
    text: str


class LessonService:
    """Lessons of all projects of the store."""

    def __init__(self, reads: LessonReads, search: Callable[[], SearchService]) -> None:
        """Use this store and search in it."""
        self._reads = reads
        self._search = search

    async def for_task(self, project: str, task: dict[str, Any]) -> list[Lesson]:
        """At most three, by relevance and by what they did for other tasks.

        Args:
            project: Whose lessons.
            task: As the store tells it of a claim.
        """
        words = " ".join(filter(None, (task["title"], task["kind"], task["role"])))
        found = await self._search().search(words, Filters(project, only_project=True, kind=Kind.LESSON), _CANDIDATES)
        if not found.hits:
            return []
        hits = {hit.memory.id: hit for hit in found.hits}
        records, retired = await self._reads.records(list(hits))
        lessons = [(id_, hit.score, records.get(id_, Record())) for id_, hit in hits.items() if id_ not in retired]
        exploring = explores(task["seq"], task["fence"])
        chosen = rank(lessons, self._reads.now(), SHOWN, exploring=exploring)
        return [Lesson(id_, hits[id_].memory.content) for id_ in chosen]

    def learned(self, used: Sequence[str], text: str | None, task: Task | None, *, success: bool) -> Learned:
        """What an agent says of lessons at the end of an attempt.

        Raises:
            InvalidArgument: The new lesson has more than sixty words.
        """
        new = None
        if text is not None and task is not None:
            if len(text.split()) > MAX_WORDS:
                raise InvalidArgument(
                    f"lesson has {len(text.split())} words; {MAX_WORDS} are allowed.",
                    next_step="say what, when and why in one or two sentences.",
                )
            tags = tuple(dict.fromkeys(filter(None, (task.kind, task.role))))
            attributes = {"task": f"t{task.seq}", "outcome": "success" if success else "failure"}
            new = Knowledge(task.title, text, tags=tags, attributes=attributes, lesson=True)
        return Learned(tuple(dict.fromkeys(used)), new, self._reads.now())

    def now(self) -> int:
        """The database's time."""
        return self._reads.now()

    async def outcomes(self, swarm: Swarm) -> tuple[Outcomes, Outcomes]:
        """How the swarm's attempts with lessons ended, and those without."""
        return await self._reads.outcomes(swarm.num)
