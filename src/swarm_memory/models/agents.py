"""Agents of a swarm."""

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AgentWish:
    """What ``agent_spawn`` was asked for.

    Attributes:
        role: Its type, any word.
        parent: Name or handle of its lead.
        replaces: Name or handle of an agent that it takes the place of.
    """

    role: str
    name: str | None
    capabilities: tuple[str, ...]
    parent: str | None
    replaces: str | None


@dataclass(frozen=True, slots=True)
class AgentRef:
    """What is needed to act as an agent; ``session`` is the life that it hangs on."""

    num: int
    handle: str
    session: str
    name: str
    role: str
    retired_at: int | None


@dataclass(frozen=True, slots=True)
class AgentLine:
    """One row of a list of agents; ``last_seen`` in milliseconds since 1970 UTC."""

    handle: str
    name: str
    role: str
    parent: str | None
    capabilities_json: str
    last_seen: int
    live: int
    claim: str | None
    host: str | None

    @property
    def capabilities(self) -> list[str]:
        """As they were given."""
        return json.loads(self.capabilities_json)
