"""Who calls, from where, and under which request id."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """Provenance that every write keeps."""

    agent: str | None = None
    session: str | None = None
    host: str | None = None
    branch: str | None = None
    revision: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """A caller's own id of one write: a retry under it is told the first outcome.

    Attributes:
        scope: The project, within which ids are unique.
        id: The caller's id.
        call: Hash of the tool and its arguments.
    """

    scope: str
    id: str
    call: str


@dataclass(frozen=True, slots=True)
class Caller:
    """What a service must know of the call: the project it works in, who writes, and the request's id if any."""

    project: str
    origin: Origin
    request: Request | None = None
