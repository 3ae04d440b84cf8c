"""To whom a message goes, by the topology of its swarm. Pure.

Mail against the rule is not lost: it goes to the coordinator, in a hierarchy to the own lead, and tells whom the sender
wanted.
"""

from collections.abc import Callable, Sequence
from typing import Final

from swarm_memory.errors import InvalidArgument, NotFound
from swarm_memory.models.mail import EVERYBODY, Delivery, Member, Roster
from swarm_memory.models.swarm import Topology

_SHOWN: Final = 12


def route(sender: str, to: Sequence[str], roster: Roster, replied: str | None) -> list[Delivery]:
    """Who gets a message, each once.

    Args:
        sender: Actor.
        to: As they were given: names, handles, ``coordinator``, ``@principal``; or ``*`` alone.
        roster: Who is there.
        replied: Actor who wrote what this is a reply to.

    Raises:
        NotFound: A name is nobody's who lives.
        InvalidArgument: Several have the name, or it is the sender's own.
    """
    if EVERYBODY in to:
        found = _broadcast(sender, roster)
    else:
        found = [one for name in to for one in _one(sender, _resolve(name, sender, roster), roster, replied)]
    if not found:
        raise NotFound("Nobody lives in this swarm who could get it.", next_step="call agent_spawn first, or wait.")
    return list({one.recipient: one for one in reversed(found)}.values())[::-1]


def _one(sender: str, recipient: str, roster: Roster, replied: str | None) -> list[Delivery]:
    if _RULES[roster.topology](sender, recipient, roster) or _is_answer(sender, recipient, roster, replied):
        return [Delivery(recipient)]
    return [Delivery(one, recipient) for one in _instead(sender, recipient, roster)]


def _broadcast(sender: str, roster: Roster) -> list[Delivery]:
    if roster.topology == Topology.MESH or sender in roster.coordinators:
        return [Delivery(one.handle) for one in roster.members if one.handle != sender]
    if roster.topology == Topology.HIERARCHICAL and (below := _below(sender, roster)):
        return [Delivery(handle) for handle in below]
    return [Delivery(one, EVERYBODY) for one in _instead(sender, EVERYBODY, roster)]


def _resolve(name: str, sender: str, roster: Roster) -> str:
    """The actor that a name means."""
    if name == "coordinator" and sender not in roster.coordinators:
        return roster.coordinators[0] if roster.coordinators else _nobody(name, roster)
    if name in roster.principals:
        found = [name]
    else:
        found = [one.handle for one in roster.members if one.handle == name]
        found = found or [one.handle for one in roster.members if one.name == name]
    if not found:
        return _nobody(name, roster)
    if len(found) > 1:
        raise InvalidArgument(
            f"{len(found)} agents are called {name!r}: {', '.join(found[:_SHOWN])}.",
            next_step="name one by its handle.",
        )
    if found[0] == sender:
        raise InvalidArgument("A message to oneself.", next_step="keep what you want to know later in the memory.")
    return found[0]


def _nobody(name: str, roster: Roster) -> str:
    names = ", ".join(one.handle for one in roster.members[:_SHOWN]) or "nobody"
    raise NotFound(
        f"Nobody called {name[:64]!r} lives in this swarm. There are: {names}.",
        next_step="name one of these, coordinator, or * for all.",
    )


def _instead(sender: str, recipient: str, roster: Roster) -> list[str]:
    """Who gets it where the rule does not let the recipient have it."""
    if roster.topology == Topology.HIERARCHICAL:
        # The coordinator has nobody above; what it writes past a lead goes to that lead.
        about = recipient if sender in roster.coordinators else sender
        return [one for one in _above(about, roster) if one != sender]
    return [one for one in roster.coordinators if one != sender]


def _above(actor: str, roster: Roster) -> Sequence[str]:
    """An agent's lead while that one lives, else the coordinator."""
    member = _member(actor, roster)
    leads = [one.handle for one in roster.members if member is not None and one.num == member.parent]
    return leads or roster.coordinators


def _below(actor: str, roster: Roster) -> list[str]:
    """All agents under this one, at any depth."""
    member = _member(actor, roster)
    above: set[int | None] = set() if member is None else {member.num}
    below: list[Member] = []
    while new := [one for one in roster.members if one.parent in above and one not in below and one.handle != actor]:
        below += new
        above |= {one.num for one in new}
    return [one.handle for one in below]


def _member(actor: str, roster: Roster) -> Member | None:
    return next((one for one in roster.members if one.handle == actor), None)


def _is_answer(sender: str, recipient: str, roster: Roster, replied: str | None) -> bool:
    """In a ring, whether it answers what the predecessor wrote."""
    return roster.topology == Topology.RING and recipient == replied and sender == _successor(recipient, roster)


def _successor(actor: str, roster: Roster) -> str | None:
    ring = sorted((one for one in roster.members if one.position >= 0), key=lambda one: one.position)
    handles = [one.handle for one in ring]
    return handles[(handles.index(actor) + 1) % len(handles)] if actor in handles else None


def _in_star(sender: str, recipient: str, roster: Roster) -> bool:
    return sender in roster.coordinators or recipient in roster.coordinators


def _in_hierarchy(sender: str, recipient: str, roster: Roster) -> bool:
    if sender not in roster.coordinators and recipient in _above(sender, roster):
        return True
    if recipient not in roster.coordinators and sender in _above(recipient, roster):
        return True
    one, other = _member(sender, roster), _member(recipient, roster)
    return roster.group_mail and one is not None and other is not None and one.parent == other.parent


def _in_ring(sender: str, recipient: str, roster: Roster) -> bool:
    return _in_star(sender, recipient, roster) or recipient == _successor(sender, roster)


def _in_mesh(_sender: str, _recipient: str, _roster: Roster) -> bool:
    return True


_RULES: Final[dict[str, Callable[[str, str, Roster], bool]]] = {
    Topology.STAR: _in_star,
    Topology.HIERARCHICAL: _in_hierarchy,
    Topology.RING: _in_ring,
    Topology.MESH: _in_mesh,
}
