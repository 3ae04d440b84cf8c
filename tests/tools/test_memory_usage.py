"""memory_usage: every action, as whole answers."""

import json
from typing import Any

import pytest
from toolsession import Session, same_json, still

pytestmark = pytest.mark.anyio

WRITTEN: dict[str, Any] = {"success": True, "action": "store", "namespace": "default", "seq": "SEQ", "stored": True}


async def test_store_tells_version_size_and_whether_it_created(session: Session) -> None:
    first = await session.store("swarm/shared/plan", {"step": 1}, tags="a, b ,a")
    second = await session.store("swarm/shared/plan", "two", ttl=90)

    key = {"key": "swarm/shared/plan"}
    assert still(first) == WRITTEN | key | {"version": 1, "size": 10, "created": True}
    assert still(second) == WRITTEN | key | {"version": 2, "size": 5, "created": False, "expires_at": "TIME"}
    assert second["seq"] == first["seq"] + 1


async def test_retrieve_tells_everything_about_a_memory(session: Session) -> None:
    stored = await session.store("k", {"a": [1]}, tags=["x", "y"], agent="ann", ttl=60)
    answer = await session.usage("retrieve", key="k")

    assert still(answer) == {
        "success": True,
        "action": "retrieve",
        "key": "k",
        "namespace": "default",
        "found": True,
        "value": {"a": [1]},
        "id": "ID",
        "kind": "entry",
        "version": 1,
        "tags": ["x", "y"],
        "project": "here",
        "agent": "ann",
        "host": "HOST",
        "created_at": "TIME",
        "updated_at": "TIME",
        "expires_at": "TIME",
        "fresh_as_of": "TIME",
    }
    assert answer["expires_at"] == stored["expires_at"]
    by_id = await session.usage("retrieve", id=answer["id"])
    assert {**by_id, "fresh_as_of": answer["fresh_as_of"]} == answer


async def test_a_miss_names_near_keys_and_the_namespaces_that_have_the_key(session: Session) -> None:
    for number in range(7):
        await session.store(f"feature/login-{number}", number)
    await session.store("feature/logout", 1, namespace="coordination")

    answer = await session.usage("retrieve", key="feature/logout")

    assert still(answer) == {
        "success": True,
        "action": "retrieve",
        "key": "feature/logout",
        "namespace": "default",
        "near_keys": [f"feature/login-{number}" for number in range(5)],
        "namespaces_with_key": ["coordination"],
        "found": False,
        "value": None,
        "version": 0,
        "fresh_as_of": "TIME",
    }
    nothing = await session.usage("retrieve", id="unknown")
    assert (nothing["found"], nothing["value"], nothing["version"]) == (False, None, 0)


async def test_a_null_value_is_a_value(session: Session) -> None:
    await session.store("k", None)

    answer = await session.usage("retrieve", key="k")

    assert (answer["found"], answer["value"], answer["version"]) == (True, None, 1)


async def test_store_without_value_publishes_again_and_refuses_a_new_key(session: Session) -> None:
    await session.store("k", {"a": 1})
    again = await session.usage("store", key="k")
    refused = await session.refused("memory_usage", action="store", key="new")

    assert still(again) == WRITTEN | {"key": "k", "version": 2, "size": 7, "created": False}
    assert refused["code"] == "value_missing"
    assert "value" in refused["what"]


async def test_list_tells_keys_with_previews_in_order_of_namespace_and_key(session: Session) -> None:
    await session.store("b", "x" * 300, agent="ann")
    await session.store("a/1", {"n": 1}, tags=["t"])
    await session.store("z", 1, namespace="aside")
    await session.add("knowledge", "is not a key")

    answer = await session.usage("list")

    aside: dict[str, Any] = {"namespace": "aside", "version": 1, "tags": [], "updated_at": "TIME", "agent": "session-1"}
    default = aside | {"namespace": "default"}
    assert still(answer) == {
        "success": True,
        "action": "list",
        "project": "here",
        "entries": [
            aside | {"key": "z", "size": 1, "preview": "1"},
            default | {"key": "a/1", "size": 7, "tags": ["t"], "preview": '{"n":1}'},
            default | {"key": "b", "size": 302, "agent": "ann", "preview": "x" * 120 + "…"},
        ],
        "count": 3,
    }


@pytest.mark.parametrize(
    ("pattern", "keys"),
    [
        ("*", ["a", "é"]),
        ("**", ["a", "a/b", "a/b/c", "a/x", "é", "\U0010ffff/z"]),
        ("a/*", ["a/b", "a/x"]),
        ("a/**", ["a/b", "a/b/c", "a/x"]),
        ("**/c", ["a/b/c"]),
        ("a/?", ["a/b", "a/x"]),
        ("?", ["a", "é"]),
        ("a", ["a"]),
        ("\U0010ffff**", ["\U0010ffff/z"]),
        ("none*", []),
    ],
)
async def test_list_takes_a_glob(session: Session, pattern: str, keys: list[str]) -> None:
    for key in ("a", "a/b", "a/b/c", "a/x", "é", "\U0010ffff/z"):
        await session.store(key, 1)

    assert [one["key"] for one in (await session.usage("list", pattern=pattern))["entries"]] == keys


