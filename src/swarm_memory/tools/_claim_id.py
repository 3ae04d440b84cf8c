"""Names of tasks and claims as callers write them: ``t42`` and ``t42.3``."""

import re
from typing import Final

from swarm_memory.errors import InvalidArgument
from swarm_memory.models.tasks import ClaimId
from swarm_memory.tools._arguments import plain

_CLAIM: Final = re.compile(r"t([1-9]\d{0,15})(?:\.([1-9]\d{0,15}))?")


def is_claim_id(text: str) -> bool:
    """Whether it has the form of one."""
    return _CLAIM.fullmatch(text) is not None


def claim_id(text: str) -> ClaimId:
    """The task, and the fence where there is one.

    Raises:
        InvalidArgument: It has another form.
    """
    found = _CLAIM.fullmatch(text)
    if not found:
        raise InvalidArgument(
            f"{plain(repr(text))} names no task or claim.", next_step="send t42, or t42.3 as task_claim gave it."
        )
    return ClaimId(int(found[1]), int(found[2]) if found[2] else None)
