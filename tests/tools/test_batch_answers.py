"""The answers to writes: what is told, and never too large to be told."""

from typing import Any

import pytest
from toolsession import ONLY_LOCAL, Session

from swarm_memory.app import App
from swarm_memory.storage.driver import choose_engine, connect

pytestmark = pytest.mark.anyio


async def test_a_batch_says_where_it_does_not_repeat_a_value(session: Session) -> None:
    operations: list[dict[str, Any]] = [
        {"action": "append", "key": "long", "value": "x" * 1_000},
        {"action": "append", "key": "short", "value": "x" * 996},
        {"action": "store", "key": "stored", "value": "x" * 2_000},
    ]
    long, short, stored = (await session.usage("batch", operations=operations))["results"]

    assert (long["value"], long["truncated"], long["size"]) == (None, True, 1_004)
    assert (short["value"], short["size"], "truncated" in short) == (["x" * 996], 1_000, False)
    assert ("value" in stored, "truncated" in stored) == (False, False)


@pytest.mark.parametrize("letter", ['"', "\x01", "\\", "é"])
async def test_the_largest_batch_is_answered(session: Session, letter: str) -> None:
    width = len(letter.encode())
    name = {"key": letter * (1_024 // width), "namespace": letter * (128 // width)}
    one = {"action": "append", "value": letter, **name}

    answer = await session.usage("batch", operations=[one] * 50 + [{"action": "delete", **name}] * 50)

    assert answer["count"] == 100
    assert all(result["truncated"] for result in answer["results"] if len(result["key"]) < len(name["key"]))


async def test_a_delete_by_id_tells_no_namespace_that_it_does_not_know(session: Session) -> None:
    id_ = (await session.add("topic", "content", namespace="far"))["id"]

    answer = await session.usage("delete", id=id_)
    [again] = (await session.usage("batch", operations=[{"action": "delete", "id": id_}]))["results"]

    for told, deleted in ((answer, True), (again, False)):
        assert (told["id"], told["deleted"]) == (id_, deleted)
        assert not {"namespace", "key"} & set(told)


@ONLY_LOCAL
async def test_history_tells_what_was_buried_because_it_expired(session: Session, app: App) -> None:
    await session.store("k", 1)
    await session.usage("delete", key="k")
    connection = connect(app.settings.database_path, choose_engine("auto"))
    connection.run("UPDATE memories SET buried = 2")
    connection.close()

    newest = (await session.usage("history", key="k"))["versions"][0]

    assert (newest["version"], newest.get("expired"), newest.get("deleted")) == (2, True, None)
