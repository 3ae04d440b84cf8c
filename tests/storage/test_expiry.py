"""What has expired is in no read, and is purged from the index, the tags and the history by later writes."""

from collections.abc import Callable
from typing import Any

import pytest
from storebench import NAMESPACE, PROJECT, Bench, append, increment, store

from swarm_memory.models.operations import Delete, Operation
from swarm_memory.models.search import Filters
from swarm_memory.storage.health import HealthReads
from swarm_memory.storage.queries import Statement
from swarm_memory.storage.writer import OperationRefused

pytestmark = pytest.mark.anyio

MINUTE = 60_000


async def _with_an_expired_key(bench: Bench) -> str:
    """``brief`` lives ten minutes, ``kept`` for good; twenty minutes pass. The id of ``brief``."""
    await bench.apply(store("brief", {"word": "ephemeral"}, tags=("t",)))
    [outcome, _] = await bench.apply(
        store("brief", {"word": "ephemeral again"}, tags=("t",), ttl=10 * MINUTE),
        store("kept", "ephemeral too", tags=("t",)),
    )
    assert await bench.found("ephemeral") == {"brief", "kept"}
    await bench.move_clock(20 * MINUTE)
    return outcome["id"]


async def test_an_expired_key_is_in_no_read(bench: Bench) -> None:
    id_ = await _with_an_expired_key(bench)

    assert await bench.get("brief") is None
    assert await bench.memories.by_id(id_) is None
    assert await bench.keys() == ["kept"]
    assert await bench.memories.near(PROJECT, NAMESPACE, "br") == ([], [])
    assert await bench.memories.near(PROJECT, "other", "brief") == ([], [])
    assert await bench.found("ephemeral") == {"kept"}
    assert await bench.tagged("t") == {"kept"}
    newest = await bench.search.newest(Filters(PROJECT), decisions=False, limit=10)
    assert [memory.key for memory in (await bench.memories.by_nums(newest)).values()] == ["kept"]
    nums = [int(str(num)) for (num,) in await bench.sql("SELECT num FROM memories")]
    assert [memory.key for memory in (await bench.memories.by_nums(nums)).values()] == ["kept"]
    assert (await HealthReads(bench.database).counts(PROJECT)).entries == 1


async def test_an_expired_key_counts_as_absent_for_every_write(bench: Bench) -> None:
    id_ = await _with_an_expired_key(bench)

    [by_key, by_id] = await bench.apply(Delete(NAMESPACE, "brief"), Delete(NAMESPACE, None, id_))
    assert (by_key["deleted"], by_id["deleted"]) == (False, False)
    with pytest.raises(OperationRefused):
        await bench.apply(Delete(NAMESPACE, "brief", if_version=2))
    [outcome] = await bench.apply(store("brief", 1, if_version=0))
    assert (outcome["version"], outcome["created"]) == (3, True)


@pytest.mark.parametrize(("make", "value"), [(increment, 7), (append, [7])])
async def test_counting_on_an_expired_key_starts_anew_and_leaves_nothing_of_the_old_value(
    bench: Bench, make: Callable[[str, Any], Operation], value: object
) -> None:
    await _with_an_expired_key(bench)

    [outcome] = await bench.apply(make("brief", 7))

    assert outcome["expires_at"] is None
    assert await bench.value("brief") == value
    assert await bench.found("ephemeral") == {"kept"}
    assert await bench.tagged("t") == {"kept"}
    await bench.check_index()


async def test_the_first_write_after_a_minute_purges_what_has_expired(bench: Bench) -> None:
    id_ = await _with_an_expired_key(bench)
    bench.fresh_writer()

    await bench.apply(store("other", 1))

    await bench.check_index()
    rows = await bench.sql("SELECT buried, content, body, tags, size FROM memories WHERE id = ?1", id_)
    assert rows == [(2, "", None, "[]", 0)]
    matches = await bench.sql("SELECT rowid FROM memory_index WHERE memory_index MATCH 'ephemeral'")
    assert len(matches) == 1
    assert await bench.sql("SELECT count(*) FROM memory_tags WHERE tag = 't'") == [(1,)]
    events = await bench.sql("SELECT op, actor FROM changes WHERE ref = ?1 ORDER BY seq", id_)
    assert events == [("create", "ann"), ("update", "ann"), ("expire", None)]


