"""Bad input of every kind is refused with a code and a next step, and leaves the store as it was."""

import base64
import json
import math
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from mcp import Client
from toolsession import Door, Session, make_settings

from swarm_memory.app import App, open_app
from swarm_memory.server import build_server
from swarm_memory.storage.driver import choose_engine, connect
from swarm_memory.tools._arguments import names_of
from swarm_memory.tools.table import ALL_TOOLS

pytestmark = pytest.mark.anyio

TABLES = ("memories", "memory_tags", "versions", "changes", "requests", "swarms", "facts", "memory_index")
STORE = {"action": "store", "key": "k", "value": 1}
ADD = {"topic": "t", "content": "c"}
TURN = {"session_id": "s", "message": "m"}
LONE = "\ud83d"


def nested(depth: int) -> Any:
    """A list in a list in a list."""
    return [nested(depth - 1)] if depth else "bottom"


def garbage_cursor(payload: Any) -> str:
    """A cursor's form around any payload."""
    return base64.urlsafe_b64encode(json.dumps(payload).encode()).decode().rstrip("=")


def dump(app: App) -> dict[str, list[Any]]:
    """Everything in the store."""
    connection = connect(app.settings.database_path, choose_engine("auto"))
    rows = {table: connection.run(f"SELECT * FROM {table} ORDER BY 1, 2") for table in TABLES}
    connection.close()
    return rows


