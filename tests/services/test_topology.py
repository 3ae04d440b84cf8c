"""Names of topologies and strategies, and what auto chooses without knowing the tasks."""

import pytest

from swarm_memory.models.swarm import Strategy, Topology
from swarm_memory.services.topology import (
    STRATEGY_ALIASES,
    STRATEGY_NAMES,
    TOPOLOGY_ALIASES,
    TOPOLOGY_NAMES,
    choose,
)


@pytest.mark.parametrize("name", list(Topology))
def test_a_topology_that_is_asked_for_is_given(name: Topology) -> None:
    choice = choose(name.value, 5)

    assert (choice.topology, choice.recommended_agents, choice.confidence, choice.need) == (name, 5, "asked", None)


@pytest.mark.parametrize("name", TOPOLOGY_NAMES)
def test_every_name_leads_to_a_topology_with_a_reason(name: str) -> None:
    choice = choose(name, 8)

    assert choice.topology in Topology
    assert choice.reasons


@pytest.mark.parametrize("name", ["auto", "adaptive"])
def test_auto_says_that_it_knows_nothing_and_recommends_one_agent(name: str) -> None:
    choice = choose(name, 64)

    assert (choice.topology, choice.recommended_agents, choice.confidence) == (Topology.STAR, 1, "low")
    assert choice.need


def test_aliases_lead_to_names_that_exist() -> None:
    assert set(TOPOLOGY_ALIASES.values()) <= {"auto", *Topology}
    assert set(STRATEGY_ALIASES.values()) <= set(Strategy)
    assert set(STRATEGY_ALIASES) <= set(STRATEGY_NAMES)
