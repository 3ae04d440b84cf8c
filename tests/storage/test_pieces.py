"""Knowledge and turns of conversations in the store."""

import pytest
from storebench import PROJECT, Bench

from swarm_memory.models.knowledge import Knowledge
from swarm_memory.models.operations import Delete
from swarm_memory.storage.writer import OperationRefused

pytestmark = pytest.mark.anyio

PIECE = Knowledge("JWT rotation", "Rotate every 15 minutes.", tags=("security",), attributes={"area": "auth"})


async def test_the_same_topic_and_content_is_stored_once(bench: Bench) -> None:
    first = await bench.add(PIECE)
    seq = await bench.seq()

    again = await bench.add(Knowledge(PIECE.topic, PIECE.content, tags=("other",)))

    assert (first["duplicate"], again["duplicate"], again["id"], again["version"]) == (False, True, first["id"], 1)
    assert await bench.seq() == seq
    assert await bench.tagged("other") == set()


@pytest.mark.parametrize(
    "other",
    [
        Knowledge("JWT rotation", "Rotate every hour."),
        Knowledge("Token rotation", "Rotate every 15 minutes."),
        Knowledge("JWT rotation", "Rotate every 15 minutes.", namespace="elsewhere"),
    ],
)
async def test_what_differs_in_topic_content_or_namespace_is_another(bench: Bench, other: Knowledge) -> None:
    first = await bench.add(PIECE)

    assert (await bench.add(other))["id"] != first["id"]


async def test_the_same_knowledge_in_another_project_is_another(bench: Bench) -> None:
    first = await bench.add(PIECE)

    assert (await bench.add(PIECE, project="there"))["id"] != first["id"]


async def test_deleted_knowledge_can_be_added_again(bench: Bench) -> None:
    first = await bench.add(PIECE)
    await bench.apply(Delete("default", None, first["id"]))

    again = await bench.add(PIECE)

    assert (again["duplicate"], again["id"] == first["id"]) == (False, False)
    await bench.check_index()


async def test_a_replacement_keeps_what_it_does_not_give_and_its_id(bench: Bench) -> None:
    id_ = (await bench.add(PIECE))["id"]

    outcome = await bench.replace(id_, Knowledge("JWT rotation", "Rotate every hour."))

    memory = await bench.memories.by_id(id_)
    assert memory is not None
    assert (outcome["id"], outcome["version"], memory.version) == (id_, 2, 2)
    assert (memory.content, memory.tags, memory.attributes) == ("Rotate every hour.", ["security"], {"area": "auth"})
    assert await bench.found("hour") == {"JWT rotation"}
    assert await bench.found("minutes") == set()
    await bench.check_index()


async def test_after_a_replacement_the_old_text_is_new_and_the_new_one_is_known(bench: Bench) -> None:
    id_ = (await bench.add(PIECE))["id"]
    await bench.replace(id_, Knowledge("JWT rotation", "Rotate every hour."))

    known = await bench.add(Knowledge("JWT rotation", "Rotate every hour."))
    new = await bench.add(PIECE)

    assert (known["id"], known["duplicate"], new["duplicate"]) == (id_, True, False)


async def test_only_living_knowledge_of_the_project_can_be_replaced(bench: Bench) -> None:
    elsewhere = (await bench.add(PIECE, project="there"))["id"]
    gone = (await bench.add(PIECE))["id"]
    await bench.apply(Delete("default", None, gone))

    for id_ in (elsewhere, gone, "nothing"):
        with pytest.raises(OperationRefused, match="refuse_missing_id"):
            await bench.replace(id_, PIECE)


async def test_a_replacement_may_demand_a_version(bench: Bench) -> None:
    id_ = (await bench.add(PIECE))["id"]
    with pytest.raises(OperationRefused, match="refuse_other_version_of_id"):
        await bench.replace(id_, Knowledge("t", "lost"), if_version=2)

    await bench.replace(id_, Knowledge("t", "kept"), if_version=1)

    memory = await bench.memories.by_id(id_)
    assert memory is not None
    assert memory.content == "kept"


async def test_turns_keep_their_order_and_may_repeat_themselves(bench: Bench) -> None:
    for text in ("yes", "no", "yes"):
        await bench.add(Knowledge(None, text, conversation="talk"))
    await bench.add(Knowledge(None, "elsewhere", conversation="other talk"))
    await bench.add(PIECE)

    talk = await bench.memories.turns(PROJECT, "talk", 2**53, 10)
    every = await bench.memories.turns(PROJECT, None, 2**53, 10)
    page = await bench.memories.turns(PROJECT, "talk", talk[0][0], 1)

    assert [turn.content for _, turn in talk] == ["yes", "no", "yes"]
    assert [turn.content for _, turn in every] == ["elsewhere", "yes", "no", "yes"]
    assert [turn.content for _, turn in page] == ["no"]
    assert await bench.memories.turns("there", None, 2**53, 10) == []
