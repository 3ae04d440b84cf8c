"""The rules at the head of every tool: sizes, spellings, hints, toolsets, what reads leave untouched."""

import json
import sqlite3
from typing import Any

import pytest
from mcp import Client
from toolsession import ONLY_LOCAL, Session, same_json

from swarm_memory.app import App
from swarm_memory.config import Toolset
from swarm_memory.server import build_server
from swarm_memory.tools.table import ALL_TOOLS, tools_of

pytestmark = pytest.mark.anyio

MEMORY = ["memory_usage", "search_knowledge", "add_knowledge"]
SWARM = [
    "swarm_init",
    "swarm_status",
    "agent_spawn",
    "task_orchestrate",
    "task_claim",
    "task_update",
    "message_send",
    "inbox",
    "wait_for_changes",
]

COMPANIONS = [
    "agent_list",
    "file_reserve",
    "swarm_destroy",
    "task_status",
    "memory_search",
    "add_conversation",
    "get_conversations",
    "memory_status",
]


@pytest.mark.parametrize(
    ("toolset", "names", "budget"),
    [
        (Toolset.MEMORY, MEMORY, 16_000),
        (Toolset.DEFAULT, MEMORY + SWARM, 16_000),
        (Toolset.ALL, MEMORY + SWARM + COMPANIONS, 26_000),
    ],
)
async def test_a_toolset_lists_its_tools_within_its_budget(
    app: App, toolset: Toolset, names: list[str], budget: int
) -> None:
    async with Client(build_server(app, toolset)) as client:
        listed = await client.list_tools()
        other = await client.call_tool("memory_status", {})

    assert {tool.name for tool in listed.tools} == set(names)
    assert len(listed.tools) == len(names)
    assert len(listed.model_dump_json(by_alias=True, exclude_none=True).encode()) <= budget
    assert other.is_error == (toolset is not Toolset.ALL)


async def test_every_tool_publishes_a_closed_schema_without_an_output_schema(app: App) -> None:
    async with Client(build_server(app, Toolset.ALL)) as client:
        listed = await client.list_tools()

    for tool in listed.tools:
        text = json.dumps(tool.input_schema)
        assert tool.input_schema["additionalProperties"] is False
        assert tool.output_schema is None
        assert {"project", "agent"} <= set(tool.input_schema["properties"])
        assert '"title": "' not in text  # as a name of an argument it may be there
        assert '"null"' not in text
        assert tool.description


async def test_the_hints_say_which_tools_read_destroy_and_may_be_repeated() -> None:
    hints = {tool.name: tool.published().annotations for tool in ALL_TOOLS}

    reading = {
        "search_knowledge",
        "swarm_status",
        "memory_search",
        "get_conversations",
        "memory_status",
        "agent_list",
        "task_status",
    }
    assert {name for name, hint in hints.items() if hint and hint.read_only_hint} == reading
    assert {name for name, hint in hints.items() if hint and hint.destructive_hint} == {"memory_usage", "swarm_destroy"}
    assert {name for name, hint in hints.items() if hint and hint.idempotent_hint} == reading | {"swarm_destroy"}


async def test_the_instructions_fit_what_a_client_shows(app: App) -> None:
    async with Client(build_server(app, Toolset.DEFAULT)) as client:
        instructions = client.instructions

    assert instructions
    assert len(instructions.encode()) < 2_000


@ONLY_LOCAL
async def test_reading_leaves_the_file_untouched(session: Session, app: App) -> None:
    await session.store("k", {"word": 1}, tags=["t"])
    id_ = (await session.add("topic", "word", session_id="talk"))["id"]
    await session.call("swarm_init")
    await session.call("task_orchestrate", task="all")
    watcher = sqlite3.connect(app.settings.database_path)
    marks = "SELECT (SELECT max(seq) FROM changes), count(*), (SELECT group_concat(value) FROM facts) FROM requests"

    def state() -> tuple[Any, ...]:
        # data_version changes with every commit of another connection, even one that changes no row.
        return (*watcher.execute("PRAGMA data_version").fetchone(), *watcher.execute(marks).fetchone())

    before = state()
    for tool, arguments in (
        ("search_knowledge", {}),
        ("search_knowledge", {"query": "word", "tags": "t"}),
        ("swarm_status", {}),
        ("swarm_status", {"verbose": True}),
        ("agent_list", {}),
        ("swarm_status", {"agents": True, "tasks": "ready"}),
        ("task_status", {"taskId": "t1"}),
        ("file_reserve", {"paths": ["src/**"], "action": "check"}),
        ("memory_search", {"query": "word"}),
        ("get_conversations", {"session_id": "talk"}),
        ("memory_status", {}),
        ("memory_usage", {"action": "retrieve", "key": "k"}),
        ("memory_usage", {"action": "retrieve", "id": id_}),
        ("memory_usage", {"action": "retrieve", "key": "missing"}),
        ("memory_usage", {"action": "list"}),
        ("memory_usage", {"action": "search", "query": "word"}),
        ("memory_usage", {"action": "history", "key": "k"}),
    ):
        await session.call(tool, request_id="a-read-with-an-id", **arguments)
    assert state() == before

    await session.store("k", 2)
    assert state() != before
    watcher.close()


async def test_both_spellings_of_an_argument_mean_the_same(session: Session) -> None:
    for spelling in ({"ifVersion": 0}, {"if_version": 1}, {"ifVersion": 2, "if_version": 2}):
        await session.store("k", 1, **spelling)
    assert (await session.call("swarm_init", max_agents=3))["maxAgents"] == 3
    made = await session.call("swarm_init", maxAgents=3)
    assert (await session.call("swarm_status", swarm_id=made["swarmId"]))["swarmId"] == made["swarmId"]
    await session.search("x", maxTokens=200, tagsMode="any", tags="t")
    await session.add("topic", "content", sessionId="talk")


