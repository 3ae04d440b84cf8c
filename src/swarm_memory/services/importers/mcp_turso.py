"""The tables of mcp-turso: conversations, and a base of knowledge, in a file or a dump of its database."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from swarm_memory.services.importers.pieces import Piece, list_of, text_of, time_of
from swarm_memory.services.intake import Untaken
from swarm_memory.storage.foreign import ForeignDatabase, open_foreign
from swarm_memory.storage.queries import load_queries

_SQL = load_queries("others/mcp_turso")
_CONVERSATIONS: Final = ("id", "session_id", "user_id", "message", "response", "context", "timestamp")
_KNOWLEDGE: Final = ("id", "topic", "content", "source", "tags", "priority", "created_at")


def is_store(database: ForeignDatabase) -> bool:
    """Whether it has one of the two tables."""
    return database.has("conversations", *_CONVERSATIONS) or database.has("knowledge_base", *_KNOWLEDGE)


def read(path: Path) -> Iterator[Piece | Untaken]:
    """Turns of conversations, as add_conversation would have kept them, and knowledge."""
    with open_foreign(path) as database:
        if database.has("conversations", *_CONVERSATIONS):
            yield from _turns(database, path.name)
        if database.has("knowledge_base", *_KNOWLEDGE):
            yield from _knowledge(database, path.name)
        for table in sorted(database.tables.keys() - {"conversations", "knowledge_base"}):
            if count := database.count(table):
                yield Untaken(f"{path.name}: table {table}, {count} rows", "it has no counterpart here")


def _turns(database: ForeignDatabase, name: str) -> Iterator[Piece]:
    for id_, session, user, message, response, context, at in database.rows(_SQL["conversations"].bind()):
        for role, text in (("user", message), ("assistant", response)):
            if text is None:
                continue
            told = {"role": role, "user_id": user, "context": context}
            yield Piece(
                ident=f"conversation {id_} {role}",
                where=f"{name}: conversation {id_}, {role}",
                value=text_of(text),
                attributes={key: text_of(value) for key, value in told.items() if value is not None},
                source=name,
                conversation=text_of(session),
                created=time_of(at),
            )


def _knowledge(database: ForeignDatabase, name: str) -> Iterator[Piece]:
    for id_, topic, content, source, tags, priority, at in database.rows(_SQL["knowledge_base"].bind()):
        yield Piece(
            ident=f"knowledge {id_}",
            where=f"{name}: knowledge {id_}",
            topic=text_of(topic) or None,
            value=text_of(content),
            tags=list_of(tags),
            source=text_of(source) or name,
            priority=None if priority is None else text_of(priority)[:32],
            created=time_of(at),
        )
