"""Tasks of a swarm, as the store has them."""

import json
from dataclasses import dataclass
from typing import Any, Final

MAX_ATTEMPTS: Final = 3
OPEN: Final = ("proposed", "blocked", "ready", "claimed", "review")
ENDED: Final = ("done", "failed", "dead", "cancelled")
STATUSES: Final = (*OPEN, *ENDED)
PRIORITIES: Final = ("critical", "high", "medium", "low")
"""In the order in which they are claimed; the store keeps the place."""


@dataclass(frozen=True, slots=True)
class ClaimId:
    """A claim's public name ``t42.3``, or a task's ``t42``, where ``fence`` is None."""

    seq: int
    fence: int | None

    def __str__(self) -> str:
        """As agents write it."""
        return f"t{self.seq}" if self.fence is None else f"t{self.seq}.{self.fence}"


@dataclass(frozen=True, slots=True)
class Task:
    """One task or group, fields as stored. Times are milliseconds since 1970 UTC; 0 is none."""

    seq: int
    swarm: int
    project: str
    topology: str
    group: int | None
    stored_status: str
    priority: int
    role: str
    size: int
    verify: int
    stage: int
    pool: int
    pending_deps: int
    failed_deps: int
    assignee: str | None
    owner: str | None
    fence: int
    attempts: int
    max_attempts: int
    lease_until: int
    hard_until: int
    not_before: int
    created_at: int
    updated_at: int
    ended_at: int | None
    creator: str
    kind: str | None
    title: str
    capabilities_json: str
    note: str | None
    result_json: str | None
    body: str | None
    session_until: int

    def runs_until(self) -> int:
        """When its claim runs out, unless it is renewed."""
        return min(self.lease_until, self.hard_until, self.session_until)

    def status(self, now: int) -> str:
        """Its status at this time: a claim that has run out is none, even where nobody has written that yet."""
        if self.stored_status != "claimed" or self.runs_until() > now:
            return self.stored_status
        return "dead" if self.attempts >= self.max_attempts else "ready"

    @property
    def result(self) -> Any:
        """What was told at its completion; None where nothing was."""
        return None if self.result_json is None else json.loads(self.result_json)


@dataclass(frozen=True, slots=True)
class TaskLine:
    """One row of a list of tasks."""

    seq: int
    title: str
    status: str
    role: str
    priority: int
    owner: str | None
    fence: int
    attempts: int
    updated_at: int
    group: int | None
    pending_deps: int
    failed_deps: int
