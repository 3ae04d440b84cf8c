"""memory_usage: exact keys."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final, Literal

from pydantic import Field, field_validator

from swarm_memory.config import Toolset
from swarm_memory.errors import InvalidArgument, TooLarge
from swarm_memory.models.globs import compile_glob
from swarm_memory.models.memory import Entry, Memory, Version, iso
from swarm_memory.models.operations import Append, Delete, Increment, Operation, Store
from swarm_memory.models.search import Filters
from swarm_memory.models.values import MAX_VALUE_BYTES, check_text, decode, encode
from swarm_memory.services.memory import HISTORY_WHOLE, Miss
from swarm_memory.tools._arguments import (
    ANY_JSON,
    Arguments,
    CommonArguments,
    Cursor,
    Id,
    IfVersion,
    Key,
    Limit,
    Namespace,
    Pattern,
    Query,
    Tags,
    Ttl,
    at,
    parse_each,
)
from swarm_memory.tools._boundary import Call, Tool
from swarm_memory.tools._cursor import NUMBER, PLACE, make_cursor, read_cursor
from swarm_memory.tools._outcome import written, written_in_batch
from swarm_memory.tools._shape import LEAST_HIT, bounded, echo, fit_hits, freshness, value_or_part, without_none

DEFAULT_NAMESPACE: Final = "default"
_PREVIEW: Final = 120
_MAX_OPERATIONS: Final = 100
_SEARCH_TOKENS: Final = 2_000

WriteAction = Literal["store", "delete", "increment", "append"]
Action = Literal["store", "retrieve", "list", "search", "delete", "history", "increment", "append", "batch"]


class OperationArguments(Arguments):
    """One write of a batch."""

    action: WriteAction
    key: Key | None = None
    id: Id | None = None
    value: Any = Field(None, json_schema_extra=ANY_JSON)
    namespace: Namespace | None = None
    ttl: Ttl | None = None
    tags: Tags | None = None
    if_version: IfVersion | None = None


class MemoryUsageArguments(CommonArguments):
    """Arguments of ``memory_usage``; each action takes some of them."""

    action: Action
    key: Key | None = None
    id: Id | None = Field(None, description="Instead of key: retrieve, delete, history.")
    value: Any = Field(
        None,
        description="Any JSON value. increment: the number to add; append: the item.",
        json_schema_extra=ANY_JSON,
    )
    namespace: Namespace | None = Field(None, description='Default "default"; list and search look in all.')
    ttl: Ttl | None = Field(None, description="Seconds until it expires.")
    tags: Tags | None = None
    pattern: Pattern | None = Field(None, description="list: glob over keys, * in a segment, ** across.")
    query: Query | None = None
    limit: Limit | None = None
    cursor: Cursor | None = None
    if_version: IfVersion | None = Field(None, description="Write only over this version; 0 = absent.")
    offset: Annotated[int, Field(ge=0, le=MAX_VALUE_BYTES * 6)] | None = None
    operations: Annotated[list[OperationArguments], Field(min_length=1, max_length=_MAX_OPERATIONS)] | None = None
    sync: Literal["global", "local"] | None = None
    allow_secret: bool | None = None

    def stored(self) -> dict[str, Any]:
        """Nothing where the action only reads."""
        return super().stored() if self.action in _STORES else {}

    @field_validator("operations", mode="before")
    @classmethod
    def _each_operation(cls, raw: object) -> object:
        return parse_each(OperationArguments, raw, "operations", _MAX_OPERATIONS)


_ALWAYS: Final = ("action", "namespace", "project", "agent", "sync")
_TAKES: Final[dict[str, tuple[str, ...]]] = {
    "store": ("key", "value", "ttl", "tags", "if_version", "allow_secret"),
    "retrieve": ("key", "id", "offset"),
    "list": ("pattern", "limit", "cursor"),
    "search": ("query", "pattern", "value", "tags", "limit"),
    "delete": ("key", "id", "if_version"),
    "history": ("key", "id", "limit", "cursor"),
    "increment": ("key", "value"),
    "append": ("key", "value", "allow_secret"),
    "batch": ("operations", "allow_secret"),
}
_STORES: Final = ("store", "append", "batch")
_NEEDS_KEY: Final = ("store", "increment", "append")
_NEEDS_KEY_OR_ID: Final = ("retrieve", "delete", "history")


async def memory_usage(call: Call, arguments: MemoryUsageArguments) -> dict[str, Any]:
    """Do one action."""
    check_action(arguments, arguments.action, _ALWAYS)
    if arguments.action in ("store", "delete", "increment", "append"):
        return await _write(call, arguments)
    return await _ACTIONS[arguments.action](call, arguments)


def check_action(arguments: OperationArguments | MemoryUsageArguments, action: str, always: tuple[str, ...]) -> None:
    """Refuse arguments that the action does not take, and the lack of a key.

    Raises:
        InvalidArgument: Nothing is ignored silently.
    """
    given = arguments.given()
    takes = _TAKES[action]
    if surplus := sorted(given - {*takes, *always}):
        raise InvalidArgument(
            f"{action} takes no {', '.join(surplus)}.", next_step=f"leave it out; {action} takes {', '.join(takes)}."
        )
    names = given & {"key", "id"}
    if action in _NEEDS_KEY and "key" not in names:
        raise InvalidArgument(f"{action} needs a key.", next_step="send key.")
    if action in _NEEDS_KEY_OR_ID and len(names) != 1:
        raise InvalidArgument(f"{action} needs either key or id.", next_step="send one of them.")
    if "id" in names and "namespace" in given:
        raise InvalidArgument(f"{action} with an id takes no namespace.", next_step="leave namespace out.")


def _operation(arguments: OperationArguments | MemoryUsageArguments, namespace: str) -> Operation:
    has_value = "value" in arguments.given()
    key = arguments.key or ""
    match arguments.action:
        case "delete":
            return Delete(namespace, arguments.key, arguments.id, arguments.if_version)
        case "increment":
            return Increment(namespace, key, _amount(arguments.value if has_value else 1))
        case "append":
            if not has_value:
                raise InvalidArgument("append needs a value.", next_step="send value, the item to append.")
            return Append(namespace, key, encode([arguments.value]))
        case _:
            ttl = None if arguments.ttl is None else round(arguments.ttl * 1000)
            tags = None if arguments.tags is None else tuple(arguments.tags)
            value = encode(arguments.value) if has_value else None
            return Store(namespace, key, value, ttl, tags, arguments.if_version)


def _amount(value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidArgument(
            "value of increment is no number.", next_step="send the number to add, or leave it out for 1."
        )
    encode(value)
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise InvalidArgument("value of increment is no 64-bit integer.", next_step="send a smaller number.")
    return value


async def _write(call: Call, arguments: MemoryUsageArguments) -> dict[str, Any]:
    operation = _operation(arguments, arguments.namespace or DEFAULT_NAMESPACE)
    [outcome] = await call.app.memory.apply([operation], call.caller)
    return {"success": True, "action": arguments.action, **written(operation, outcome)}


async def _batch(call: Call, arguments: MemoryUsageArguments) -> dict[str, Any]:
    namespace = arguments.namespace or DEFAULT_NAMESPACE
    operations: list[Operation] = []
    for position, one in enumerate(arguments.operations or ()):
        try:
            check_action(one, one.action, ("action", "namespace"))
            operations.append(_operation(one, one.namespace or namespace))
        except (InvalidArgument, TooLarge) as error:
            raise at(f"operations[{position}]", OperationArguments, error) from None
    if not operations:
        raise InvalidArgument("batch needs operations.", next_step="send operations, a list of 1 to 100 writes.")
    size = sum(_size(one) for one in operations)
    if size > MAX_VALUE_BYTES:
        raise TooLarge(
            f"The values of the batch have {size} bytes; the limit is {MAX_VALUE_BYTES}.", next_step="send two batches."
        )
    outcomes = await call.app.memory.apply(operations, call.caller)
    results = [
        written_in_batch(one.action, operation, outcome)
        for one, operation, outcome in zip(arguments.operations or (), operations, outcomes, strict=True)
    ]
    return {"success": True, "action": "batch", "count": len(results), "seq": outcomes[-1]["seq"], "results": results}


def _size(operation: Operation) -> int:
    match operation:
        case Store(value=value) if value is not None:
            return value.size
        case Append(item=item):
            return item.size
        case _:
            return 0


async def _retrieve(call: Call, arguments: MemoryUsageArguments) -> dict[str, Any]:
    namespace = arguments.namespace or DEFAULT_NAMESPACE
    if arguments.id is not None:
        memory = await call.app.memory.by_id(arguments.id)
        name: dict[str, Any] = {"id": arguments.id}
        found: Memory | Miss = memory or Miss([], [])
    else:
        name = {"key": arguments.key, "namespace": namespace}
        found = await call.app.memory.retrieve(call.caller.project, namespace, str(arguments.key))
    start, fresh = {"success": True, "action": "retrieve", **name}, freshness(call)
    if isinstance(found, Miss):
        hints = {"near_keys": found.near or None, "namespaces_with_key": found.namespaces or None}
        return without_none({**start, **hints}) | {"found": False, "value": None, "version": 0, **fresh}
    return start | {"found": True} | value_or_part(found, arguments.offset) | _told(found) | fresh


def _told(memory: Memory) -> dict[str, Any]:
    """A memory besides its value."""
    return without_none(
        {
            "key": memory.key,
            "namespace": memory.namespace,
            "topic": memory.topic,
            "id": memory.id,
            "kind": memory.kind,
            "version": memory.version,
            "tags": memory.tags,
            "attributes": memory.attributes or None,
            "source": memory.source,
            "priority": memory.priority,
            "session_id": memory.conversation,
            "project": memory.project,
            "agent": memory.writer,
            "host": memory.host,
            "branch": memory.branch,
            "commit": memory.revision,
            "created_at": iso(memory.created_at),
            "updated_at": iso(memory.updated_at),
            "expires_at": iso(memory.expires_at) if memory.expires_at else None,
        }
    )


async def _list(call: Call, arguments: MemoryUsageArguments) -> dict[str, Any]:
    glob = compile_glob(arguments.pattern or "**")
    query = ["list", call.caller.project, arguments.namespace, glob.pattern]
    after = ("", "")
    if arguments.cursor is not None:
        after = read_cursor(query, arguments.cursor, PLACE)
    page = await call.app.memory.entries(call.caller.project, arguments.namespace, glob, after, arguments.limit or 50)
    entries = bounded(page.entries, _entry)
    answer = {
        "success": True,
        "action": "list",
        "project": call.caller.project,
        "entries": entries,
        "count": len(entries),
    }
    if len(entries) < len(page.entries):
        last = page.entries[len(entries) - 1]
        return answer | {"more": True, "cursor": make_cursor(query, [last.namespace, last.key])}
    if page.after is not None:
        return answer | {"more": True, "cursor": make_cursor(query, page.after)}
    return answer


def _entry(entry: Entry) -> dict[str, Any]:
    preview = entry.preview if len(entry.preview) <= _PREVIEW else entry.preview[:_PREVIEW] + "…"
    return without_none(
        {
            "key": entry.key,
            "namespace": entry.namespace,
            "version": entry.version,
            "size": entry.size,
            "tags": decode(entry.tags_json, "json"),
            "updated_at": iso(entry.updated_at),
            "agent": entry.writer,
            "preview": preview,
        }
    )


async def _search(call: Call, arguments: MemoryUsageArguments) -> dict[str, Any]:
    query = one_of("search", arguments.query, arguments.pattern, arguments.value)
    filters = Filters(
        call.caller.project,
        only_project=True,
        namespace=arguments.namespace,
        kind="entry",
        tags=tuple(arguments.tags or ()),
    )
    found = await call.app.search.at("auto").search(
        query, filters, min(arguments.limit or 10, _SEARCH_TOKENS // LEAST_HIT)
    )
    answer: dict[str, Any] = {"success": True, "action": "search", "query": echo(query, _SEARCH_TOKENS)}
    await fit_hits(answer, found, _SEARCH_TOKENS, entries=True)
    return answer | {"count": len(answer["results"])}


def one_of(name: str, *given: object) -> str:
    """The words of a search, which callers know under several names.

    Raises:
        InvalidArgument: None is given, more than one, or no text.
    """
    [words, *more] = [one for one in given if one is not None] or [None]
    if not isinstance(words, str) or not words or more:
        raise InvalidArgument(f"{name} needs words, once.", next_step="send them in query.")
    check_text(words, "query")
    return words


async def _history(call: Call, arguments: MemoryUsageArguments) -> dict[str, Any]:
    namespace = arguments.namespace or DEFAULT_NAMESPACE
    where = arguments.id or (call.caller.project, namespace, str(arguments.key))
    query = ["history", where]
    before = read_cursor(query, arguments.cursor, NUMBER) if arguments.cursor else 2**53
    limit = arguments.limit or 20
    found = await call.app.memory.history(where, before, limit + 1)
    name = {"id": arguments.id} if arguments.id else {"key": arguments.key, "namespace": namespace}
    id_, versions = found or (None, [])
    shown = bounded(versions[:limit], lambda one: _version(one, call.app.health.now()))
    answer = {
        "success": True,
        "action": "history",
        **name,
        "found": found is not None,
        "versions": shown,
        "count": len(shown),
    }
    if id_:
        answer["id"] = id_
    if len(shown) < len(versions):
        answer |= {"more": True, "cursor": make_cursor(query, shown[-1]["version"])}
    return answer


def _version(version: Version, now: int) -> dict[str, Any]:
    shown: dict[str, Any] = {"version": version.version, "agent": version.writer, "at": iso(version.at)}
    if version.is_expired(now):
        return without_none(shown | {"expired": True})
    if version.deleted:
        return without_none(shown | {"deleted": True})
    whole = version.size <= HISTORY_WHOLE
    content = {"value": decode(version.content, version.format)} if whole else {"preview": version.content}
    return without_none(shown) | {"size": version.size} | content


_ACTIONS: Final[dict[str, Callable[[Call, MemoryUsageArguments], Awaitable[dict[str, Any]]]]] = {
    "batch": _batch,
    "retrieve": _retrieve,
    "list": _list,
    "search": _search,
    "history": _history,
}

TOOLS: Final = (
    Tool(
        "memory_usage",
        "Durable shared memory under exact keys: state that others look up by name. "
        "action: store (replace; if_version guards shared keys), retrieve, list, search, delete, history, "
        "increment, append, batch (operations: writes, all or nothing). "
        "Example: {action:'store', key:'swarm/shared/plan', value:{...}, namespace:'coordination'}. "
        "Say what you learned with add_knowledge; find it with search_knowledge.",
        MemoryUsageArguments,
        memory_usage,
        Toolset.MEMORY,
        destructive=True,
        always_load=True,
    ),
)
