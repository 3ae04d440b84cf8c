"""A request id makes a write safe to retry: done once, told alike."""

import pytest
from storebench import DAY, Bench, append, delete, increment, store

from swarm_memory.errors import RequestIdReused
from swarm_memory.models.caller import Request
from swarm_memory.storage.writer import OperationRefused

pytestmark = pytest.mark.anyio

ID = Request("here", "request-1", "hash-1")
SAME_ID_OTHER_CALL = Request("here", "request-1", "hash-2")


async def test_a_retry_does_nothing_again_and_gives_the_first_outcome(bench: Bench) -> None:
    first = await bench.apply(increment("n", 5), request=ID)
    seq = await bench.seq()

    again = await bench.apply(increment("n", 5), request=ID)

    assert again == first
    assert (await bench.value("n"), await bench.seq()) == (5, seq)


async def test_the_first_outcome_is_told_even_when_others_have_written_since(bench: Bench) -> None:
    first = await bench.apply(store("k", "mine"), request=ID)
    await bench.apply(store("k", "theirs"))

    assert await bench.apply(store("k", "mine"), request=ID) == first
    assert await bench.value("k") == "theirs"


async def test_a_batch_is_retried_as_a_whole(bench: Bench) -> None:
    operations = (store("a", 1), increment("n", 2), append("l", {"x": "é"}), delete("a"), delete("missing"))
    first = await bench.apply(*operations, request=ID)
    assert [one.get("value") for one in first] == [None, 2, [{"x": "é"}], None, None]
    assert [one.get("deleted") for one in first] == [None, None, None, True, False]

    assert await bench.apply(*operations, request=ID) == first
    assert await bench.value("n") == 2


async def test_an_outcome_with_a_request_id_is_the_same_as_without(bench: Bench) -> None:
    plain = await bench.apply(store("a", 1, ttl=60_000), delete("a"), append("l", 2**60))
    with_id = await bench.apply(store("b", 1, ttl=60_000), delete("b"), append("m", 2**60), request=ID)

    for one, other in zip(plain, with_id, strict=True):
        moving = ("id", "key", "seq", "at", "expires_at")
        assert {name: one[name] for name in one if name not in moving} == {
            name: other[name] for name in other if name not in moving
        }


async def test_the_same_id_for_another_call_is_refused_and_nothing_is_written(bench: Bench) -> None:
    await bench.apply(store("k", 1), request=ID)

    with pytest.raises(RequestIdReused, match=r"^\[request_id_reused\] .* Next: "):
        await bench.apply(store("k", 2), request=SAME_ID_OTHER_CALL)

    assert await bench.value("k") == 1


async def test_the_same_id_in_another_project_is_another_request(bench: Bench) -> None:
    await bench.apply(increment("n", 1), request=ID)
    await bench.apply(increment("n", 1), request=Request("there", ID.id, "hash-2"))

    assert await bench.value("n") == 2


async def test_refusals_are_not_kept_so_that_the_same_request_may_succeed_later(bench: Bench) -> None:
    await bench.apply(store("k", 1))
    with pytest.raises(OperationRefused):
        await bench.apply(store("k", 2, if_version=0), request=ID)
    await bench.apply(delete("k"))

    [outcome] = await bench.apply(store("k", 2, if_version=0), request=ID)

    assert outcome["version"] == 3


async def test_an_id_is_remembered_for_24_hours_and_then_forgotten(bench: Bench) -> None:
    await bench.apply(increment("n", 1), request=ID)
    await bench.move_clock(DAY - 60_000)
    await bench.apply(increment("n", 1), request=ID)
    assert await bench.value("n") == 1

    await bench.move_clock(DAY + 60_000)
    await bench.apply(increment("n", 1), request=SAME_ID_OTHER_CALL)
    assert await bench.value("n") == 2
    assert await bench.apply(increment("n", 1), request=SAME_ID_OTHER_CALL)
    assert await bench.value("n") == 2


async def test_old_ids_are_purged(bench: Bench) -> None:
    await bench.apply(increment("n", 1), request=ID)
    await bench.move_clock(DAY + 60_000)
    bench.fresh_writer()

    await bench.apply(store("k", 1))

    assert await bench.sql("SELECT count(*) FROM requests WHERE scope <> ''") == [(0,)]


async def test_a_text_that_looks_like_sql_or_a_parameter_is_a_request_id_like_any_other(bench: Bench) -> None:
    request = Request("here", "{outcome} ?1 :id '); DROP TABLE requests; --", "hash")
    await bench.apply(store("k", "{outcome} ?1 :scope"), request=request)

    assert len(await bench.apply(store("k", "{outcome} ?1 :scope"), request=request)) == 1
    assert await bench.history("k") == [(1, "{outcome} ?1 :scope", False)]