# A name for the fault, and the tool, the arguments and the code of the refusal.
BAD: dict[str, tuple[str, dict[str, Any], str]] = {
    "no action": ("memory_usage", {"key": "k"}, "invalid_argument"),
    "unknown action": ("memory_usage", {"action": "explode"}, "invalid_argument"),
    "action in capitals": ("memory_usage", {"action": "STORE", "key": "k", "value": 1}, "invalid_argument"),
    "null action": ("memory_usage", {"action": None}, "invalid_argument"),
    "no key": ("memory_usage", {"action": "store", "value": 1}, "invalid_argument"),
    "null key": ("memory_usage", {"action": "store", "key": None, "value": 1}, "invalid_argument"),
    "key of 0 characters": ("memory_usage", STORE | {"key": ""}, "invalid_argument"),
    "key of 2,000 characters": ("memory_usage", STORE | {"key": "k" * 2_000}, "invalid_argument"),
    "key of 1,025 bytes": ("memory_usage", STORE | {"key": "é" * 512 + "x"}, "invalid_argument"),
    "key with NUL": ("memory_usage", STORE | {"key": "a\0b"}, "invalid_argument"),
    "key with a lone surrogate": ("memory_usage", STORE | {"key": f"a{LONE}"}, "invalid_argument"),
    "key and id": ("memory_usage", {"action": "retrieve", "key": "k", "id": "x"}, "invalid_argument"),
    "neither key nor id": ("memory_usage", {"action": "retrieve"}, "invalid_argument"),
    "id for a store": ("memory_usage", STORE | {"id": "x"}, "invalid_argument"),
    "id and namespace": ("memory_usage", {"action": "retrieve", "id": "x", "namespace": "n"}, "invalid_argument"),
    "value of 1 MB and 1": ("memory_usage", STORE | {"value": "x" * 999_999}, "too_large"),
    "value of 1 MB in other letters": ("memory_usage", STORE | {"value": "é" * 500_000}, "too_large"),
    "value with NUL": ("memory_usage", STORE | {"value": "a\0b"}, "invalid_argument"),
    "value with NUL in a name": ("memory_usage", STORE | {"value": {"a\0b": 1}}, "invalid_argument"),
    "value with a lone surrogate": ("memory_usage", STORE | {"value": {"a": [LONE]}}, "invalid_argument"),
    "value with NaN": ("memory_usage", STORE | {"value": [math.nan]}, "invalid_argument"),
    "value with infinity": ("memory_usage", STORE | {"value": {"a": -math.inf}}, "invalid_argument"),
    "value nested 71 deep": ("memory_usage", STORE | {"value": nested(70)}, "invalid_argument"),
    "integer of 5,000 digits": ("memory_usage", STORE | {"value": [10**5_000]}, "invalid_argument"),
    "missing value on a new key": ("memory_usage", {"action": "store", "key": "new"}, "value_missing"),
    "negative ttl": ("memory_usage", STORE | {"ttl": -1}, "invalid_argument"),
    "ttl 0": ("memory_usage", STORE | {"ttl": 0}, "invalid_argument"),
    "ttl under a second": ("memory_usage", STORE | {"ttl": 0.5}, "invalid_argument"),
    "ttl soon": ("memory_usage", STORE | {"ttl": "soon"}, "invalid_argument"),
    "ttl as text": ("memory_usage", STORE | {"ttl": "60"}, "invalid_argument"),
    "ttl true": ("memory_usage", STORE | {"ttl": True}, "invalid_argument"),
    "ttl NaN": ("memory_usage", STORE | {"ttl": math.nan}, "invalid_argument"),
    "ttl infinity": ("memory_usage", STORE | {"ttl": math.inf}, "invalid_argument"),
    "ttl of 11 years": ("memory_usage", STORE | {"ttl": 11 * 366 * 86_400}, "invalid_argument"),
    "33 tags": ("memory_usage", STORE | {"tags": [f"t{number}" for number in range(33)]}, "invalid_argument"),
    "33 tags in a text": ("memory_usage", STORE | {"tags": ",".join(map(str, range(33)))}, "invalid_argument"),
    "tag of 65 characters": ("memory_usage", STORE | {"tags": ["x" * 65]}, "invalid_argument"),
    "tag that is a number": ("memory_usage", STORE | {"tags": [1]}, "invalid_argument"),
    "tag with NUL": ("memory_usage", STORE | {"tags": ["a\0b"]}, "invalid_argument"),
    "tag with a lone surrogate": ("memory_usage", STORE | {"tags": LONE}, "invalid_argument"),
    "namespace with a slash": ("memory_usage", STORE | {"namespace": "a/b"}, "invalid_argument"),
    "namespace of 0 characters": ("memory_usage", STORE | {"namespace": ""}, "invalid_argument"),
    "namespace of 129": ("memory_usage", STORE | {"namespace": "n" * 129}, "invalid_argument"),
    "namespace with NUL": ("memory_usage", STORE | {"namespace": "a\0"}, "invalid_argument"),
    "project of 257": ("memory_usage", STORE | {"project": "p" * 257}, "invalid_argument"),
    "project with a lone surrogate": ("memory_usage", STORE | {"project": LONE}, "invalid_argument"),
    "agent of 129": ("memory_usage", STORE | {"agent": "a" * 129}, "invalid_argument"),
    "agent of 0 characters": ("memory_usage", STORE | {"agent": ""}, "invalid_argument"),
    "unknown argument": ("memory_usage", STORE | {"colour": "red"}, "invalid_argument"),
    "unknown argument with a lone surrogate": ("memory_usage", STORE | {LONE: 1}, "invalid_argument"),
    "unknown argument with NUL": ("memory_usage", STORE | {"a\0": 1}, "invalid_argument"),
    "two spellings, two values": ("memory_usage", STORE | {"if_version": 0, "ifVersion": 1}, "invalid_argument"),
    "negative if_version": ("memory_usage", STORE | {"if_version": -1}, "invalid_argument"),
    "if_version as text": ("memory_usage", STORE | {"if_version": "1"}, "invalid_argument"),
    "if_version of 10^30": ("memory_usage", STORE | {"if_version": 10**30}, "invalid_argument"),
    "sync somewhere": ("memory_usage", STORE | {"sync": "eventually"}, "invalid_argument"),
    "an argument of another action": ("memory_usage", STORE | {"limit": 5}, "invalid_argument"),
    "ttl for increment": ("memory_usage", {"action": "increment", "key": "n", "ttl": 5}, "invalid_argument"),
    "value for retrieve": ("memory_usage", {"action": "retrieve", "key": "k", "value": None}, "invalid_argument"),
    "limit 0": ("memory_usage", {"action": "list", "limit": 0}, "invalid_argument"),
    "limit -1": ("memory_usage", {"action": "list", "limit": -1}, "invalid_argument"),
    "limit 201": ("memory_usage", {"action": "list", "limit": 201}, "invalid_argument"),
    "limit 10^30": ("memory_usage", {"action": "list", "limit": 10**30}, "invalid_argument"),
    "limit as text": ("memory_usage", {"action": "list", "limit": "10"}, "invalid_argument"),
    "limit true": ("memory_usage", {"action": "list", "limit": True}, "invalid_argument"),
    "glob bomb": ("memory_usage", {"action": "list", "pattern": "*a" * 40}, "invalid_argument"),
    "glob bomb across": ("memory_usage", {"action": "list", "pattern": "**/" * 300}, "invalid_argument"),
    "glob of 0 characters": ("memory_usage", {"action": "list", "pattern": ""}, "invalid_argument"),
    "garbage cursor": ("memory_usage", {"action": "list", "cursor": "!!!"}, "invalid_argument"),
    "cursor in other letters": ("memory_usage", {"action": "list", "cursor": "é日本"}, "invalid_argument"),
    "cursor of a number": ("memory_usage", {"action": "list", "cursor": garbage_cursor(1)}, "invalid_argument"),
    "cursor of null": ("memory_usage", {"action": "list", "cursor": garbage_cursor(None)}, "invalid_argument"),
    "cursor of three": ("memory_usage", {"action": "list", "cursor": garbage_cursor([1, 2, 3])}, "invalid_argument"),
    "cursor of a deep list": (
        "memory_usage",
        {"action": "list", "cursor": base64.b64encode(b"[" * 3_000).decode()},
        "invalid_argument",
    ),
    "cursor for get_conversations": ("get_conversations", {"cursor": garbage_cursor(["x", 1])}, "invalid_argument"),
    "offset behind the end": ("memory_usage", {"action": "retrieve", "key": "k", "offset": 99}, "invalid_argument"),
    "negative offset": ("memory_usage", {"action": "retrieve", "key": "k", "offset": -1}, "invalid_argument"),
    "increment by text": ("memory_usage", {"action": "increment", "key": "n", "value": "1"}, "invalid_argument"),
    "increment by null": ("memory_usage", {"action": "increment", "key": "n", "value": None}, "invalid_argument"),
    "increment by true": ("memory_usage", {"action": "increment", "key": "n", "value": True}, "invalid_argument"),
    "increment by 2^63": ("memory_usage", {"action": "increment", "key": "n", "value": 2**63}, "invalid_argument"),
    "increment by NaN": ("memory_usage", {"action": "increment", "key": "n", "value": math.nan}, "invalid_argument"),
    "increment of text": ("memory_usage", {"action": "increment", "key": "text"}, "not_a_number"),
    "increment past 2^63": ("memory_usage", {"action": "increment", "key": "k", "value": 2**63 - 1}, "number_overflow"),
    "append without value": ("memory_usage", {"action": "append", "key": "l"}, "invalid_argument"),
    "append to text": ("memory_usage", {"action": "append", "key": "text", "value": 1}, "not_a_list"),
    "another version": ("memory_usage", STORE | {"if_version": 7}, "version_conflict"),
    "delete of another version": (
        "memory_usage",
        {"action": "delete", "key": "k", "if_version": 7},
        "version_conflict",
    ),
    "search without words": ("memory_usage", {"action": "search"}, "invalid_argument"),
    "search for a number": ("memory_usage", {"action": "search", "value": 5}, "invalid_argument"),
    "search for two things": ("memory_usage", {"action": "search", "query": "a", "pattern": "b"}, "invalid_argument"),
    "query of 100,001 bytes": ("search_knowledge", {"query": "x" * 100_001}, "invalid_argument"),
    "query with NUL": ("search_knowledge", {"query": "a\0b"}, "invalid_argument"),
    "query with a lone surrogate": ("search_knowledge", {"query": LONE}, "invalid_argument"),
    "query that is a list": ("search_knowledge", {"query": ["a"]}, "invalid_argument"),
    "unknown location": ("search_knowledge", {"query": "a", "location": "moon"}, "invalid_argument"),
    "unknown mode": ("search_knowledge", {"query": "a", "mode": "telepathy"}, "invalid_argument"),
    "unknown kind": ("search_knowledge", {"query": "a", "kind": "rumour"}, "invalid_argument"),
    "unknown tags_mode": ("search_knowledge", {"query": "a", "tags_mode": "some"}, "invalid_argument"),
    "max_tokens 99": ("search_knowledge", {"query": "a", "max_tokens": 99}, "invalid_argument"),
    "max_tokens 50,001": ("search_knowledge", {"query": "a", "max_tokens": 50_001}, "invalid_argument"),
    "since yesterday": ("search_knowledge", {"query": "a", "since": "yesterday"}, "invalid_argument"),
    "since the year 99999": ("search_knowledge", {"query": "a", "since": "99999-01-01"}, "invalid_argument"),
    "since a lone surrogate": ("search_knowledge", {"query": "a", "since": LONE}, "invalid_argument"),
    "strict as text": ("search_knowledge", {"query": "a", "strict": "yes"}, "invalid_argument"),
    "no topic": ("add_knowledge", {"content": "c"}, "invalid_argument"),
    "empty topic": ("add_knowledge", ADD | {"topic": ""}, "invalid_argument"),
    "topic of 1,025": ("add_knowledge", ADD | {"topic": "t" * 1_025}, "invalid_argument"),
    "empty content": ("add_knowledge", ADD | {"content": ""}, "invalid_argument"),
    "content of 1 MB and 1": ("add_knowledge", ADD | {"content": "x" * 1_000_001}, "invalid_argument|too_large"),
    "content that is an object": ("add_knowledge", ADD | {"content": {"a": 1}}, "invalid_argument"),
    "priority with NUL": ("add_knowledge", ADD | {"priority": "a\0"}, "invalid_argument"),
    "priority with a lone surrogate": ("add_knowledge", ADD | {"priority": LONE}, "invalid_argument"),
    "priority of 10^5000": ("add_knowledge", ADD | {"priority": 10**5_000}, "invalid_argument"),
    "source with NUL": ("add_knowledge", ADD | {"source": "a\0"}, "invalid_argument"),
    "attributes that are a list": ("add_knowledge", ADD | {"attributes": []}, "invalid_argument"),
    "attributes with NUL": ("add_knowledge", ADD | {"attributes": {"a\0": 1}}, "invalid_argument"),
    "attributes of 10 kB and more": ("add_knowledge", ADD | {"attributes": {"a": "x" * 10_001}}, "too_large"),
    "if_version without id": ("add_knowledge", ADD | {"if_version": 1}, "invalid_argument"),
    "unknown id": ("add_knowledge", ADD | {"id": "nothing"}, "not_found"),
    "id and namespace of knowledge": ("add_knowledge", ADD | {"id": "x", "namespace": "n"}, "invalid_argument"),
    "id and session_id": ("add_knowledge", ADD | {"id": "x", "session_id": "s"}, "invalid_argument"),
    "unknown topology": ("swarm_init", {"topology": "torus"}, "invalid_argument"),
    "topology with a lone surrogate": ("swarm_init", {"topology": LONE}, "invalid_argument"),
    "unknown strategy": ("swarm_init", {"strategy": "chaotic"}, "invalid_argument"),
    "unknown persistence": ("swarm_init", {"persistence": "paper"}, "invalid_argument"),
    "turso without a primary": ("swarm_init", {"persistence": "turso"}, "no_primary"),
    "maxAgents 0": ("swarm_init", {"maxAgents": 0}, "invalid_argument"),
    "maxAgents 65": ("swarm_init", {"maxAgents": 65}, "invalid_argument"),
    "maxAgents and max_agents": ("swarm_init", {"maxAgents": 4, "max_agents": 5}, "invalid_argument"),
    "objective with NUL": ("swarm_init", {"objective": "a\0"}, "invalid_argument"),
    "objective of 4,001": ("swarm_init", {"objective": "x" * 4_001}, "invalid_argument"),
    "config with NaN": ("swarm_init", {"config": {"a": math.nan}}, "invalid_argument"),
    "unknown swarm": ("swarm_init", {"swarmId": "nothing"}, "not_found"),
    "joining with other wishes": ("swarm_init", {"swarmId": "nothing", "topology": "ring"}, "invalid_argument"),
    "status of an unknown swarm": ("swarm_status", {"swarmId": "nothing"}, "not_found"),
    "status without a swarm": ("swarm_status", {}, "not_found"),
    "no message and no content": ("add_conversation", {"session_id": "s"}, "invalid_argument"),
    "message and content": ("add_conversation", TURN | {"content": "c"}, "invalid_argument"),
    "role and message": ("add_conversation", TURN | {"role": "user"}, "invalid_argument"),
    "role with NUL": ("add_conversation", {"session_id": "s", "role": "a\0", "content": "c"}, "invalid_argument"),
    "user_id with a lone surrogate": ("add_conversation", TURN | {"user_id": LONE}, "invalid_argument"),
    "context with NaN": ("add_conversation", TURN | {"context": [math.nan]}, "invalid_argument"),
    "metadata of 10 kB and more": ("add_conversation", TURN | {"metadata": {"a": "x" * 10_001}}, "too_large"),
    "memory_search without words": ("memory_search", {}, "invalid_argument"),
    "memory_search with two": ("memory_search", {"query": "a", "pattern": "b"}, "invalid_argument"),
    "threshold 2": ("memory_search", {"query": "a", "threshold": 2}, "invalid_argument"),
    "unknown tool": ("drop_tables", {}, "unknown_tool"),
}


