"""The names that other systems taught: thin views on the same services."""

import pytest
from toolsession import ONLY_LOCAL, Session, still

from swarm_memory import __version__

pytestmark = pytest.mark.anyio


async def test_memory_search_finds_entries_and_knowledge_of_the_project(session: Session) -> None:
    await session.store("needle", {"a": 1})
    await session.add("Needle", "in a haystack of many other words", namespace="aside")
    await session.add("Needle", "elsewhere", project="there")

    answer = await session.call("memory_search", pattern="needle")

    assert {one["kind"] for one in answer["results"]} == {"entry", "knowledge"}
    assert answer.pop("searched") in ("words", "words+static-256")
    assert still({**answer, "results": []}) == {
        "success": True,
        "query": "needle",
        "total": 2,
        "results": [],
        "count": 2,
    }
    assert (await session.call("memory_search", query="needle", namespace="aside"))["count"] == 1
    assert (await session.call("memory_search", query="needle", threshold=1))["count"] == 1
    assert (await session.call("memory_search", query="needle", limit=1))["count"] == 1


async def test_a_conversation_is_kept_in_order_in_both_forms(session: Session) -> None:
    added = await session.call(
        "add_conversation", session_id="talk", message="How?", response="So.", user_id="u", context={"n": 1}
    )
    await session.call("add_conversation", session_id="talk", role="system", content="Note", metadata={"k": "v"})
    await session.call("add_conversation", session_id="other", content="Hello")

    assert still(added) == {"success": True, "session_id": "talk", "ids": ["ID", "ID"], "seq": "SEQ"}
    answer = await session.call("get_conversations", session_id="talk")
    turn = {"id": "ID", "session_id": "talk", "agent": "session-1", "at": "TIME"}
    assert still(answer) == {
        "success": True,
        "conversations": [
            turn | {"role": "system", "content": "Note", "attributes": {"k": "v"}},
            turn | {"role": "assistant", "content": "So.", "attributes": {"user_id": "u", "context": {"n": 1}}},
            turn | {"role": "user", "content": "How?", "attributes": {"user_id": "u", "context": {"n": 1}}},
        ],
        "count": 3,
    }
    every = await session.call("get_conversations")
    assert [one["content"] for one in every["conversations"]] == ["Hello", "Note", "So.", "How?"]
    assert (await session.call("get_conversations", project="there"))["count"] == 0
    first, *others = (await session.search("note"))["results"]
    assert (first["kind"], first["match"]) == ("conversation", ["note"])
    assert all("+context" in one["match"] for one in others)


async def test_conversations_have_pages(session: Session) -> None:
    for number in range(5):
        await session.call("add_conversation", session_id="talk", content=f"{number}")
    seen: list[str] = []
    answer = await session.call("get_conversations", session_id="talk", limit=2)
    while True:
        seen += [one["content"] for one in answer["conversations"]]
        if "cursor" not in answer:
            break
        answer = await session.call("get_conversations", session_id="talk", limit=2, cursor=answer["cursor"])

    assert seen == ["4", "3", "2", "1", "0"]


async def test_what_is_said_between_two_pages_moves_no_turn_to_the_next(session: Session) -> None:
    for number in range(4):
        await session.call("add_conversation", session_id="talk", content=f"{number}")
    for asked in ({"session_id": "talk"}, {}):
        first = await session.call("get_conversations", limit=2, **asked)
        await session.call("add_conversation", session_id="talk", content=f"between {asked}")
        second = await session.call("get_conversations", limit=2, cursor=first["cursor"], **asked)
        told = [one["id"] for one in (*first["conversations"], *second["conversations"])]
        assert len(set(told)) == 4
    assert [one["content"] for one in second["conversations"]] == ["2", "1"]
    await session.refused("get_conversations", session_id="other", cursor=first["cursor"])


@ONLY_LOCAL
async def test_memory_status_tells_the_truth_about_the_store(session: Session) -> None:
    await session.store("k", 1)
    await session.add("t", "c", project="there")

    answer = await session.call("memory_status")

    assert answer.pop("bytes") > 0
    assert answer.pop("engine").split()[0] in ("libsql", "sqlite3")
    assert answer.pop("path").endswith("memory.db")
    assert len(answer.pop("epoch")) == 16
    assert answer.pop("project_reason")
    assert still(answer) == {
        "project": "here",
        "mode": "local",
        "fresh_as_of": "TIME",
        "entries": 1,
        "knowledge": 0,
        "all_projects": 2,
        "active_swarms": 0,
        "embedder": "static-256",
        "seq": "SEQ",
        "schema": answer["schema"],
        "version": __version__,
    }
    assert (await session.call("memory_status", project="there"))["knowledge"] == 1