async def test_a_purge_takes_about_a_megabyte_at_a_time(bench: Bench) -> None:
    await bench.apply(*(store(f"large{number}", "x" * 400_000, ttl=MINUTE) for number in range(2)))
    await bench.apply(*(store(f"large{number}", "x" * 400_000, ttl=MINUTE + 1) for number in range(2, 4)))
    await bench.move_clock(2 * MINUTE)
    bench.fresh_writer()

    await bench.apply(store("other", 1))

    assert await bench.sql("SELECT key FROM memories WHERE buried = 2 ORDER BY key") == [
        ("large0",),
        ("large1",),
        ("large2",),
    ]
    await bench.check_index()


async def test_past_versions_are_purged_when_their_own_time_is_over(bench: Bench) -> None:
    await bench.apply(store("k", "secret for a minute", ttl=MINUTE), store("k", "for good"))
    await bench.move_clock(2 * MINUTE)
    bench.fresh_writer()

    await bench.apply(store("other", 1))

    assert await bench.sql("SELECT count(*) FROM versions WHERE content LIKE 'secret%'") == [(0,)]
    assert await bench.value("k") == "for good"


async def test_a_store_is_purged_at_most_once_a_minute_and_200_rows_at_a_time(bench: Bench) -> None:
    for part in range(5):
        await bench.apply(*(store(f"k{part}-{number}", "x", ttl=1_000) for number in range(50)))
    await bench.move_clock(2 * MINUTE)
    left = "SELECT count(*) FROM memories WHERE key LIKE 'k%' AND buried = 0"

    bench.fresh_writer()
    await bench.apply(store("other", 1))
    assert await bench.sql(left) == [(50,)]
    bench.fresh_writer()
    await bench.apply(store("other", 2))
    assert await bench.sql(left) == [(50,)]

    await bench.move_clock(4 * MINUTE)
    bench.fresh_writer()
    await bench.apply(store("other", 3))
    assert await bench.sql(left) == [(0,)]
    await bench.check_index()


async def test_a_refused_batch_purges_nothing_and_the_next_one_does(bench: Bench) -> None:
    await _with_an_expired_key(bench)
    bench.fresh_writer()

    with pytest.raises(OperationRefused):
        await bench.apply(store("kept", 1, if_version=0))
    bench.fresh_writer()
    await bench.apply(store("other", 1))

    assert await bench.sql("SELECT count(*) FROM memories WHERE buried = 2") == [(1,)]
    await bench.check_index()


async def test_the_time_of_writes_is_the_databases(bench: Bench) -> None:
    await bench.move_clock(3_600_000)
    before = bench.database.now()
    await bench.apply(store("k", 1, ttl=5_000))

    memory = await bench.get("k")
    assert memory is not None
    assert before - 1_000 <= memory.updated_at <= bench.database.now() + 1_000
    assert memory.expires_at == memory.updated_at + 5_000
    [[(now,)]] = await bench.database.read(Statement("now", "SELECT now FROM clock"))
    assert abs(int(str(now)) - bench.database.now()) < 1_000


async def test_a_purge_means_the_same_rows_from_its_first_statement_to_its_last(bench: Bench) -> None:
    await bench.apply(
        *(store(f"k{number}", f"word{number}", tags=("t",), ttl=MINUTE + number * 1_000) for number in range(1, 60))
    )
    # Ten more seconds pass with every row that the batch changes, so more and more keys expire while it runs.
    [(changed, now)] = await bench.sql("SELECT total_changes(), now + 70000 FROM clock")
    if bench.database.mode != "local":
        changed = 0  # each batch there has a connection of its own
    await bench.sql("DROP VIEW clock")
    await bench.sql(f"CREATE VIEW clock AS SELECT {now} + (total_changes() - {changed}) * 10000 AS now")

    bench.fresh_writer()
    await bench.apply(store("other", 1))

    [(purged,)] = await bench.sql("SELECT count(*) FROM memories WHERE buried = 2")
    assert 0 < int(str(purged)) < 59
    await bench.check_index()
