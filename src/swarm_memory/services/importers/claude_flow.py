"""claude-flow, also named ruflo: its stores of version 2 and 3 under ``.swarm``, and the file of its basic mode.

Version 2 keeps times in seconds and has a column ``value``; version 3 has milliseconds and ``content``. A value is text
in both, also where it is the JSON of an object: it stays the text that their own retrieve gives.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, cast

from swarm_memory.errors import InvalidArgument
from swarm_memory.services.importers.pieces import Piece, list_of, text_of, time_of
from swarm_memory.services.intake import Untaken
from swarm_memory.storage.foreign import ForeignDatabase, is_database, open_foreign
from swarm_memory.storage.queries import load_queries

_SQL = load_queries("others/claude_flow")
_FILES: Final = ("memory.db", "agentdb-memory.db")
_TAKEN: Final = ("memory_entries", "reasoning_patterns", "tiered_memory")
_DERIVED: Final = ("metadata", "vector_indexes", "migration_state", "pattern_embeddings", "memory_access_log")
_MAX_BASIC: Final = 100_000_000


def stores_in(folder: Path) -> list[Path]:
    """The stores of a project's folder, or of its ``.swarm``."""
    for place in (folder, folder / ".swarm"):
        found = [place / name for name in _FILES if (place / name).is_file() and is_database(place / name)]
        if found:
            return found
    return []


def is_store(database: ForeignDatabase) -> bool:
    """Whether it has claude-flow's table of entries."""
    return database.has("memory_entries", "key", "namespace")


def read(path: Path) -> Iterator[Piece | Untaken]:
    """All that a store, a folder with stores, or a file of the basic mode holds."""
    if path.is_dir():
        for store in stores_in(path):
            yield from read(store)
    elif is_database(path):
        with open_foreign(path) as database:
            yield from _read_store(database, path.name)
    else:
        yield from _read_basic(path)


def _read_store(database: ForeignDatabase, name: str) -> Iterator[Piece | Untaken]:
    yield from _entries(database, name)
    if database.has("reasoning_patterns", "id", "task_type", "approach", "tags", "success_rate", "ts"):
        for id_, task, approach, tags, rate, at in database.rows(_SQL["reasoning_patterns"].bind()):
            yield Piece(
                ident=f"pattern {id_} {text_of(approach)}",
                where=f"{name}: reasoning pattern {id_}",
                topic=text_of(task) or None,
                value=text_of(approach),
                tags=list_of(tags),
                attributes={"success_rate": rate} if isinstance(rate, (int, float)) else {},
                source=name,
                created=time_of(at),
            )
    if database.has("tiered_memory", "id", "key", "value", "tier", "ts", "archived", "superseded_by"):
        for id_, key, value, tier, at in database.rows(_SQL["tiered_memory"].bind()):
            yield Piece(
                ident=f"tiered {id_}",
                where=f"{name}: {text_of(tier)} memory {text_of(key)}",
                topic=text_of(key) or None,
                value=text_of(value),
                tags=(text_of(tier),),
                source=name,
                created=time_of(at),
            )
    for table in sorted(database.tables):
        is_known = table in _TAKEN or table in _DERIVED or table.endswith("_embeddings")
        if not is_known and (count := database.count(table)):
            yield Untaken(f"{name}: table {table}, {count} rows", "it has no counterpart here")


def _entries(database: ForeignDatabase, name: str) -> Iterator[Piece | Untaken]:
    is_v3 = database.has("memory_entries", "content", "tags", "status")
    for key, namespace, value, tags, metadata, created, updated, expires, status in database.rows(
        _SQL["entries_v3" if is_v3 else "entries_v2"].bind()
    ):
        where = f"{name}: {text_of(namespace)} {text_of(key)}"
        if status == "deleted":
            yield Untaken(where, "it is deleted there")
            continue
        yield Piece(
            ident=f"entry {text_of(namespace)} {text_of(key)}",
            where=where,
            key=text_of(key),
            value=text_of(value),
            namespace=text_of(namespace) or "default",
            tags=(*list_of(tags), *(("archived",) if status == "archived" else ())),
            attributes=_metadata(metadata),
            source=name,
            created=time_of(created),
            updated=time_of(updated),
            expires_at=time_of(expires),
        )


def _metadata(text: object) -> dict[str, Any]:
    try:
        told: Any = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return {}
    return cast("dict[str, Any]", told) if isinstance(told, dict) else {}


def _read_basic(path: Path) -> Iterator[Piece | Untaken]:
    """The file ``memory/memory-store.json``: lists of entries by namespace."""
    if path.stat().st_size > _MAX_BASIC:
        raise InvalidArgument(f"{path} has more than 100 MB.", next_step="use the store under .swarm instead.")
    try:
        told: Any = json.loads(path.read_text("utf-8"))
        spaces = cast("dict[str, list[dict[str, Any]]]", told)
        for namespace, entries in spaces.items():
            for one in entries:
                key = text_of(one["key"])
                yield Piece(
                    ident=f"entry {namespace} {key}",
                    where=f"{path.name}: {namespace} {key}",
                    key=key,
                    value=one.get("value"),
                    namespace=namespace or "default",
                    source=path.name,
                    created=time_of(one.get("timestamp")),
                )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InvalidArgument(
            f"{path} is no file of claude-flow's basic mode.", next_step="name the store under .swarm."
        ) from None
