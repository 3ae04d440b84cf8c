"""Looks through everything that is stored for secrets: what came before they were refused, or in another way."""

import json
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

from swarm_memory.models.record import Past, Record
from swarm_memory.models.values import decode
from swarm_memory.services.secrets import Sighting, find_secrets
from swarm_memory.storage.export import ExportReads


@dataclass(frozen=True, slots=True)
class Found:
    """A secret in the store, by where it is.

    Attributes:
        id: Of the memory or swarm.
        key: Of the memory; None where it has none, or where the key itself holds the secret.
        version: The one that holds it; ``is_past`` where there is a later one.
    """

    id: str
    kind: str
    project: str
    namespace: str | None
    key: str | None
    version: int | None
    is_past: bool
    sighting: Sighting


async def scan(reads: ExportReads, tell: Callable[[int, int], None]) -> AsyncGenerator[Found]:
    """Everything that looks like a secret in memories, their past versions and swarms.

    Args:
        reads: Of the store, or of one project of it.
        tell: Called with how far it is, and how far it goes, in row numbers.

    Raises:
        StorageError: The store cannot be read.
    """
    last, after = await reads.last_num(), 0
    while page := await reads.memories(after, last):
        for _, record in page:
            for found in _in_memory(record):
                yield found
        first, after = after + 1, page[-1][0]
        async for found in _in_history(reads, {record.id: record for _, record in page}, first, after):
            yield found
        tell(after, last)
    after = 0
    while swarms := await reads.swarms(after):
        for after, swarm in swarms:  # noqa: B007 - the last one is where the next page begins
            texts = {"objective": swarm.objective, "config": json.loads(swarm.config)}
            for one in find_secrets(texts):
                yield Found(swarm.id, "swarm", swarm.project, None, None, None, is_past=False, sighting=one)


def _in_memory(record: Record) -> Iterator[Found]:
    stored: dict[str, Any] = {
        "key": record.key,
        "topic": record.topic,
        "value" if record.kind == "entry" else "content": decode(record.content, record.format),
        "tags": json.loads(record.tags),
        "attributes": json.loads(record.attributes),
        "source": record.source,
    }
    for one in find_secrets(stored):
        yield _found(record, record.version, one)


async def _in_history(reads: ExportReads, records: dict[str, Record], first: int, last: int) -> AsyncGenerator[Found]:
    """In the past versions of the memories of a page."""
    after = (first, 0)
    while page := await reads.versions(after, last):
        for num, past in page:
            after = (num, past.version)
            if record := records.get(past.memory):
                for one in find_secrets({_name(past): decode(past.content, past.format)}):
                    yield _found(record, past.version, one)


def _name(past: Past) -> str:
    return "value" if past.kind == "entry" else "content"


def _found(record: Record, version: int, sighting: Sighting) -> Found:
    key = None if record.key is None or find_secrets({"key": record.key}) else record.key
    is_past = version != record.version
    return Found(record.id, record.kind, record.project, record.namespace, key, version, is_past, sighting)
