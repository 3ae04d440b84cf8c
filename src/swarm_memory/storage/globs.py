"""Patterns of paths in the store: each once in a project, with those that it has a path in common with."""

from collections.abc import Sequence
from dataclasses import dataclass

from swarm_memory.models.values import to_json
from swarm_memory.storage.database import Database
from swarm_memory.storage.queries import Statement, load_queries

_SQL = load_queries("globs")


@dataclass(frozen=True, slots=True)
class NewGlobs:
    """Patterns that the store does not have yet.

    Attributes:
        known: Number of the last pattern that they were compared with.
        patterns: The new ones.
        pairs: Two patterns each, one of them new, that have a path in common; each new one with itself too.
    """

    project: str
    known: int
    patterns: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]


def add(new: NewGlobs) -> list[Statement]:
    """Add patterns, unless others were added since they were compared (the guard ``refuse_new_globs``)."""
    if not new.patterns:
        return []
    return [
        _SQL["refuse_new_globs"].bind(project=new.project, known=new.known),
        _SQL["add_globs"].bind(project=new.project, patterns=to_json(list(new.patterns))),
        _SQL["add_overlaps"].bind(project=new.project, pairs=to_json([list(pair) for pair in new.pairs])),
    ]


def add_writes(project: str, batch: str, writes: Sequence[tuple[int, str]]) -> list[Statement]:
    """Note what the tasks of a batch will write: place in the call, and a pattern that the store has."""
    if not writes:
        return []
    told = to_json([list(one) for one in writes])
    return [_SQL["add_task_writes"].bind(project=project, batch=batch, writes=told)]


class GlobReads:
    """Reads of patterns."""

    def __init__(self, database: Database) -> None:
        """Use ``database``."""
        self._database = database

    async def behind(self, project: str, after: int) -> list[tuple[int, str]]:
        """Numbers and patterns of a project that were added behind a number, in order."""
        [rows] = await self._database.read(_SQL["globs_behind"].bind(project=project, after=after))
        return [(int(str(num)), str(pattern)) for num, pattern in rows]
