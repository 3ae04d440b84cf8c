"""Knowledge graphs: entities with observations and relations, of server-memory and mcp-memory-libsql.

An entity becomes knowledge: its name is the topic, its observations are the text, and so are the relations that begin
at it, as sentences. Its type is a tag and an attribute.
"""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, cast

from swarm_memory.errors import InvalidArgument
from swarm_memory.services.importers.pieces import Piece, text_of, time_of
from swarm_memory.services.intake import Untaken
from swarm_memory.storage.foreign import ForeignDatabase, open_foreign
from swarm_memory.storage.queries import load_queries

_SQL = load_queries("others/mcp_memory_libsql")
_MAX_LINE: Final = 16_000_000
_Relations = dict[str, list[tuple[str, str]]]


def is_graph_line(line: bytes) -> bool:
    """Whether a file of server-memory may begin with this line."""
    try:
        told: Any = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(told, dict) and cast("dict[str, Any]", told).get("type") in ("entity", "relation")


def is_graph(database: ForeignDatabase) -> bool:
    """Whether it is a store of mcp-memory-libsql."""
    return (
        database.has("entities", "name", "entity_type", "created_at")
        and database.has("observations", "id", "entity_name", "content")
        and database.has("relations", "id", "source", "target", "relation_type")
    )


def read_libsql(path: Path) -> Iterator[Piece | Untaken]:
    """The graph of mcp-memory-libsql."""
    with open_foreign(path) as database:
        relations: _Relations = {}
        for source, kind, target in database.rows(_SQL["relations"].bind()):
            relations.setdefault(text_of(source), []).append((text_of(kind), text_of(target)))
        for name, kind, created in database.rows(_SQL["entities"].bind()):
            rows = database.rows(_SQL["observations"].bind(name=name))
            observations = [text_of(content) for (content,) in rows]
            yield _entity(text_of(name), text_of(kind), observations, relations, path, time_of(created))
        yield from _loose(relations, path)


def read_lines(path: Path) -> Iterator[Piece | Untaken]:
    """The file of @modelcontextprotocol/server-memory; relations first, since they may stand before their entities."""
    relations: _Relations = {}
    for _, told in _lines(path, "relation"):
        relations.setdefault(text_of(told.get("from")), []).append(
            (text_of(told.get("relationType")), text_of(told.get("to")))
        )
    for number, told in _lines(path, "entity"):
        observations: Any = told.get("observations", [])
        if not told.get("name") or not isinstance(observations, list):
            yield Untaken(f"{path.name}: line {number}", "it is no entity")
            continue
        texts = [text_of(one) for one in cast("list[object]", observations)]
        yield _entity(text_of(told["name"]), text_of(told.get("entityType")), texts, relations, path, None)
    yield from _loose(relations, path)


def _lines(path: Path, kind: str) -> Iterator[tuple[int, dict[str, Any]]]:
    with path.open("rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(_MAX_LINE + 1), b""), 1):
            if not line.strip():
                continue
            try:
                told: Any = json.loads(line) if len(line) <= _MAX_LINE else None
            except (ValueError, RecursionError):
                told = None
            if not isinstance(told, dict):
                raise InvalidArgument(
                    f"{path}: line {number} is no JSON object.", next_step="repair or remove that line, then repeat."
                )
            if cast("dict[str, Any]", told).get("type") == kind:
                yield number, cast("dict[str, Any]", told)


def _entity(
    name: str, kind: str, observations: Sequence[str], relations: _Relations, path: Path, created: int | None
) -> Piece:
    sentences = [f"{name} {relation} {target}" for relation, target in relations.pop(name, [])]
    return Piece(
        ident=f"entity {name}",
        where=f"{path.name}: entity {name}",
        topic=name,
        value="\n".join([*observations, *sentences]) or f"{name} ({kind})",
        tags=(kind,),
        attributes={"entity_type": kind},
        source=path.name,
        created=created,
    )


def _loose(relations: _Relations, path: Path) -> Iterator[Untaken]:
    """Relations whose entity is not there; those of the others were taken out."""
    for name, held in relations.items():
        yield Untaken(f"{path.name}: {len(held)} relations of {name}", "there is no such entity")
