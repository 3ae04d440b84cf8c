"""The tool table: every tool by name, and what each toolset offers."""

from collections.abc import Mapping
from typing import Final

from swarm_memory.config import Toolset
from swarm_memory.tools import agents, changes, companions, knowledge, mail, memory, reservations, status, swarm, tasks
from swarm_memory.tools._boundary import Tool

ALL_TOOLS: Final[tuple[Tool, ...]] = (
    *memory.TOOLS,
    *knowledge.TOOLS,
    *swarm.TOOLS,
    *agents.TOOLS,
    *tasks.TOOLS,
    *mail.TOOLS,
    *changes.TOOLS,
    *reservations.TOOLS,
    *companions.TOOLS,
    *status.TOOLS,
)

_SIZES: Final = list(Toolset)


def tools_of(toolset: Toolset) -> Mapping[str, Tool]:
    """The tools that a toolset offers, by name; each toolset has those of the smaller ones."""
    allowed = _SIZES[: _SIZES.index(toolset) + 1]
    return {tool.name: tool for tool in ALL_TOOLS if tool.toolset in allowed}
