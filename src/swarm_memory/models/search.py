"""What is looked for and what was found."""

from dataclasses import dataclass, field

from swarm_memory.models.memory import Memory


@dataclass(frozen=True, slots=True)
class Filters:
    """What every result must be. None: anything.

    Attributes:
        project: The caller's own project, searched first.
        only_project: Search no other project.
        tags: Distinct tags; all of them, or at least one, as ``all_tags`` says.
        since: Milliseconds since 1970 UTC; changed then or later.
    """

    project: str
    only_project: bool = False
    namespace: str | None = None
    kind: str | None = None
    tags: tuple[str, ...] = ()
    all_tags: bool = True
    since: int | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """One result: the memory, its score from 0 to 1, and which words of the query it has."""

    memory: Memory
    score: float
    match: tuple[str, ...]
    own: bool


@dataclass(frozen=True, slots=True)
class Found:
    """The hits, best first; ``total`` counts all that matched (200 at most from each of own and others)."""

    hits: list[Hit]
    total: int
    searched: str
    truncated_query: bool = False
    words: tuple[str, ...] = field(default=())