async def test_list_has_pages_that_miss_nothing_while_keys_come_and_go(session: Session) -> None:
    for number in range(25):
        await session.store(f"k{number:02}", number, namespace="even" if number % 2 == 0 else "odd")
    seen: list[str] = []
    arguments: dict[str, Any] = {"limit": 7, "pattern": "k*"}
    answer = await session.usage("list", **arguments)
    while True:
        seen += [one["key"] for one in answer["entries"]]
        if not answer.get("more"):
            break
        await session.usage("delete", key=seen[-1], namespace=answer["entries"][-1]["namespace"])
        answer = await session.usage("list", **arguments, cursor=answer["cursor"])

    assert seen == [f"k{number:02}" for number in (*range(0, 25, 2), *range(1, 25, 2))]


async def test_a_cursor_belongs_to_the_list_it_came_from(session: Session) -> None:
    for number in range(3):
        await session.store(f"k{number}", number)
        await session.store("h", number)
    cursor = (await session.usage("list", limit=1))["cursor"]
    of_history = (await session.usage("history", key="h", limit=1))["cursor"]

    for other in ({"pattern": "k*"}, {"namespace": "default"}, {"project": "there"}):
        refused = await session.refused("memory_usage", action="list", cursor=cursor, **other)
        assert refused["code"] == "invalid_argument"
    await session.refused("memory_usage", action="list", cursor=of_history)
    await session.refused("memory_usage", action="history", key="h", cursor=cursor)
    await session.refused("memory_usage", action="history", key="k1", cursor=of_history)
    assert (await session.usage("history", key="h", limit=5, cursor=of_history))["count"] == 2


async def test_search_finds_entries_of_the_project_by_words(session: Session) -> None:
    await session.store("auth/jwt", {"algorithm": "RS256"}, tags=["security"])
    await session.store("long", "needle " + "hay " * 5_000)
    await session.add("Needle", "knowledge is not an entry")
    await session.store("needle", 1, project="there")

    answer = await session.usage("search", query="needle rs256")

    by_key = {one["key"]: one for one in answer["results"]}
    assert answer.pop("searched") in ("words", "words+static-256")
    assert still({**answer, "results": []}) == {
        "success": True,
        "action": "search",
        "query": "needle rs256",
        "results": [],
        "count": 2,
        "total": 2,
    }
    assert by_key["auth/jwt"]["value"] == {"algorithm": "RS256"}
    assert by_key["long"]["preview"].startswith("needle hay")
    assert by_key["long"]["truncated"] is True
    for other in ({"pattern": "needle"}, {"value": "needle"}):
        assert [one["key"] for one in (await session.usage("search", **other))["results"]] == ["long"]
    assert (await session.usage("search", query="needle rs256", tags="security"))["count"] == 1
    assert (await session.usage("search", query="needle", namespace="aside"))["count"] == 0


async def test_delete_tells_whether_there_was_something(session: Session) -> None:
    await session.store("k", 1)
    id_ = (await session.usage("retrieve", key="k"))["id"]

    assert still(await session.usage("delete", key="k", if_version=1)) == {
        "success": True,
        "action": "delete",
        "key": "k",
        "namespace": "default",
        "deleted": True,
        "seq": "SEQ",
    }
    assert (await session.usage("delete", key="k"))["deleted"] is False
    assert (await session.usage("delete", id=id_))["deleted"] is False


async def test_history_tells_versions_newest_first(session: Session) -> None:
    await session.store("k", {"a": 1}, agent="ann")
    await session.store("k", "x" * 3_000)
    await session.usage("delete", key="k")

    answer = await session.usage("history", key="k")

    assert still(answer) == {
        "success": True,
        "action": "history",
        "key": "k",
        "namespace": "default",
        "found": True,
        "versions": [
            {"version": 3, "agent": "session-1", "at": "TIME", "deleted": True},
            {"version": 2, "agent": "session-1", "at": "TIME", "size": 3_002, "preview": "x" * 300},
            {"version": 1, "agent": "ann", "at": "TIME", "size": 7, "value": {"a": 1}},
        ],
        "count": 3,
        "id": "ID",
    }
    assert (await session.usage("history", id=answer["id"]))["versions"] == answer["versions"]
    never = await session.usage("history", key="never")
    assert (never["found"], never["versions"], never["count"]) == (False, [], 0)


async def test_increment_and_append_tell_the_new_value(session: Session) -> None:
    assert still(await session.usage("increment", key="n")) == WRITTEN | {
        "action": "increment",
        "key": "n",
        "version": 1,
        "size": 1,
        "created": True,
        "value": 1,
    }
    assert (await session.usage("increment", key="n", value=2**62))["value"] == 2**62 + 1
    assert (await session.usage("increment", key="n", value=0.5))["value"] == 2.0**62
    assert still(await session.usage("append", key="l", value=None)) == WRITTEN | {
        "action": "append",
        "key": "l",
        "version": 1,
        "size": 6,
        "created": True,
        "value": [None],
    }
    long = await session.usage("append", key="l", value="x" * 41_000)
    assert (long["value"], long["truncated"], long["size"]) == (None, True, 41_009)


