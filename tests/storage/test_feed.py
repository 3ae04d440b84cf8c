"""The change sequence as a feed: what was asked for, behind a cursor, in commit order, in every mode."""

import random
from typing import Any

import anyio
import pytest
from storebench import ORIGIN, PROJECT, Bench, delete, store

from swarm_memory.models.events import Cursor, Event, Interest
from swarm_memory.models.globs import compile_glob
from swarm_memory.services.changes import MAX_EVENTS, ChangesService
from swarm_memory.services.waiting import Waiting
from swarm_memory.storage.cursors import CursorReads
from swarm_memory.storage.feed import Feed
from swarm_memory.storage.writer import Writer

pytestmark = pytest.mark.anyio


@pytest.fixture
def waiting(database: Any) -> Waiting:
    return Waiting(Feed(database))


@pytest.fixture
def changes(database: Any, waiting: Waiting) -> ChangesService:
    return ChangesService(Feed(database), waiting, CursorReads(database), Writer(database))


def names(events: tuple[Event, ...]) -> list[str | None]:
    return [event.name for event in events]


async def test_events_behind_a_cursor_come_at_once_in_commit_order(bench: Bench, changes: ChangesService) -> None:
    interest = Interest(PROJECT)
    begin = (await changes.wait(interest, None, 0)).cursor
    await bench.apply(store("a", 1))
    await bench.apply(store("a", 2))
    await bench.apply(delete("a"))

    happened = await changes.wait(interest, begin, 10)

    assert [(event.op, event.name, event.version) for event in happened.events] == [
        ("create", "a", 1),
        ("update", "a", 2),
        ("delete", "a", 3),
    ]
    assert happened.cursor.seq == happened.events[-1].seq
    assert not (await changes.wait(interest, happened.cursor, 0)).events


async def test_a_wait_ends_with_the_first_event_and_tells_it_to_all_who_wait(
    bench: Bench, changes: ChangesService, waiting: Waiting
) -> None:
    interest = Interest(PROJECT)
    begin = await waiting.now()
    told: list[list[str | None]] = []

    async def wait() -> None:
        told.append(names((await changes.wait(interest, begin, 20)).events))

    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            for _ in range(8):
                tasks.start_soon(wait)
            while waiting.waiting < 8:  # noqa: ASYNC110 - nothing else tells it
                await anyio.sleep(0.01)
            await bench.apply(store("news", 1))

    assert told == [["news"]] * 8
    assert waiting.waiting == 0


async def test_what_nobody_asked_for_wakes_nobody(bench: Bench, changes: ChangesService) -> None:
    begin = (await changes.wait(Interest(PROJECT), None, 0)).cursor
    await bench.apply(store("plan/a", 1))
    await bench.apply(store("other", 1))
    cases = {
        Interest("elsewhere"): [],
        Interest(PROJECT, kinds=("task", "message")): [],
        Interest(PROJECT, keys=(compile_glob("plan/*"),)): ["plan/a"],
        Interest(PROJECT, but=(ORIGIN.agent or "",)): [],
        Interest(PROJECT, but=("nobody",)): ["plan/a", "other"],
    }
    for interest, expected in cases.items():
        assert names((await changes.wait(interest, begin, 0.05)).events) == expected, interest


async def test_a_cursor_of_another_history_or_of_one_that_was_cut_is_reset(
    bench: Bench, changes: ChangesService
) -> None:
    for number in range(3):
        await bench.apply(store(f"k{number}", number))
    now = (await changes.wait(Interest(PROJECT), None, 0)).cursor

    other = await changes.wait(Interest(PROJECT), Cursor("0" * 16, 1), 10)
    assert (other.reset, other.events, other.cursor) == (True, (), now)

    await bench.sql("DELETE FROM changes WHERE seq < 3")
    cut = await changes.wait(Interest(PROJECT), Cursor(now.epoch, 1), 10)
    assert (cut.reset, cut.cursor) == (True, now)
    assert names((await changes.wait(Interest(PROJECT), Cursor(now.epoch, 2), 10)).events) == ["k2"]


async def test_an_agent_goes_on_where_its_last_wait_ended(bench: Bench, changes: ChangesService) -> None:
    interest = Interest(PROJECT, but=("me",))
    assert not (await changes.wait_as("me", interest, None, 0)).events
    await bench.apply(store("first", 1))
    assert names((await changes.wait_as("me", interest, None, 5)).events) == ["first"]
    await bench.apply(store("second", 1))
    await bench.apply(store("third", 1))

    assert names((await changes.wait_as("me", interest, None, 5)).events) == ["second", "third"]
    assert not (await changes.wait_as("me", interest, None, 0)).events


async def test_readers_from_any_cursor_beside_writers_miss_nothing_and_hear_nothing_twice(
    bench: Bench, changes: ChangesService
) -> None:
    writers, each, readers = 4, 15, 4
    interest = Interest(PROJECT)
    begin = (await changes.wait(interest, None, 0)).cursor
    await bench.apply(*(store(f"before/{number}", number) for number in range(20)))
    every = [f"before/{number}" for number in range(20)]
    heard: dict[int, list[str | None]] = {}

    async def write(writer: int) -> None:
        for number in range(each):
            await bench.apply(store(f"{writer}/{number}", number))

    async def read(skipped: int) -> None:
        cursor, seen = Cursor(begin.epoch, begin.seq + skipped), list[str | None]()
        while len(seen) < len(every) - skipped + writers * each:
            page = await changes.wait(interest, cursor, 20)
            cursor = page.cursor
            seen += names(page.events)
        heard[skipped] = seen

    with anyio.fail_after(60):
        async with anyio.create_task_group() as tasks:
            for reader in range(readers):
                tasks.start_soon(read, reader * 6)
            for writer in range(writers):
                tasks.start_soon(write, writer)

    whole = heard[0]
    assert whole[:20] == every
    assert sorted(map(str, whole[20:])) == sorted(f"{one}/{number}" for one in range(writers) for number in range(each))
    assert heard == {skipped: whole[skipped:] for skipped in heard}


async def test_pages_from_any_cursor_join_without_gap_or_repetition(bench: Bench, changes: ChangesService) -> None:
    interest = Interest(PROJECT)
    begin = (await changes.wait(interest, None, 0)).cursor
    for number in range(70):
        await bench.apply(store(f"k{number}", number))
    seen: list[str | None] = []
    cursor, more = begin, True
    while more:
        page = await changes.wait(interest, cursor, 10)
        assert len(page.events) <= MAX_EVENTS
        seen += names(page.events)
        cursor, more = page.cursor, page.more
    assert seen == [f"k{number}" for number in range(70)]

    start = random.Random(1).randrange(1, 60)
    some = await changes.wait(interest, Cursor(begin.epoch, begin.seq + start), 10)
    assert names(some.events) == [f"k{number}" for number in range(start, start + MAX_EVENTS)]
