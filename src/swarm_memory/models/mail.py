"""Mail inside a swarm: what is sent, who is there to get it, what an inbox shows."""

from dataclasses import dataclass
from typing import Any, Final

EVERYBODY: Final = "*"


@dataclass(frozen=True, slots=True)
class Letter:
    """What ``message_send`` was asked for.

    Attributes:
        to: Names, handles, ``coordinator`` or ``@principal``; or ``*`` alone. None: whoever wrote what is replied to.
        thread: Number of any message of the thread that it goes on.
        reply_to: Number of a message.
        ack: It stays in an inbox until it is acknowledged.
        ttl: Milliseconds after which nobody is shown it any more.
    """

    to: tuple[str, ...] | None
    body: str
    subject: str | None
    thread: int | None
    reply_to: int | None
    ack: bool
    ttl: int


@dataclass(frozen=True, slots=True)
class Earlier:
    """A message that another one refers to."""

    seq: int
    thread: int
    sender: str


@dataclass(frozen=True, slots=True)
class Member:
    """An agent that lives; ``position`` is its place in a ring, ``parent`` the row number of its lead."""

    num: int
    handle: str
    name: str
    role: str
    parent: int | None
    position: int


@dataclass(frozen=True, slots=True)
class Roster:
    """Who is in a swarm now.

    Attributes:
        group_mail: In a hierarchy, members of a group may write to each other.
        coordinators: Actors; several only where the principal that made the swarm is gone.
        principals: Actors of all sessions that live.
    """

    topology: str
    group_mail: bool
    members: tuple[Member, ...]
    coordinators: tuple[str, ...]
    principals: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Delivery:
    """Who gets a message; ``wanted`` is whom the sender wanted, where that is somebody else."""

    recipient: str
    wanted: str | None = None


@dataclass(frozen=True, slots=True)
class Inbox:
    """What one look at an inbox found.

    Attributes:
        messages: As the store tells them: unread ones first, each sender's in the order of sending.
        unread: How many are left; counted up to 1,000.
        acked: How many were acknowledged by this call.
    """

    messages: list[dict[str, Any]]
    unread: int
    acked: int
