"""What retention says goes with the writes, a part at a time, and all at once with a compaction; the rest stays."""

from typing import Any

import pytest
from storebench import DAY, NAMESPACE, PROJECT, Bench, store

from swarm_memory.models.events import Cursor, Interest
from swarm_memory.models.retention import Retention
from swarm_memory.services.changes import ChangesService
from swarm_memory.services.waiting import Waiting
from swarm_memory.storage.cursors import CursorReads
from swarm_memory.storage.feed import Feed
from swarm_memory.storage.housekeeping import Housekeeping
from swarm_memory.storage.writer import Writer

pytestmark = pytest.mark.anyio

MINUTE = 60_001


async def seqs(bench: Bench) -> list[int]:
    return [int(str(seq)) for (seq,) in await bench.sql("SELECT seq FROM changes ORDER BY seq")]


async def write_much(bench: Bench, number: int = 10) -> None:
    for value in range(number):
        await bench.apply(store("k", value))


async def purge_with(bench: Bench, retention: Retention | None, later: int) -> None:
    """Let so much time pass, and write once under these rules: that purges."""
    await bench.move_clock(later)
    bench.writer = Writer(bench.database, retention)
    await bench.apply(store("other", 1))


async def test_only_the_newest_changes_stay_and_their_numbers_go_on(bench: Bench) -> None:
    await write_much(bench)
    await purge_with(bench, Retention(changes=5), MINUTE)

    assert await seqs(bench) == [6, 7, 8, 9, 10, 11]  # the purge was before the write that it came with
    assert await bench.seq() == 11


async def test_one_that_keeps_a_single_change_never_loses_the_last_number(bench: Bench) -> None:
    await write_much(bench)
    await purge_with(bench, Retention(changes=1), MINUTE)
    await purge_with(bench, Retention(changes=1), 2 * MINUTE)

    assert (await seqs(bench))[-1] == 12
    assert len(await seqs(bench)) == 2


async def test_a_wait_from_before_what_is_kept_is_told_to_begin_anew(bench: Bench, database: Any) -> None:
    changes = ChangesService(Feed(database), Waiting(Feed(database)), CursorReads(database), Writer(database))
    begin = (await changes.wait(Interest(PROJECT), None, 0)).cursor
    await write_much(bench)
    await purge_with(bench, Retention(changes=5), MINUTE)

    happened = await changes.wait(Interest(PROJECT), begin, 10)
    assert (happened.reset, happened.events, happened.cursor.seq) == (True, (), 11)
    kept = await changes.wait(Interest(PROJECT), Cursor(begin.epoch, 5), 10)
    assert not kept.reset
    assert [event.seq for event in kept.events] == [6, 7, 8, 9, 10, 11]


async def test_a_past_version_goes_when_it_was_replaced_long_ago_and_not_when_it_is_old(bench: Bench) -> None:
    await write_much(bench, 3)
    await bench.move_clock(10 * DAY)
    await bench.apply(store("k", "new"))
    await purge_with(bench, Retention(1_000, history=7 * DAY), 10 * DAY + MINUTE)

    assert [version for version, *_ in await bench.history("k")] == [4, 3]  # 1 and 2 were replaced ten days ago
    await purge_with(bench, Retention(1_000, history=7 * DAY), 20 * DAY)
    await purge_with(bench, Retention(1_000, history=7 * DAY), 20 * DAY + MINUTE)  # the next round
    assert [version for version, *_ in await bench.history("k")] == [4]
    assert await bench.value("k") == "new"


async def test_without_retention_only_what_has_expired_goes(bench: Bench) -> None:
    await write_much(bench)
    await purge_with(bench, None, 400 * DAY)

    assert len(await seqs(bench)) == 11
    assert len(await bench.history("k")) == 10


async def test_a_purge_of_everything_leaves_nothing_that_may_go(bench: Bench) -> None:
    for number in range(300):
        await bench.apply(*[store(f"{number}/{key}", key) for key in range(2)], store("gone", number, ttl=1_000))
    await bench.move_clock(DAY)

    await Housekeeping(bench.database, Retention(1_000, history=DAY // 2)).purge()

    [[tombstones, past]] = await bench.sql("SELECT sum(buried > 0), (SELECT count(*) FROM versions) FROM memories")
    assert (tombstones, past) == (1, 0)
    assert len(await seqs(bench)) == 900 + 1  # the last one tells that gone has expired
    assert len(await bench.memories.entries(PROJECT, NAMESPACE, "", "", 1_000)) == 600
    await bench.check_index()