async def test_batch_does_all_in_order_and_tells_each_outcome(session: Session) -> None:
    answer = await session.usage(
        "batch",
        namespace="coordination",
        operations=[
            {"action": "store", "key": "a", "value": "007", "tags": "t", "ttl": 60, "ifVersion": 0},
            {"action": "increment", "key": "n", "value": 3},
            {"action": "append", "key": "l", "value": [1], "namespace": "default"},
            {"action": "store", "key": "a", "if_version": 1},
            {"action": "delete", "key": "n"},
        ],
    )

    there = WRITTEN | {"namespace": "coordination"}
    del there["success"]
    assert still(answer) == {
        "success": True,
        "action": "batch",
        "count": 5,
        "seq": "SEQ",
        "results": [
            there | {"key": "a", "version": 1, "size": 5, "created": True, "expires_at": "TIME"},
            there | {"action": "increment", "key": "n", "version": 1, "size": 1, "created": True, "value": 3},
            there
            | {"action": "append", "key": "l", "namespace": "default", "version": 1, "size": 5, "created": True}
            | {"value": [[1]]},
            there | {"key": "a", "version": 2, "size": 5, "created": False},
            {"action": "delete", "key": "n", "namespace": "coordination", "deleted": True, "seq": "SEQ"},
        ],
    }
    assert await session.value("a", namespace="coordination") == "007"


async def test_a_refused_operation_undoes_the_batch_and_is_named(session: Session) -> None:
    await session.store("text", "x")

    refused = await session.refused(
        "memory_usage",
        action="batch",
        operations=[{"action": "store", "key": "a", "value": 1}, {"action": "increment", "key": "text"}],
    )

    assert refused["code"] == "not_a_number"
    assert refused["what"].startswith("operations[1]: 'text'")
    assert [one["key"] for one in (await session.usage("list"))["entries"]] == ["text"]


async def test_a_batch_has_100_operations_and_1_mb_at_most(session: Session) -> None:
    one: dict[str, Any] = {"action": "store", "key": "k", "value": 1}
    assert (await session.usage("batch", operations=[one] * 100))["count"] == 100
    assert (await session.refused("memory_usage", action="batch", operations=[one] * 101))["code"] == "invalid_argument"
    assert (await session.refused("memory_usage", action="batch", operations=[]))["code"] == "invalid_argument"
    assert (await session.refused("memory_usage", action="batch"))["code"] == "invalid_argument"
    half = {"action": "store", "key": "half", "value": "x" * 499_998}
    assert (await session.usage("batch", operations=[half, half]))["count"] == 2
    assert (await session.refused("memory_usage", action="batch", operations=[half, half, one]))["code"] == "too_large"


async def test_a_version_conflict_tells_the_version_value_and_writer_that_are_there(session: Session) -> None:
    await session.store("k", {"owner": "ben"}, agent="ben")

    refused = await session.refused("memory_usage", action="store", key="k", value=1, if_version=0)

    assert refused["code"] == "version_conflict"
    for part in ("version 1", "ben", '{"owner":"ben"}'):
        assert part in refused["what"]
    assert "if_version 1" in refused["next"]
    absent = await session.refused("memory_usage", action="store", key="new", value=1, if_version=3)
    assert "version 0" in absent["what"]


@pytest.mark.parametrize("value", ["x" * 50_000, {"t": "ä" * 30_000}, ["🎉" * 20_000]], ids=["text", "object", "list"])
@pytest.mark.parametrize("start", [0, 1, 39_999, 40_001])
async def test_parts_of_a_long_value_join_from_any_offset(session: Session, value: Any, start: int) -> None:
    await session.store("long", value)
    whole = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()

    joined, offset = b"", start
    while offset < len(whole):
        part = await session.usage("retrieve", key="long", offset=offset)
        assert (part["value"], part["truncated"], part["total_bytes"]) == (None, True, len(whole))
        joined += part["value_part"].encode()
        offset = part.get("next_offset", len(whole))

    begin = start
    while whole[begin] & 0xC0 == 0x80:
        begin += 1
    assert joined == whole[begin:]


async def test_a_value_of_40_kb_comes_whole_and_a_longer_one_by_its_first_part(session: Session) -> None:
    await session.store("k", "x" * 39_998)
    assert same_json(await session.value("k"), "x" * 39_998)
    await session.store("k", "x" * 39_999)
    answer = await session.usage("retrieve", key="k")
    assert (answer["value"], answer["truncated"], answer["next_offset"]) == (None, True, 40_000)


async def test_projects_are_apart(session: Session) -> None:
    await session.store("k", "mine")
    await session.store("k", "theirs", project="there")

    assert await session.value("k") == "mine"
    assert await session.value("k", project="there") == "theirs"
    assert (await session.usage("list", project="there"))["count"] == 1
    await session.usage("delete", key="k")
    assert await session.value("k", project="there") == "theirs"
    assert (await session.usage("history", key="k", project="there"))["count"] == 1
