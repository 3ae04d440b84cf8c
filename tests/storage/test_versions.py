"""Versions of a key never restart; tags and ttl live as the operation says."""

from collections.abc import Callable
from typing import Any

import pytest
from storebench import NAMESPACE, PROJECT, Bench, append, delete, increment, store

from swarm_memory.models.operations import Delete, Operation
from swarm_memory.storage.writer import OperationRefused

pytestmark = pytest.mark.anyio


async def test_versions_count_on_over_deletion_and_expiry_and_purge(bench: Bench) -> None:
    await bench.apply(store("k", "one"))
    await bench.apply(delete("k"))
    [again] = await bench.apply(store("k", "three", ttl=1_000))
    assert (again["version"], again["created"]) == (3, True)

    await bench.move_clock(2_000)
    [after_expiry] = await bench.apply(store("k", "four", ttl=1_000))
    assert (after_expiry["version"], after_expiry["created"]) == (4, True)

    await bench.move_clock(120_000)
    bench.fresh_writer()
    await bench.apply(store("other", 1))  # purges
    assert await bench.sql("SELECT buried FROM memories WHERE key = 'k'") == [(2,)]
    [after_purge] = await bench.apply(store("k", "five"))
    assert (after_purge["version"], after_purge["created"]) == (5, True)


@pytest.mark.parametrize("make", [increment, append])
async def test_counters_and_lists_count_on_too(bench: Bench, make: Callable[[str, Any], Operation]) -> None:
    await bench.apply(store("k", "text"), delete("k"))

    [outcome] = await bench.apply(make("k", 5))

    assert (outcome["version"], outcome["created"]) == (3, True)


async def test_history_tells_every_version_and_the_tombstones(bench: Bench) -> None:
    await bench.apply(store("k", {"a": 1}), store("k", "two"), delete("k"), store("k", 4))

    assert await bench.history("k") == [(4, 4, False), (3, None, True), (2, "two", False), (1, {"a": 1}, False)]


async def test_history_has_pages_and_cuts_long_versions(bench: Bench) -> None:
    await bench.apply(*(store("k", "x" * 3_000) for _ in range(5)))

    found = await bench.memories.history((PROJECT, NAMESPACE, "k"), 4, 2, 2_000)

    assert found is not None
    assert [(one.version, len(one.content), one.size) for one in found[1]] == [(3, 300, 3_002), (2, 300, 3_002)]
    assert await bench.memories.history((PROJECT, NAMESPACE, "never"), 2**53, 10, 100) is None


async def test_history_keeps_the_last_200_versions_and_the_present_one(bench: Bench) -> None:
    for _ in range(3):
        await bench.apply(*(store("k", number) for number in range(100)))

    versions = [version for version, _, _ in await bench.history("k")]
    assert versions == list(range(300, 99, -1))


async def test_if_version_writes_only_over_that_version(bench: Bench) -> None:
    await bench.apply(store("k", 1, if_version=0))

    for wrong in (0, 2, 99):
        with pytest.raises(OperationRefused):
            await bench.apply(store("k", "lost", if_version=wrong))
        with pytest.raises(OperationRefused):
            await bench.apply(delete("k", if_version=wrong))
    await bench.apply(store("k", 2, if_version=1))
    await bench.apply(delete("k", if_version=2))

    assert (await bench.history("k"))[0] == (3, None, True)


async def test_version_zero_means_absent_deleted_or_expired(bench: Bench) -> None:
    await bench.apply(store("gone", 1), delete("gone"), store("brief", 1, ttl=1_000))
    with pytest.raises(OperationRefused):
        await bench.apply(store("brief", 2, if_version=0))
    await bench.move_clock(5_000)

    outcomes = await bench.apply(
        store("gone", 2, if_version=0), store("brief", 2, if_version=0), store("new", 2, if_version=0)
    )

    assert [one["version"] for one in outcomes] == [3, 2, 1]


async def test_publishing_again_makes_a_new_version_of_the_same_value(bench: Bench) -> None:
    await bench.apply(store("k", {"a": [1]}, tags=("x",), ttl=60_000))

    [outcome] = await bench.apply(store("k"))

    memory = await bench.get("k")
    assert memory is not None
    assert (memory.value, memory.version, memory.tags, memory.expires_at) == ({"a": [1]}, 2, ["x"], None)
    assert (outcome["created"], outcome["size"]) == (False, 9)
    await bench.check_index()


async def test_publishing_again_needs_a_key_that_lives(bench: Bench) -> None:
    await bench.apply(store("gone", 1), delete("gone"), store("brief", 1, ttl=1_000))
    await bench.move_clock(5_000)

    for key in ("never", "gone", "brief"):
        with pytest.raises(OperationRefused) as refused:
            await bench.apply(store(key))
        assert refused.value.guard == "refuse_missing_key"


async def test_omitted_tags_stay_and_an_empty_list_clears_them(bench: Bench) -> None:
    await bench.apply(store("k", 1, tags=("b", "a")))
    await bench.apply(store("k", 2))
    memory = await bench.get("k")
    assert memory is not None
    assert memory.tags == ["b", "a"]
    assert await bench.tagged("a", "b") == {"k"}

    await bench.apply(store("k", 3, tags=("c", "a")))
    assert (await bench.tagged("a"), await bench.tagged("b"), await bench.tagged("c")) == ({"k"}, set(), {"k"})

    await bench.apply(store("k", 4, tags=()))
    assert await bench.tagged("a", "c", all_tags=False) == set()
    await bench.check_index()


async def test_a_new_life_of_a_key_begins_without_the_old_tags(bench: Bench) -> None:
    await bench.apply(
        store("deleted", 1, tags=("old",)), delete("deleted"), store("expired", 1, tags=("old",), ttl=1_000)
    )
    await bench.move_clock(5_000)

    await bench.apply(store("deleted", 2), store("expired", 2))

    assert await bench.tagged("old") == set()
    await bench.check_index()


@pytest.mark.parametrize("make", [increment, append])
async def test_increment_and_append_keep_ttl_and_tags(bench: Bench, make: Callable[[str, Any], Operation]) -> None:
    await bench.apply(store("k", 1 if make is increment else [1], tags=("x",), ttl=60_000))
    before = await bench.get("k")

    [outcome] = await bench.apply(make("k", 1))

    after = await bench.get("k")
    assert before is not None
    assert after is not None
    assert (after.tags, after.expires_at) == (["x"], before.expires_at)
    assert outcome["expires_at"] == before.expires_at


async def test_a_replacement_without_ttl_removes_the_expiry(bench: Bench) -> None:
    await bench.apply(store("k", 1, ttl=1_000))
    await bench.apply(store("k", 2))
    await bench.move_clock(5_000)

    assert await bench.value("k") == 2


async def test_deleting_by_id_works_on_any_kind_but_only_in_the_project(bench: Bench) -> None:
    [mine] = await bench.apply(store("k", 1))
    [theirs] = await bench.apply(store("k", 1), project="there")

    [missed] = await bench.apply(Delete(NAMESPACE, None, theirs["id"]))
    [deleted] = await bench.apply(Delete(NAMESPACE, None, mine["id"]))

    assert (missed["deleted"], deleted["deleted"]) == (False, True)
    assert await bench.memories.by_id(theirs["id"]) is not None
    assert await bench.memories.by_id(mine["id"]) is None
