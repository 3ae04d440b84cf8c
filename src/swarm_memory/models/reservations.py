"""Files that are kept for an actor."""

from dataclasses import dataclass

from swarm_memory.models.actor import Actor, Life
from swarm_memory.models.values import to_json


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a pattern: by a claim of the task with this number, or asked for by itself (0).

    Attributes:
        until: Milliseconds since 1970 UTC.
    """

    pattern: str
    holder: str
    task: int
    shared: int
    until: int


@dataclass(frozen=True, slots=True)
class Files:
    """Patterns of a project that an actor asks about; ``life`` is its session."""

    project: str
    patterns: tuple[str, ...]
    life: Life
    actor: Actor

    def bound(self) -> dict[str, str]:
        """As parameters."""
        return {"project": self.project, "patterns": to_json(list(self.patterns)), "actor": self.actor.key}
