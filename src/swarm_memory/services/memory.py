"""memory_usage: exact keys, versions, lists, and atomic batches of writes."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import anyio.lowlevel

from swarm_memory.errors import (
    InvalidArgument,
    NotAList,
    NotANumber,
    NumberOverflow,
    SwarmMemoryError,
    TooLarge,
    ValueMissing,
    VersionConflict,
)
from swarm_memory.models.caller import Caller
from swarm_memory.models.globs import Glob
from swarm_memory.models.memory import Entry, Memory, Version
from swarm_memory.models.operations import Delete, Operation, Store
from swarm_memory.services.indexing import Indexer
from swarm_memory.storage.memories import MemoryStore
from swarm_memory.storage.writer import OperationRefused, Writer

HISTORY_WHOLE: Final = 2_000
"""Bytes up to which a version in a history comes whole."""

_SCAN_PAGE: Final = 100
_SCAN_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class Miss:
    """No such key: keys near it, and namespaces that do have it."""

    near: list[str]
    namespaces: list[str]


@dataclass(frozen=True, slots=True)
class Page:
    """Part of a list; ``after`` is where the next part begins, None at the end."""

    entries: list[Entry]
    after: tuple[str, str] | None


class MemoryService:
    """Reads and writes memories by exact key or id."""

    def __init__(self, memories: MemoryStore, writer: Writer, indexer: Indexer) -> None:
        """Use this store, its writer, and what gives writes their vectors."""
        self._memories = memories
        self._writer = writer
        self._indexer = indexer

    async def apply(self, operations: Sequence[Operation], caller: Caller) -> list[dict[str, Any]]:
        """Do all operations or none, in order; the outcome of each, as the store tells it.

        Raises:
            SwarmMemoryError: The rule that the first refused operation breaks; nothing was written.
        """
        try:
            changes = [await self._indexer.change(one, caller) for one in operations]
            outcomes = await self._writer.apply(changes, caller.request)
        except OperationRefused as refused:
            operation = operations[refused.position]
            where = f"operations[{refused.position}]: " if len(operations) > 1 else ""
            raise await self._explain(refused.guard, operation, caller, where) from None
        return [_complete(outcome, one) for outcome, one in zip(outcomes, operations, strict=True)]

    async def retrieve(self, project: str, namespace: str, key: str) -> Memory | Miss:
        """One exact key."""
        memory = await self._memories.by_key(project, namespace, key)
        return memory or Miss(*await self._memories.near(project, namespace, key))

    async def by_id(self, id_: str) -> Memory | None:
        """The memory with this id, of any kind and project."""
        return await self._memories.by_id(id_)

    async def entries(
        self, project: str, namespace: str | None, glob: Glob, after: tuple[str, str], limit: int
    ) -> Page:
        """Keys that match a glob, in order of namespace and key.

        Keys are looked at for at most 0.2 s; then the page ends early, and ``after`` says where to go on.
        """
        current, key = after
        if namespace is not None or not current:
            current = namespace or await self._memories.next_namespace(project, "")
        found: list[Entry] = []
        deadline = time.monotonic() + _SCAN_SECONDS
        while current is not None and time.monotonic() < deadline:
            size = min(_SCAN_PAGE, limit - len(found) + 1) if glob.prefix_only else _SCAN_PAGE
            await anyio.lowlevel.checkpoint()
            page = await self._memories.entries(project, current, key, glob.prefix, size)
            for entry in page:
                if glob.matches(entry.key):
                    if len(found) == limit:
                        return Page(found, (current, key))
                    found.append(entry)
                key = entry.key
            if len(page) < size:
                current, key = None if namespace else await self._memories.next_namespace(project, current), ""
        return Page(found, None if current is None else (current, key))

    async def history(
        self, where: tuple[str, str, str] | str, before: int, limit: int
    ) -> tuple[str, list[Version]] | None:
        """The id and the versions below ``before``, newest first; None where nothing ever was."""
        return await self._memories.history(where, before, limit, HISTORY_WHOLE)

    async def _explain(self, guard: str, operation: Operation, caller: Caller, where: str) -> SwarmMemoryError:
        name = operation.key or (operation.id if isinstance(operation, Delete) else None)
        label = f"{where}{name!r}"
        if guard.startswith("refuse_other_version"):
            return await self._version_conflict(operation, caller, label)
        error, text, next_step = _REFUSALS[guard]
        return error(f"{label} {text}", next_step=next_step)

    async def _version_conflict(self, operation: Operation, caller: Caller, label: str) -> SwarmMemoryError:
        if not isinstance(operation, Store | Delete):
            return InvalidArgument(f"{label} takes no if_version.", next_step="leave it out.")
        if operation.key is not None:
            present = await self._memories.by_key(caller.project, operation.namespace, operation.key)
        else:
            found = await self._memories.by_id(str(operation.id))
            present = found if found and found.project == caller.project else None
        return version_conflict(label, operation.if_version, present)


def _complete(outcome: dict[str, Any], operation: Operation) -> dict[str, Any]:
    """The outcome of a put with what the caller gave: the store does not read that back."""
    if not isinstance(operation, Store) or operation.value is None:
        return outcome
    expires_at = None if operation.ttl is None else outcome["at"] + operation.ttl
    given = {"key": operation.key, "namespace": operation.namespace, "size": operation.value.size}
    return {**outcome, **given, "expires_at": expires_at}


def version_conflict(label: str, wanted: int | None, present: Memory | None) -> VersionConflict:
    """The refusal, with what is there now: version, writer and the beginning of the value."""
    if present is None:
        return VersionConflict(
            f"{label} does not exist (version 0), if_version is {wanted}.",
            next_step="store with if_version 0 to create it, or without if_version.",
        )
    value = present.content if len(present.content) <= 1_000 else present.content[:1_000] + "…"
    return VersionConflict(
        f"{label} is at version {present.version}, written by {present.writer or 'an unnamed session'}, "
        f"if_version is {wanted}. Its value now: {value}",
        next_step=f"retrieve it, merge your change, and store with if_version {present.version}.",
    )


# What each guard of a write means: the error, its text behind the key's name, and the next step.
_REFUSALS: Final[dict[str, tuple[type[SwarmMemoryError], str, str]]] = {
    "refuse_missing_key": (
        ValueMissing,
        "does not exist, and value is missing, so there is nothing to publish again.",
        "send value; null is a value too.",
    ),
    "refuse_not_a_number": (
        NotANumber,
        "holds no JSON number.",
        "store a number there first, or use another key.",
    ),
    "refuse_overflow": (
        NumberOverflow,
        "would leave the 64-bit integers or the finite doubles.",
        "add a smaller number, or count in larger units.",
    ),
    "refuse_not_a_list": (
        NotAList,
        "holds no JSON list.",
        "store a list there first, or use another key.",
    ),
    "refuse_long_list": (
        TooLarge,
        "would grow past 1,000,000 bytes of JSON.",
        "start a new key, for example with a date in it.",
    ),
}
