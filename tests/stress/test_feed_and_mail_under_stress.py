"""Many writers and readers of the feed, in processes, and much mail: nothing missed, nothing twice, order kept."""

import asyncio
import random
import sys
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from primaries import a_replica
from sqld import Sqld

from swarm_memory.models.caller import Caller, Origin
from swarm_memory.models.events import Cursor, Interest
from swarm_memory.models.operations import Store
from swarm_memory.models.values import encode
from swarm_memory.services.changes import ChangesService
from swarm_memory.services.waiting import Waiting
from swarm_memory.storage.cursors import CursorReads
from swarm_memory.storage.feed import Feed
from swarm_memory.storage.local import open_local
from swarm_memory.storage.memories import change_of
from swarm_memory.storage.writer import Writer

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))

from swarmbench import swarm_bench

pytestmark = [pytest.mark.stress, pytest.mark.anyio]

WRITERS, READERS = 32, 16
EACH = {"local": 60, "replica": 15}
"""Changes of each writer: all of them share one event loop, and libSQL, which reads a replica, holds it up."""
PROJECT = "stress"


@pytest.fixture(params=["local", "replica"])
async def stores(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncGenerator[list[Any]]:
    """Four views of one store, each with connections of its own; a replica's are two of one machine, two of another."""
    async with AsyncExitStack() as stack:
        if request.param == "local":
            opened = [await open_local(tmp_path / "memory.db") for _ in range(4)]
            for one in opened:
                stack.callback(one.close)
                await one.prepare()
            yield opened
            return
        primary = stack.enter_context(Sqld(tmp_path / "primary"))
        places = [tmp_path / "here", tmp_path / "here", tmp_path / "there", tmp_path / "there"]
        yield [await stack.enter_async_context(a_replica(primary.url, place, patience=30)) for place in places]


async def test_every_reader_hears_everything_once_and_in_the_order_of_commits(stores: list[Any]) -> None:
    dice, each = random.Random(11), EACH[stores[0].mode]
    feeds = [Feed(store) for store in stores]
    services = [
        ChangesService(feed, Waiting(feed), CursorReads(store), Writer(store))
        for feed, store in zip(feeds, stores, strict=True)
    ]
    caller = Caller(PROJECT, Origin("writer"))
    interest = Interest(PROJECT)
    start = (await services[0].wait(interest, None, 0)).cursor
    heard: list[list[tuple[int, str | None]]] = []

    async def write(number: int) -> None:
        writer = Writer(stores[number % len(stores)])
        for item in range(each):
            await writer.apply([change_of(Store("default", f"{number}/{item}", encode(item)), caller)])

    async def read(service: ChangesService, skipped: int) -> None:
        cursor, seen = Cursor(start.epoch, start.seq + skipped), list[tuple[int, str | None]]()
        while len(seen) < WRITERS * each - skipped:
            page = await service.wait(interest, cursor, 30)
            assert not page.reset
            cursor = page.cursor
            seen += [(event.seq, event.name) for event in page.events]
        heard.append(seen)

    async with asyncio.timeout(200), asyncio.TaskGroup() as tasks:
        for number in range(READERS):
            tasks.create_task(read(services[number % len(services)], dice.randrange(0, 50)))
        for number in range(WRITERS):
            tasks.create_task(write(number))

    longest = max(heard, key=len)
    assert len({seq for seq, _ in longest}) == len(longest)
    for seen in heard:
        assert seen == longest[len(longest) - len(seen) :]


async def test_eight_senders_reach_eight_recipients_three_hundred_times(tmp_path: Path) -> None:
    agents, each = 8, 300
    async with swarm_bench(tmp_path) as bench:
        servers = [await bench.server(f"s{number}") for number in range(agents)]
        swarm = (await servers[0].call("swarm_init", topology="mesh", objective="mail", maxAgents=agents))["swarmId"]
        names = [await server.spawn(f"a{number}", swarmId=swarm) for number, server in enumerate(servers)]
        seen: dict[str, list[str]] = {name: [] for name in names}
        acked: dict[str, set[str]] = {name: set() for name in names}

        async def send(number: int) -> None:
            for item in range(each):
                body = f"{number} {item}"
                await servers[number].call("message_send", to="*", body=body, ack=True, agent=names[number])

        async def read(number: int) -> None:
            name, ids = names[number], list[str]()
            while len(acked[name]) < (agents - 1) * each:
                told = await servers[number].call("inbox", agent=name, ack_ids=ids, limit=20)
                acked[name].update(ids)
                ids = [one["id"] for one in told["messages"]]
                assert not acked[name].intersection(ids)  # never again after its acknowledgement
                seen[name] += [one["body"] for one in told["messages"] if not one.get("again")]
                await asyncio.sleep(0.01)

        async with asyncio.timeout(280), asyncio.TaskGroup() as tasks:
            for number in range(agents):
                tasks.create_task(send(number))
                tasks.create_task(read(number))

    for number, name in enumerate(names):
        for other in range(agents):
            mine = [body for body in seen[name] if body.startswith(f"{other} ")]
            assert mine == ([] if other == number else [f"{other} {item}" for item in range(each)])
