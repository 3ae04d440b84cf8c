"""What has happened in a store, and what of it a caller waits for."""

from dataclasses import dataclass
from typing import Final

from swarm_memory.models.globs import Glob


@dataclass(frozen=True, slots=True)
class Cursor:
    """A point of the change sequence: all up to it is known. Two are comparable only within one epoch."""

    epoch: str
    seq: int

    def __str__(self) -> str:
        """As callers see it."""
        return f"{self.epoch}:{self.seq}"


@dataclass(frozen=True, slots=True)
class Event:
    """One committed change.

    Attributes:
        seq: Its place in the change sequence.
        kind: ``memory``, ``swarm``, ``agent``, ``task`` or ``message``.
        op: What happened: of a memory ``create``, ``update``, ``delete`` or ``expire``; of a task its new status, or
            ``progress``; of an agent ``join`` or ``retire``.
        ref: Id of what it happened to.
        version: Of a memory or task, the one that it made.
        actor: Who did it; None where it followed from something else.
        namespace: Of a memory.
        name: Key or topic of a memory, title of a task.
        keyed: The name is a key.
    """

    seq: int
    kind: str
    op: str
    ref: str
    version: int | None
    actor: str | None
    namespace: str | None = None
    name: str | None = None
    keyed: bool = False


KINDS: Final = ("memory", "swarm", "agent", "task", "message")


@dataclass(frozen=True, slots=True)
class Interest:
    """Which events a caller wants.

    Attributes:
        kinds: Of ``KINDS``.
        swarm: Id; None is every swarm of the project.
        keys: Memories whose key one of these matches; none: all.
        but: Actors whose own changes are left out.
        mine: Actors whose mail is told: what they get, and what became of what they sent.
    """

    project: str
    kinds: tuple[str, ...] = KINDS
    swarm: str | None = None
    keys: tuple[Glob, ...] = ()
    but: tuple[str, ...] = ()
    mine: tuple[str, ...] = ()

    def has(self, event: Event) -> bool:
        """Whether the event is wanted, as far as its key says."""
        if event.kind != "memory" or not self.keys:
            return True
        return event.keyed and event.name is not None and any(key.matches(event.name) for key in self.keys)
