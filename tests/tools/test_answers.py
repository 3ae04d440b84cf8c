"""The last guards around every call: the size of an answer, and what counts as the same call again."""

from typing import Any

import pytest
from toolsession import Session

from swarm_memory.app import App
from swarm_memory.config import Toolset
from swarm_memory.models.caller import Caller
from swarm_memory.models.swarm import SwarmWish
from swarm_memory.services.swarm import MAX_REMEMBERED
from swarm_memory.tools._arguments import CommonArguments
from swarm_memory.tools._boundary import MAX_ANSWER_BYTES, Call, Tool, answer

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(("letter", "wire"), [("x", 2), ("é", 4), ('"', 2 + 4)])
async def test_an_answer_over_the_limit_is_refused_with_what_to_do(app: App, letter: str, wire: int) -> None:
    def tool(letters: int) -> Tool:
        async def run(_call: Call, _arguments: CommonArguments) -> dict[str, Any]:
            return {"value": letter * letters}

        return Tool("bulky", "Answers much.", CommonArguments, run, Toolset.ALL, read_only=True)

    most = MAX_ANSWER_BYTES // wire
    fits = await answer(app, tool(most - 100), {}, meta=None, session=None)
    refused = await answer(app, tool(most), {}, meta=None, session=None)

    assert not fits.is_error
    [block] = refused.content
    assert refused.is_error
    assert refused.structured_content is None
    assert block.type == "text"
    assert block.text.startswith("[too_large] The answer of bulky would have ")
    assert "smaller limit" in block.text


async def test_a_retry_may_spell_its_arguments_the_other_way(session: Session) -> None:
    same: list[list[dict[str, Any]]] = [
        [{"action": "store", "key": "k", "value": 1, name: 0} for name in ("if_version", "ifVersion")],
        [
            {"action": "batch", "operations": [{"action": "store", "key": "b", "value": None, name: 0}]}
            for name in ("ifVersion", "if_version")
        ],
        [{"action": "store", "key": "t", "value": 1, "tags": tags} for tags in ("a, b", ["a", "b"])],
        [{"action": "increment", "key": "n", **more} for more in ({}, {"ttl": None})],
    ]
    for number, (one, other) in enumerate(same):
        first = await session.call("memory_usage", f"id-{number}", **one)
        assert await session.call("memory_usage", f"id-{number}", **other) == first
    swarm = await session.call("swarm_init", "id-swarm", maxAgents=3)
    assert await session.call("swarm_init", "id-swarm", max_agents=3) == swarm


async def test_another_value_under_the_same_request_id_is_another_call(session: Session) -> None:
    store: dict[str, Any] = {"action": "store", "key": "k"}
    await session.store("k", 0)
    await session.call("memory_usage", "id", **store, value=None)
    for other in (store, store | {"value": 0}, store | {"value": [None]}, {"action": "delete", "key": "k"}):
        assert (await session.refused("memory_usage", "id", **other))["code"] == "request_id_reused"


async def test_the_current_swarm_is_remembered_for_the_newest_sessions_alone(app: App) -> None:
    def caller(session: str) -> Caller:
        return app.caller(project="p", session=session)

    old, new = [(await app.swarms.init(_wish(text), None, caller("a"))).swarm.id for text in ("old", "new")]
    await app.swarms.join(old, None, caller("a"))
    for number in range(MAX_REMEMBERED - 1):
        await app.swarms.join(old, None, caller(str(number)))
    assert (await app.swarms.find("current", caller("a"))).id == old

    await app.swarms.join(old, None, caller("one more"))
    assert (await app.swarms.find("current", caller("a"))).id == new
    assert (await app.swarms.find("current", caller("0"))).id == old


def _wish(objective: str) -> SwarmWish:
    return SwarmWish(None, None, None, None, objective, None)
