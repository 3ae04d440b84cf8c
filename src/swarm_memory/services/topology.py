"""Which topology a swarm gets: names, aliases and the choice of ``auto``. Pure and deterministic."""

from typing import Final

from swarm_memory.models.swarm import Choice, Strategy, Topology

AUTO: Final = "auto"

TOPOLOGY_ALIASES: Final = {
    "hybrid": Topology.HIERARCHICAL.value,
    "hierarchical-mesh": Topology.HIERARCHICAL.value,
    "distributed": Topology.MESH.value,
    "adaptive": AUTO,
}

STRATEGY_ALIASES: Final = {"adaptive": Strategy.BALANCED.value, "auto": Strategy.BALANCED.value}

TOPOLOGY_NAMES: Final = (AUTO, *(one.value for one in Topology), *TOPOLOGY_ALIASES)
STRATEGY_NAMES: Final = (*(one.value for one in Strategy), *STRATEGY_ALIASES)

_NEED: Final = "the tasks of the work, with their dependencies and the files that each one writes"


def choose(asked: str, max_agents: int) -> Choice:
    """The topology for a swarm.

    Args:
        asked: A name of ``TOPOLOGY_NAMES``.
        max_agents: Most agents that may join.
    """
    name = TOPOLOGY_ALIASES.get(asked, asked)
    if name != AUTO:
        reason = f"{asked} was asked for" if asked == name else f"{asked} was asked for, which is {name} here"
        return Choice(Topology(name), max_agents, "asked", (reason,))
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