@pytest.fixture(scope="module")
async def app(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[App]:
    """One store for all: no test here changes it."""
    async with open_app(make_settings(tmp_path_factory.mktemp("home"))) as opened:
        yield opened


@pytest.fixture(scope="module")
async def filled(app: App) -> AsyncGenerator[Session]:
    """A client of a store that has something to lose."""
    async with Client(build_server(app, app.settings.tools)) as client:
        session = Session(client)
        await session.store("k", 1, tags=["t"])
        await session.store("text", "seven", ttl=3_600)
        await session.store("text", "eight")
        await session.add("topic", "content", tags="t", attributes={"a": 1})
        yield session


def way_in(session: Session, app: App, arguments: dict[str, Any]) -> Session:
    """The client, or the server's own door for what this client would not send: others do."""
    try:
        json.dumps(arguments, allow_nan=False).encode().decode("unicode-escape").encode()
    except ValueError:
        return Session(Door(app))
    return session


@pytest.mark.parametrize("name", BAD)
async def test_bad_input_is_refused_and_leaves_the_store_as_it_was(filled: Session, app: App, name: str) -> None:
    tool, arguments, code = BAD[name]
    before = dump(app)

    refused = await way_in(filled, app, arguments).refused(tool, **arguments)

    assert refused["code"] in code.split("|")
    assert dump(app) == before


WRITES = [
    name
    for name, (_, arguments, _) in BAD.items()
    if arguments.get("action") in ("store", "delete", "increment", "append")
    and not {"agent", "project", "sync"} & set(arguments)
]


@pytest.mark.parametrize("name", WRITES)
async def test_an_operation_that_is_bad_alone_is_bad_in_a_batch_and_undoes_the_others(
    filled: Session, app: App, name: str
) -> None:
    _, arguments, code = BAD[name]
    before = dump(app)

    good = {"action": "store", "key": "good", "value": 1}
    refused = await way_in(filled, app, arguments).refused("memory_usage", action="batch", operations=[good, arguments])

    assert refused["code"] in code.split("|")
    assert dump(app) == before


# For every argument of every tool: a value of each JSON type that it does not take.
JSON_TYPES: dict[str, Any] = {
    "number": 5,
    "fraction": 2.5,
    "text": "\t",
    "true": True,
    "list": [[]],
    "object": {"": {}},
}
ANY_JSON = {("memory_usage", "value"), ("add_conversation", "context")}


def _takes(schema: dict[str, Any], kind: str) -> bool:
    wanted = {"fraction": "number", "text": "string", "true": "boolean", "list": "array", "number": "integer"}.get(
        kind, kind
    )
    branches = schema.get("anyOf", [schema])
    types = {branch.get("type") for branch in branches}
    return wanted in types or (wanted == "integer" and "number" in types) or types == {None}


WRONG_TYPES = [
    (tool.name, name, kind)
    for tool in ALL_TOOLS
    for name, schema in tool.published().input_schema["properties"].items()
    for kind in JSON_TYPES
    if (tool.name, name) not in ANY_JSON and not _takes(schema, kind)
]


@pytest.mark.parametrize(("tool", "name", "kind"), WRONG_TYPES)
async def test_a_value_of_the_wrong_type_is_refused_for_every_argument(
    filled: Session, app: App, tool: str, name: str, kind: str
) -> None:
    before = dump(app)

    refused = await filled.refused(tool, **{**_least(tool), name: JSON_TYPES[kind]})

    assert refused["code"] == "invalid_argument"
    assert dump(app) == before


def _least(tool: str) -> dict[str, Any]:
    return {"memory_usage": STORE, "add_knowledge": ADD, "add_conversation": TURN}.get(tool, {})


@pytest.mark.parametrize("tool", [tool.name for tool in ALL_TOOLS])
async def test_an_unknown_argument_is_refused_with_the_names_that_are_known(
    filled: Session, app: App, tool: str
) -> None:
    before = dump(app)

    refused = await filled.refused(tool, **_least(tool), colour="red")

    assert "colour" in refused["what"]
    [arguments] = [one.arguments for one in ALL_TOOLS if one.name == tool]
    for name in names_of(arguments):
        assert name in refused["next"]
    assert dump(app) == before
