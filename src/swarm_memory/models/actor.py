"""Who acts in a swarm."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """An agent, or the principal of a session where a call names no agent.

    Attributes:
        key: What the store calls it: an agent's handle, or ``@`` and the principal's name.
        agent: Row number of the agent; None for a principal.
        session: The life of a process or connection that its leases hang on.
        role: Of the agent; None for a principal.
    """

    key: str
    agent: int | None
    session: str
    role: str | None = None


@dataclass(frozen=True, slots=True)
class Life:
    """One life of a server process, or of a connection to one: a row of ``sessions``.

    Attributes:
        id: Of no other life, ever.
        principal: Its name, which is the same again when a client comes back.
        quiet: Milliseconds without a call after which its agents count as gone.
    """

    id: str
    principal: str
    host: str | None
    pid: int
    quiet: int
