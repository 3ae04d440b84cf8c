"""A swarm: what agents join to work together."""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from swarm_memory.models.assessment import Assessment
from swarm_memory.models.plan import Plan

DEFAULT_MAX_AGENTS: Final = 8


class Topology(StrEnum):
    """How a swarm is wired."""

    STAR = "star"
    HIERARCHICAL = "hierarchical"
    MESH = "mesh"
    RING = "ring"


class Strategy(StrEnum):
    """How work is handed out."""

    BALANCED = "balanced"
    PARALLEL = "parallel"
    SEQUENTIAL = "sequential"
    SPECIALIZED = "specialized"


@dataclass(frozen=True, slots=True)
class Choice:
    """A topology and why it was chosen.

    Attributes:
        confidence: ``asked`` where the caller named it; else ``high`` where all tasks say what they write, ``medium``
            where some do not, ``low`` where nothing was known to choose by.
        need: What to supply for a better choice; None where none is needed.
        assessment: Of the tasks, where some were given.
    """

    topology: Topology
    recommended_agents: int
    confidence: str
    reasons: tuple[str, ...]
    need: str | None = None
    assessment: Assessment | None = None


@dataclass(frozen=True, slots=True)
class SwarmWish:
    """What ``swarm_init`` was asked for. None: not given, so anything fits.

    Attributes:
        asked_topology: The canonical name, ``auto``, or None.
        plan: Tasks of the work; with them a new swarm is always made.
        group_mail: In a hierarchy, members of a group may write to each other.
    """

    asked_topology: str | None
    max_agents: int | None
    strategy: Strategy | None
    learning: bool | None
    objective: str | None
    config: dict[str, Any] | None
    plan: Plan | None = None
    group_mail: bool = False


@dataclass(frozen=True, slots=True)
class SwarmEvent:
    """A change of a swarm, its agents, tasks or mail; ``at`` in milliseconds since 1970 UTC."""

    seq: int
    kind: str
    op: str
    ref: str
    actor: str | None
    at: int
    title: str | None


@dataclass(frozen=True, slots=True)
class Swarm:
    """One durable swarm, fields as stored. Times are milliseconds since 1970 UTC.

    Attributes:
        num: Its row number, by which other rows name it.
        coordinator: The principal that made it.
    """

    num: int
    id: str
    project: str
    objective: str | None
    topology: str
    requested_topology: str
    strategy: str
    max_agents: int
    recommended_agents: int
    learning: int
    report_json: str
    config_json: str
    status: str
    coordinator: str
    created_at: int

    @property
    def report(self) -> dict[str, Any]:
        """Reasons, confidence and need of its choice of topology."""
        return json.loads(self.report_json)
