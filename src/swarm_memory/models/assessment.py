"""What was measured of a plan, and where the rules that choose a topology give way to each other."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where one rule of ``auto`` gives way to the next.

    Attributes:
        gain: Share of the time that further agents must save to be worth it.
        speedup: Best possible speed-up under which one agent is best.
        busy: Share of the time that each agent must be able to work.
        mesh_agents: Most agents that talk directly, where all is reading.
        star_agents: Most agents that one coordinator looks after.
        ring_items: Fewest items through a chain of roles that make a ring.
    """

    gain: float = 0.1
    speedup: float = 1.3
    busy: float = 0.55
    mesh_agents: int = 4
    star_agents: int = 5
    ring_items: int = 3


@dataclass(frozen=True, slots=True)
class Metrics:
    """Measures of a plan, in the units of a task's size.

    Attributes:
        work: All sizes together.
        critical_path: What must go one after another: by dependencies, or for writing one file.
        speedup: Time of one agent by that of the recommended number, by list scheduling.
        enough: Fewest agents that would lose less than ``Thresholds.gain`` of that, by list scheduling.
        overlaps: Pairs of tasks that write a common path.
        width: How many tasks can run at once, counted up to 64.
    """

    tasks: int
    work: int
    critical_path: int
    speedup: float
    enough: int
    overlaps: int
    width: int


@dataclass(frozen=True, slots=True)
class Group:
    """The tasks of one lead in a hierarchy.

    Attributes:
        path: The directory that all their writes have in common; empty where there is none.
    """

    path: str
    tasks: int


@dataclass(frozen=True, slots=True)
class Assessment:
    """What ``auto`` found in a plan."""

    metrics: Metrics
    thresholds: Thresholds
    groups: tuple[Group, ...] = ()
