"""Names that other systems taught people: thin views on the same services."""

from typing import Annotated, Any, Final

from pydantic import Field

from swarm_memory.config import Toolset
from swarm_memory.errors import InvalidArgument, TooLarge
from swarm_memory.models.knowledge import Knowledge
from swarm_memory.models.memory import Memory, iso
from swarm_memory.models.search import Filters
from swarm_memory.models.values import encode
from swarm_memory.tools._arguments import (
    ANY_JSON,
    CommonArguments,
    Content,
    Cursor,
    Limit,
    Namespace,
    Pattern,
    Query,
    SessionId,
)
from swarm_memory.tools._boundary import Call, Tool
from swarm_memory.tools._cursor import NUMBER, make_cursor, read_cursor
from swarm_memory.tools._shape import LEAST_HIT, bounded, echo, fit_hits, without_none
from swarm_memory.tools.memory import one_of

_TOKENS: Final = 2_000
_MAX_METADATA: Final = 10_000
_SHOWN: Final = 4_000


class MemorySearchArguments(CommonArguments):
    """Arguments of ``memory_search``."""

    pattern: Pattern | None = Field(None, description="Words to find; query is the same.")
    query: Query | None = None
    namespace: Namespace | None = None
    limit: Limit = 10
    threshold: Annotated[float, Field(ge=0, le=1)] | None = Field(None, description="Least score.")


class AddConversationArguments(CommonArguments):
    """Arguments of ``add_conversation``: a message with its response, or one turn with its role."""

    session_id: SessionId
    message: Content | None = None
    response: Content | None = None
    user_id: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    context: Any = Field(None, json_schema_extra=ANY_JSON)
    role: Annotated[str, Field(min_length=1, max_length=32)] | None = None
    content: Content | None = None
    metadata: dict[str, Any] | None = None
    allow_secret: bool | None = None


class GetConversationsArguments(CommonArguments):
    """Arguments of ``get_conversations``."""

    session_id: SessionId | None = None
    limit: Limit = 20
    cursor: Cursor | None = None


async def memory_search(call: Call, arguments: MemorySearchArguments) -> dict[str, Any]:
    """search_knowledge under claude-flow's name: entries and knowledge of the own project."""
    query = one_of("memory_search", arguments.query, arguments.pattern)
    filters = Filters(call.caller.project, only_project=True, namespace=arguments.namespace)
    limit = min(arguments.limit, _TOKENS // LEAST_HIT)
    found = await call.app.search.at("auto").search(query, filters, limit, least=arguments.threshold or 0.0)
    answer: dict[str, Any] = {"success": True, "query": echo(query, _TOKENS)}
    await fit_hits(answer, found, _TOKENS)
    return answer | {"count": len(answer["results"])}


async def add_conversation(call: Call, arguments: AddConversationArguments) -> dict[str, Any]:
    """Add one turn, or a message with its response as two."""
    turns = [_turn(arguments, role, text) for role, text in _roles(arguments)]
    outcomes = await call.app.knowledge.add(turns, call.caller)
    return {
        "success": True,
        "session_id": arguments.session_id,
        "ids": [outcome["id"] for outcome in outcomes],
        "seq": outcomes[-1]["seq"],
    }


def _roles(arguments: AddConversationArguments) -> list[tuple[str, str]]:
    if arguments.content is not None and arguments.message is None and arguments.response is None:
        return [(arguments.role or "user", arguments.content)]
    if arguments.message is not None and arguments.content is None and arguments.role is None:
        answer = [("assistant", arguments.response)] if arguments.response is not None else []
        return [("user", arguments.message), *answer]
    raise InvalidArgument(
        "A conversation needs message (and response), or role and content.",
        next_step="send one of the two forms, not both.",
    )


def _turn(arguments: AddConversationArguments, role: str, text: str) -> Knowledge:
    encode(text, name="content")
    metadata = arguments.metadata or {}
    if taken := sorted({"role", "user_id", "context"} & metadata.keys()):
        raise InvalidArgument(
            f"metadata holds {', '.join(taken)}, which the turn has of its own.",
            next_step="send it as an argument beside metadata, or under another name.",
        )
    own = without_none({"role": role, "user_id": arguments.user_id, "context": arguments.context})
    attributes = own | metadata
    if encode(attributes, name="metadata").size > _MAX_METADATA:
        raise TooLarge(f"metadata has more than {_MAX_METADATA} bytes of JSON.", next_step="put the text into content.")
    return Knowledge(None, text, attributes=attributes, conversation=arguments.session_id)


async def get_conversations(call: Call, arguments: GetConversationsArguments) -> dict[str, Any]:
    """Turns, newest first."""
    query = ["conversations", call.caller.project, arguments.session_id]
    before = read_cursor(query, arguments.cursor, NUMBER) if arguments.cursor else 2**53
    turns, more = await call.app.knowledge.turns(call.caller.project, arguments.session_id, before, arguments.limit)
    shown = bounded([turn for _, turn in turns], _shown_turn)
    answer = {"success": True, "conversations": shown, "count": len(shown)}
    if more or len(shown) < len(turns):
        answer |= {"more": True, "cursor": make_cursor(query, turns[len(shown) - 1][0])}
    return answer


def _shown_turn(turn: Memory) -> dict[str, Any]:
    attributes = turn.attributes
    cut = len(turn.content) > _SHOWN
    return without_none(
        {
            "id": turn.id,
            "session_id": turn.conversation,
            "role": attributes.pop("role", None),
            "topic": turn.topic,
            "content": turn.content[:_SHOWN],
            "truncated": True if cut else None,
            "attributes": attributes or None,
            "agent": turn.writer,
            "at": iso(turn.created_at),
        }
    )


TOOLS: Final = (
    Tool(
        "memory_search",
        "search_knowledge over this project under the name that claude-flow taught.",
        MemorySearchArguments,
        memory_search,
        Toolset.ALL,
        read_only=True,
        idempotent=True,
    ),
    Tool(
        "add_conversation",
        "Keep a turn of a dialogue: {session_id, message, response} or {session_id, role, content}.",
        AddConversationArguments,
        add_conversation,
        Toolset.ALL,
    ),
    Tool(
        "get_conversations",
        "Turns of a dialogue (session_id) or of all in this project, newest first.",
        GetConversationsArguments,
        get_conversations,
        Toolset.ALL,
        read_only=True,
        idempotent=True,
    ),
)