async def test_an_agents_name_is_kept_with_what_it_writes(session: Session) -> None:
    await session.store("k", 1, agent="ann")
    await session.add("topic", "content", agent="ben")

    assert (await session.usage("retrieve", key="k"))["agent"] == "ann"
    assert (await session.search("topic"))["results"][0]["agent"] == "ben"
    assert (await session.search("ben"))["results"][0]["topic"] == "topic"


async def test_a_request_id_must_be_text_of_1_to_128_characters(session: Session) -> None:
    for bad in ("", "x" * 129, "a\0b"):
        refused = await session.refused("memory_usage", bad, action="store", key="k", value=1)
        assert refused["code"] == "invalid_argument"
    assert (await session.usage("list"))["count"] == 0


async def test_a_retry_of_any_write_is_told_the_first_outcome(session: Session) -> None:
    calls: list[tuple[str, dict[str, Any]]] = [
        ("memory_usage", {"action": "store", "key": "k", "value": "v", "if_version": 0}),
        ("memory_usage", {"action": "append", "key": "l", "value": 2**60}),
        ("memory_usage", {"action": "delete", "key": "k"}),
        ("memory_usage", {"action": "batch", "operations": [{"action": "increment", "key": "n"}] * 2}),
        ("add_knowledge", {"topic": "t", "content": "c", "session_id": "talk"}),
        ("add_conversation", {"session_id": "talk", "message": "hi", "response": "ho"}),
        ("swarm_init", {"objective": "build it", "topology": "mesh"}),
        ("agent_spawn", {"type": "coder"}),
        ("task_orchestrate", {"task": "all", "subtasks": [{"title": "a", "writes": ["src/**"]}]}),
        ("task_claim", {"taskId": "t2"}),
        ("task_update", {"claim": "t2.1", "action": "complete"}),
    ]
    for number, (tool, arguments) in enumerate(calls):
        first = await session.call(tool, f"id-{number}", **arguments)
        assert await session.call(tool, f"id-{number}", **arguments) == first
        changed = await session.refused(tool, f"id-{number}", **arguments, agent="coder")
        assert changed["code"] == "request_id_reused"
    assert await session.value("n") == 2
    assert (await session.call("get_conversations"))["count"] == 3


async def test_the_limits_are_exact(session: Session) -> None:
    for key in ("k", "é" * 512, "x" * 1_024):
        assert (await session.store(key, 1, namespace="n" * 128, tags=["t" * 64] * 32))["stored"] is True
    many = [f"{number:064}" for number in range(32)]
    await session.store("k", 1, tags=many, ttl=315_576_000)
    assert (await session.usage("retrieve", key="k"))["tags"] == many
    assert (await session.usage("store", key="k", value=1, ttl=1))["stored"] is True
    assert (await session.usage("list", limit=200))["count"] >= 1
    await session.search("x " * 50_000)


async def test_the_largest_answers_stay_under_the_limit(session: Session) -> None:
    nasty = '"\\\n\t\x01é🎉'
    for number in range(60):
        await session.store(f"{number}" + "k" * 1_000, nasty * 500, tags=[f"{tag}{'é' * 60}" for tag in range(32)])
    for number in range(20):
        await session.add(f"{number}", nasty * 5_000)
    await session.store("big", nasty * 49_000)

    assert (await session.usage("list", limit=200))["more"]
    await session.search(nasty, max_tokens=50_000, limit=200)
    await session.search("k é 1 2 3", max_tokens=50_000, limit=200)
    await session.search(max_tokens=50_000, limit=200)
    await session.usage("search", query="1", limit=200)
    await session.usage("retrieve", key="big")
    await session.usage("history", key="big", limit=200)
    await session.usage("batch", operations=[{"action": "append", "key": "l", "value": nasty * 100}] * 100)


@ONLY_LOCAL
async def test_the_calls_of_the_documents_that_taught_them_work_as_written(session: Session) -> None:
    await session.add("JWT auth", "We chose JWT with refresh rotation.", tags="security,jwt")
    await session.store("decision/architecture", {"style": "layers"})

    await session.search("project:api-rest previous-decisions", location="auto")
    refused = await session.refused("swarm_init", topology="mesh", maxAgents=8, persistence="turso")
    assert refused["code"] == "no_primary"
    for variable in ("TURSO_DB_URL", "TURSO_DB_AUTH_TOKEN"):
        assert variable in refused["next"]
    assert (await session.usage("store", key="decision/architecture", sync="global"))["version"] == 2
    assert (await session.refused("memory_usage", action="store", key="new", sync="global"))["code"] == "value_missing"
    found = await session.search("pattern:authentication implementation:successful", tags="security,jwt")
    assert [one["topic"] for one in found["results"]] in ([], ["JWT auth"])
    await session.store("feature/user-auth", {"status": "implementing JWT"})
    assert same_json(await session.value("feature/user-auth"), {"status": "implementing JWT"})
    refused = await session.refused("swarm_init", topology="auto", persistence="turso", learning=True)
    assert refused["code"] == "no_primary"
    local = await session.call("swarm_init", topology="auto", persistence="local", learning=True)
    assert (local["persistence"], local["learning"]) == ("local", True)


async def test_tools_are_found_by_name_in_each_toolset() -> None:
    assert list(tools_of(Toolset.MEMORY)) == MEMORY
    assert len(tools_of(Toolset.ALL)) == len(ALL_TOOLS)
