"""What is looked for and what was found."""

from dataclasses import dataclass

from swarm_memory.models.memory import Memory

Places = tuple[tuple[int, str], ...]
"""Positions in a text and the query's words that are there, in order."""


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
    """One result.

    Attributes:
        memory: The memory.
        score: From 0 to 1.
        match: The words of the query that it has; ``+meaning`` where it is here
            rather for what it means, ``+context`` where a neighbour in its conversation has them.
        own: It is of the caller's own project.
        places: Where its text has them.
        similar: How many further results say the same and are not told.
    """

    memory: Memory
    score: float
    match: tuple[str, ...]
    own: bool
    places: Places = ()
    similar: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """The hits, best first; ``total`` counts all that matched (200 at most from each of own and others)."""

    hits: list[Hit]
    total: int
    searched: str
    truncated_query: bool = False
