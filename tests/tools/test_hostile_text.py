"""Text that means something to SQL, to the search syntax or to a shell is text here, in every field."""

from typing import Any

import pytest
from toolsession import Session, same_json

from swarm_memory.app import App

pytestmark = pytest.mark.anyio

HOSTILE = [
    "'; DROP TABLE memories; --",
    '" OR 1=1 --',
    "') UNION SELECT value FROM facts --",
    ":key ?1 {outcome} @x $y",
    "%_%' ESCAPE '",
    "memory_index MATCH *",
    "$[#] $.a $**",
    "\\x00 \\u0000 %00",
    "<script>alert(1)</script>",
    "../../etc/passwd",
    "-- name: put",
    "NULL",
]


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_text_is_stored_and_found_literally(session: Session, app: App, text: str) -> None:
    plain = text.replace("/", "|")
    names: dict[str, Any] = {"namespace": plain, "project": text, "agent": text}
    await session.store(text, text, tags=[text], **names)
    await session.store(f"{text}2", {text: [text]}, **names)
    await session.usage("append", key="list", value=text, **names)
    piece = await session.add(
        text, text, tags=[text], source=text, priority=text[:32], attributes={text: text}, **names
    )
    await session.call("add_conversation", session_id=text, message=text, context=text, project=text)

    assert await session.value(text, namespace=plain, project=text) == text
    assert same_json(await session.value(f"{text}2", namespace=plain, project=text), {text: [text]})
    assert await session.value("list", namespace=plain, project=text) == [text]
    entry = await session.usage("retrieve", key=text, namespace=plain, project=text)
    assert (entry["tags"], entry["agent"], entry["namespace"]) == ([text], text, plain)
    knowledge = await session.usage("retrieve", id=piece["id"])
    assert (knowledge["topic"], knowledge["source"], knowledge["attributes"]) == (text, text, {text: text})
    by_tag = await session.search(tags=[text], project=text)
    assert by_tag["total"] == 2
    turns = await session.call("get_conversations", session_id=text, project=text)
    assert [turn["content"] for turn in turns["conversations"]] == [text]
    await session.search(text, strict=True)
    await session.usage("search", query=text)
    assert (await session.usage("retrieve", id=text))["found"] is False
    assert (await session.refused("swarm_init", swarmId=text))["code"] == "not_found"
    assert (await session.call("swarm_init", objective=text))["objective"] == text
    listed = await session.usage("list", pattern=text.replace("*", "?"), project=text)
    assert text in [one["key"] for one in listed["entries"]]
    assert await app.health.check() == []
