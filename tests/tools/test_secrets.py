"""Secrets stay out of the store, through whatever tool they come, unless a call says that it means it."""

from typing import Any

import pytest
from toolsession import ONLY_LOCAL, Session

from swarm_memory.tools._boundary import Tool
from swarm_memory.tools.table import ALL_TOOLS

pytestmark = pytest.mark.anyio

TOKEN = "ghp_" + "aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5"  # of nobody

# A name for the way in, the call, and where the refusal says that it is.
WAYS: dict[str, tuple[str, dict[str, Any], str]] = {
    "a value": ("memory_usage", {"action": "store", "key": "k", "value": {"ci": [TOKEN]}}, "value.ci[0]"),
    "a text": ("memory_usage", {"action": "store", "key": "k", "value": f"is\n{TOKEN}"}, "value, line 2"),
    "a key": ("memory_usage", {"action": "store", "key": TOKEN, "value": 1}, "key"),
    "a tag": ("memory_usage", {"action": "store", "key": "k", "value": 1, "tags": ["x", TOKEN]}, "tags[1]"),
    "an item": ("memory_usage", {"action": "append", "key": "k", "value": TOKEN}, "value"),
    "a batch": (
        "memory_usage",
        {
            "action": "batch",
            "operations": [
                {"action": "store", "key": "a", "value": 1},
                {"action": "store", "key": "b", "value": {"t": TOKEN}},
            ],
        },
        "operations[1].value.t",
    ),
    "content": ("add_knowledge", {"topic": "CI", "content": f"It pushes with {TOKEN}."}, "content, behind 15"),
    "a topic": ("add_knowledge", {"topic": TOKEN, "content": "c"}, "topic"),
    "attributes": ("add_knowledge", {"topic": "t", "content": "c", "attributes": {"by": TOKEN}}, "attributes.by"),
    "a message": ("add_conversation", {"session_id": "s", "message": TOKEN, "response": "ok"}, "message"),
    "a response": ("add_conversation", {"session_id": "s", "message": "m", "response": TOKEN}, "response"),
    "an objective": ("swarm_init", {"objective": f"Deploy with {TOKEN}"}, "objective"),
}


@ONLY_LOCAL
@pytest.mark.parametrize("way", WAYS)
async def test_a_secret_is_refused_with_its_place_and_nothing_is_stored(session: Session, way: str) -> None:
    tool, arguments, place = WAYS[way]

    refused = await session.refused(tool, **arguments)

    assert refused["code"] == "looks_like_secret"
    assert refused["what"].startswith(place)
    assert "rule github-pat" in refused["what"]
    assert TOKEN not in refused[0]
    assert (await session.call("memory_status"))["seq"] == 0


@ONLY_LOCAL
@pytest.mark.parametrize("way", [way for way, (tool, *_) in WAYS.items() if tool != "swarm_init"])
async def test_a_call_that_means_it_stores_it(session: Session, way: str) -> None:
    tool, arguments, _ = WAYS[way]

    await session.call(tool, **arguments, allow_secret=True)

    assert (await session.call("memory_status"))["seq"] > 0


@ONLY_LOCAL
async def test_what_only_reads_takes_no_notice(session: Session) -> None:
    await session.store("k", TOKEN, allow_secret=True)

    assert await session.value("k") == TOKEN
    assert (await session.search(TOKEN))["total"] == 1
    assert (await session.usage("search", query=TOKEN))["count"] == 1
    assert not (await session.usage("retrieve", key=TOKEN))["found"]
    assert (await session.usage("delete", key="k"))["deleted"]
    refused = await session.refused("memory_usage", action="retrieve", key="k", allow_secret=True)
    assert refused["code"] == "invalid_argument"


@ONLY_LOCAL
async def test_a_refused_call_may_be_repeated_under_its_request_id(session: Session) -> None:
    call: dict[str, Any] = {"action": "store", "key": "k", "value": TOKEN}
    assert (await session.refused("memory_usage", "request-1", **call))["code"] == "looks_like_secret"

    assert (await session.call("memory_usage", "request-1", **call, allow_secret=True))["version"] == 1


@pytest.mark.parametrize("tool", [tool for tool in ALL_TOOLS if not tool.read_only], ids=lambda tool: tool.name)
def test_every_argument_of_a_tool_that_writes_is_looked_at(tool: Tool) -> None:
    names = set(tool.arguments.model_fields) - {"action"}
    values: dict[str, Any] = {"action": "store", **dict.fromkeys(names, TOKEN)}
    given = tool.arguments.model_construct(None, **values)

    assert set(given.stored()) - {"action"} == names - {"project", "agent"}
