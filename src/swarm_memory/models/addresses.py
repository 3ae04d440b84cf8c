"""Addresses of resources: ``swarm://…`` and ``memory://…``. Pure."""

from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import quote, unquote

TEMPLATES: Final = {
    "swarm://{id}/status": "One swarm: tasks by status, agents, what stalls.",
    "swarm://{id}/inbox/{agent}": "How much unread mail an agent has, by its handle; read it with the tool inbox.",
    "memory://{project}/{namespace}/{key}": "One entry. A slash of the project is written %2F; one of the key may be.",
}


@dataclass(frozen=True, slots=True)
class Address:
    """What a resource is of.

    Attributes:
        parts: Of a status the swarm's id; of an inbox that and the agent; of a memory project, namespace and key.
    """

    kind: Literal["status", "inbox", "memory"]
    parts: tuple[str, ...]

    def __str__(self) -> str:
        """The one form of it; a caller's may have other letters escaped."""
        quoted = [quote(part, safe="~") for part in self.parts]
        if self.kind == "memory":
            return f"memory://{'/'.join(quoted)}"
        return f"swarm://{'/'.join([quoted[0], self.kind, *quoted[1:]])}"


def parse_address(uri: str) -> Address | None:
    """What a URI is the address of; None where of nothing here."""
    scheme, found, rest = uri.partition("://")
    if not found or len(uri) > 8_192:
        return None
    if scheme == "memory":
        parts = rest.split("/", 2)
        return Address("memory", tuple(map(unquote, parts))) if len(parts) == 3 and all(parts) else None
    match [unquote(part) for part in rest.split("/")] if scheme == "swarm" else []:
        case [id_, "status"] if id_:
            return Address("status", (id_,))
        case [id_, "inbox", agent] if id_ and agent:
            return Address("inbox", (id_, agent))
        case _:
            return None
