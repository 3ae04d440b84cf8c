"""The core of the tools' behaviour, the same over every transport and protocol era."""

import json
from typing import Any

import pytest
from toolsession import Session, same_json, topics

pytestmark = pytest.mark.anyio

VALUES: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    7,
    7.0,
    0.1,
    1e-7,
    1.7976931348623157e308,
    2**31,
    2**53 + 1,
    2**63 - 1,
    -(2**63),
    10**40,
    "",
    "007",
    "true",
    "null",
    "7",
    '{"a":1}',
    "[1, 2]",
    '"quoted"',
    "line\nbreak\ttab \\ backslash / slash \x1f\u2028",
    "Ünïcödé 日本語 🎉 \U0010ffff",
    [],
    {},
    [None, [True, [1, 1.0, "1"]], {}],
    {"a": {"b": [{"c": "007"}]}, "": 0, "Ü": None, "dotted.key": "x"},
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: repr(value)[:30])
async def test_a_value_keeps_its_exact_json_type(anywhere: Session, value: Any) -> None:
    await anywhere.store("k", value)
    assert same_json(await anywhere.value("k"), value)

    [entry] = (await anywhere.usage("history", key="k"))["versions"]
    assert same_json(entry["value"], value)

    await anywhere.usage("append", key="list", value=value)
    assert same_json(await anywhere.value("list"), [value])


async def test_a_key_lives_through_all_its_actions(anywhere: Session) -> None:
    assert (await anywhere.store("n", 1, tags=["t"]))["version"] == 1
    assert (await anywhere.usage("increment", key="n", value=41))["value"] == 42
    assert [one["key"] for one in (await anywhere.usage("list"))["entries"]] == ["n"]
    assert (await anywhere.refused("memory_usage", action="store", key="n", value=0, if_version=1))["code"] == (
        "version_conflict"
    )
    batch = await anywhere.usage(
        "batch",
        operations=[{"action": "store", "key": "m", "value": "words to find"}, {"action": "delete", "key": "n"}],
    )
    assert [one.get("deleted") for one in batch["results"]] == [None, True]
    assert [one["version"] for one in (await anywhere.usage("history", key="n"))["versions"]] == [3, 2, 1]
    assert [one["key"] for one in (await anywhere.usage("search", query="find"))["results"]] == ["m"]


async def test_knowledge_is_added_once_and_found_by_its_words(anywhere: Session) -> None:
    first = await anywhere.add("Token rotation", "Refresh tokens rotate on use.", tags="security,jwt")
    again = await anywhere.add("Token rotation", "Refresh tokens rotate on use.")

    assert again["duplicate_of"] == first["id"]
    assert topics(await anywhere.search("rotating tokens")) == ["Token rotation"]
    assert topics(await anywhere.search()) == ["Token rotation"]


async def test_a_retry_with_a_request_id_is_told_the_first_outcome(anywhere: Session) -> None:
    call: dict[str, Any] = {"action": "increment", "key": "n"}
    first = await anywhere.call("memory_usage", f"id-{anywhere.project}", **call)
    again = await anywhere.call("memory_usage", f"id-{anywhere.project}", **call)

    assert again == first
    assert await anywhere.value("n") == 1
    refused = await anywhere.refused("memory_usage", f"id-{anywhere.project}", **call, value=2)
    assert refused["code"] == "request_id_reused"


async def test_bad_input_is_told_with_a_code_and_a_next_step(anywhere: Session) -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        ({"action": "store", "key": "", "value": 1}, "invalid_argument"),
        ({"action": "store", "key": "k", "value": "x" * 1_000_000}, "too_large"),
        ({"action": "store", "key": "k", "value": 1, "unknown": 1}, "invalid_argument"),
        ({"action": "store", "key": "k\0", "value": 1}, "invalid_argument"),
        ({"action": "explode"}, "invalid_argument"),
        ({}, "invalid_argument"),
    ]
    for arguments, code in cases:
        assert (await anywhere.refused("memory_usage", **arguments))["code"] == code
    assert (await anywhere.refused("no_such_tool"))["code"] == "unknown_tool"
    assert (await anywhere.usage("list"))["entries"] == []


async def test_a_long_value_comes_in_parts_that_join_to_its_json(anywhere: Session) -> None:
    value = {"text": 'Größe "x" \\ 日本 🎉\n' * 8_000, "n": 2**53 + 1}
    await anywhere.store("long", value)

    text, offset = "", 0
    while True:
        part = await anywhere.usage("retrieve", key="long", offset=offset)
        assert part["value"] is None
        text += part["value_part"]
        if "next_offset" not in part:
            break
        offset = part["next_offset"]

    assert same_json(json.loads(text), value)
    assert len(text.encode()) == part["total_bytes"]


async def test_the_largest_value_can_be_stored(anywhere: Session) -> None:
    answer = await anywhere.store("k", "x" * 999_998)

    assert answer["size"] == 1_000_000


async def test_a_swarm_is_made_joined_and_told_the_same(anywhere: Session) -> None:
    made = await anywhere.call("swarm_init", topology="mesh", maxAgents=4)
    joined = await anywhere.call("swarm_init", swarmId=made["swarmId"])
    status = await anywhere.call("swarm_status")

    assert (made["joined"], joined["joined"]) == (False, True)
    assert status["swarmId"] == made["swarmId"]
    assert (status["topology"], status["maxAgents"]) == ("mesh", 4)
