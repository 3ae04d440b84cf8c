"""Which repository a session works in, and at which commit."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Project:
    """What a repository is called on every machine.

    Attributes:
        name: ``host/owner/name`` from the remote, ``local/<folder>`` without one, or what the user set. At most 256
            characters.
        reason: Where the name comes from, a short phrase for status answers. Never holds a URL, so no credentials.
    """

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Revision:
    """Where a checkout stands.

    Attributes:
        branch: Short name of the branch; None when HEAD is detached or there is no repository.
        commit: Full hexadecimal id; None before the first commit or without a repository.
    """

    branch: str | None
    commit: str | None
