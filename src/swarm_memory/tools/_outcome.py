"""What is told of writes: always so little that an answer to a write that was done is never too large."""

from typing import Any, Final

from swarm_memory.models.memory import iso
from swarm_memory.models.operations import Delete, Operation
from swarm_memory.models.values import WHOLE_VALUE_BYTES, to_json

_BATCH_VALUE: Final = 1_000
_BATCH_RESULT: Final = 2_500
"""Bytes of a value that a batch repeats, and of each result: a hundred of them fit into an answer as text, too, where
each quote takes four bytes."""
_SHORT_KEY: Final = 80


def written(operation: Operation, outcome: dict[str, Any]) -> dict[str, Any]:
    """What is told of a write.

    Args:
        operation: As it was asked for.
        outcome: Of the store.
    """
    if isinstance(operation, Delete):
        # An id is of any namespace and any key.
        by_key = {"key": operation.key, "namespace": operation.namespace}
        name = {"id": operation.id} if operation.key is None else by_key
        return {**name, "deleted": outcome["deleted"], "seq": outcome["seq"]}
    shown = {name: outcome[name] for name in ("key", "namespace", "version", "seq")}
    shown |= {"stored": True, "size": outcome["size"], "created": outcome["created"]}
    if outcome["expires_at"]:
        shown["expires_at"] = iso(outcome["expires_at"])
    if "value" in outcome:
        fits = outcome["size"] <= WHOLE_VALUE_BYTES
        shown |= {"value": outcome["value"]} if fits else _TRUNCATED
    return shown


def written_in_batch(action: str, operation: Operation, outcome: dict[str, Any]) -> dict[str, Any]:
    """What is told of one write of a batch: values over 1,000 bytes and very long keys only as being there."""
    shown = {"action": action, **written(operation, outcome)}
    if "value" in shown and outcome["size"] > _BATCH_VALUE:
        shown |= _TRUNCATED
    if "key" in shown and len(to_json(shown).encode()) > _BATCH_RESULT:
        shown |= {"key": shown["key"][:_SHORT_KEY] + "…", "truncated": True}
        shown |= _TRUNCATED if "value" in shown else {}
    return shown


_TRUNCATED: Final[dict[str, Any]] = {"value": None, "truncated": True}
