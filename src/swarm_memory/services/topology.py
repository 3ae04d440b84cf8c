"""Which topology a swarm gets: names, aliases and the choice of ``auto``. Pure and deterministic."""

from dataclasses import replace
from typing import Final

from swarm_memory.models.assessment import Thresholds
from swarm_memory.models.plan import Plan
from swarm_memory.models.swarm import Choice, Strategy, Topology
from swarm_memory.services.topology_auto import assess

AUTO: Final = "auto"

TOPOLOGY_ALIASES: Final = {
    "hybrid": Topology.HIERARCHICAL.value,
    "hierarchical-mesh": Topology.HIERARCHICAL.value,
    "distributed": Topology.MESH.value,
    "adaptive": AUTO,
}

GROUP_MAIL: Final = ("hybrid", "hierarchical-mesh")
"""Names that mean a hierarchy whose groups are meshes, for mail."""

STRATEGY_ALIASES: Final = {"adaptive": Strategy.BALANCED.value, "auto": Strategy.BALANCED.value}

TOPOLOGY_NAMES: Final = (AUTO, *(one.value for one in Topology), *TOPOLOGY_ALIASES)
STRATEGY_NAMES: Final = (*(one.value for one in Strategy), *STRATEGY_ALIASES)

_NEED: Final = "the tasks of the work, with their dependencies and the files that each one writes"


def choose(asked: str, max_agents: int, plan: Plan | None = None, thresholds: Thresholds | None = None) -> Choice:
    """The topology for a swarm.

    Args:
        asked: A name of ``TOPOLOGY_NAMES``.
        max_agents: Most agents that may join.
        plan: The tasks of the work. With them the number of agents is measured, whatever topology was asked for.
        thresholds: Of ``auto``; the defaults if left out.

    Raises:
        InvalidArgument: Too many globs of the tasks' writes begin alike to be compared.
    """
    measured = assess(plan, max_agents, thresholds or Thresholds()) if plan else None
    name = TOPOLOGY_ALIASES.get(asked, asked)
    if name != AUTO:
        reason = f"{asked} was asked for" if asked == name else f"{asked} was asked for, which is {name} here"
        if measured is None:
            return Choice(Topology(name), max_agents, "asked", (reason,))
        reasons = (reason, *measured.reasons)
        return replace(measured, topology=Topology(name), confidence="asked", reasons=reasons)
    if measured is not None:
        return measured
    return Choice(
        Topology.STAR,
        1,
        "low",
        (
            "no tasks were given, so nothing could be measured",
            "star is the default: one coordinator, workers that take what is ready",
            "begin with one agent: more agents only help work that splits into independent parts",
        ),
        need=_NEED,
    )
