"""How a machine's replica is kept: one owner, who may die; a file that may be lost; a primary that may be gone."""

import os
import shutil
import signal
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
from cloud import Cloud
from primaries import a_remote, a_replica
from relay import Relay
from sqld import Sqld

from swarm_memory.errors import StorageUnavailable
from swarm_memory.models.caller import Caller, Origin
from swarm_memory.models.operations import Increment, Store
from swarm_memory.models.values import encode
from swarm_memory.storage.database import Database
from swarm_memory.storage.freshness import begin_call
from swarm_memory.storage.memories import MemoryStore, change_of
from swarm_memory.storage.queries import Statement
from swarm_memory.storage.replica import ReplicaDatabase
from swarm_memory.storage.writer import OperationRefused, Writer

pytestmark = pytest.mark.anyio

CALLER = Caller("here", Origin("ann"))
PATIENCE = 20.0


@pytest.fixture(params=["sqld", "cloud"])
def primary(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Sqld | Cloud]:
    """Both kinds of primary: sqld, and the stand-in for Turso Cloud's protocol."""
    with Sqld(tmp_path / "primary") if request.param == "sqld" else Cloud(tmp_path / "primary") as started:
        yield started


@asynccontextmanager
async def caught_up(url: str, directory: Path, *, lasting: bool = True) -> AsyncGenerator[ReplicaDatabase]:
    """A replica with a memory ``k`` = 0, synchronised."""
    async with a_replica(url, directory, lasting=lasting) as replica:
        await put(replica, 0)
        assert await replica.synchronise(PATIENCE)
        yield replica


async def put(database: Database, value: object, key: str = "k") -> None:
    await Writer(database).apply([change_of(Store("default", key, encode(value)), CALLER)])


async def value(database: Database, key: str = "k") -> tuple[object, str, float | None]:
    """The value under a key, where it was read, and how stale it is."""
    begin_call()
    memory = await MemoryStore(database).by_key("here", "default", key)
    told = database.freshness()
    return memory.value if memory else None, told.place, told.stale_for


async def until(what: Callable[[], bool]) -> None:
    """Wait for what sends no event."""
    with anyio.fail_after(PATIENCE):
        while not what():  # noqa: ASYNC110 - another process changes it
            await anyio.sleep(0.02)


async def until_read_from_the_copy(replica: ReplicaDatabase, expected: object) -> None:
    """Wait until the copy serves reads again."""
    with anyio.fail_after(PATIENCE):
        while await value(replica) != (expected, "replica", None):  # noqa: ASYNC110 - another process changes it
            await anyio.sleep(0.05)


async def test_reads_are_of_the_copy_once_it_is_there(primary: Sqld | Cloud, tmp_path: Path) -> None:
    async with caught_up(primary.url, tmp_path / "r") as replica:
        assert await value(replica) == (0, "replica", None)


async def test_nothing_waits_for_the_first_synchronisation(primary: Sqld | Cloud, tmp_path: Path) -> None:
    async with a_replica(primary.url, tmp_path / "r") as replica:
        assert not replica.keeper.state().ready
        await put(replica, 1)
        assert (await value(replica))[0] == 1


async def test_another_machines_write_is_seen(primary: Sqld | Cloud, tmp_path: Path) -> None:
    async with caught_up(primary.url, tmp_path / "r") as replica, a_remote(primary.url) as elsewhere:
        await put(elsewhere, "theirs")
        await until_read_from_the_copy(replica, "theirs")


async def test_a_key_that_was_just_written_elsewhere_is_found_after_idling(tmp_path: Path) -> None:
    with Sqld(tmp_path / "primary") as primary:
        async with caught_up(primary.url, tmp_path / "r") as replica, a_remote(primary.url) as elsewhere:
            os.kill(replica.keeper.state().owner, signal.SIGSTOP)  # nobody synchronises
            await put(elsewhere, "new", "other")
            await until(lambda: replica.keeper.state().age() > 1.0)
            assert await value(replica, "other") == ("new", "primary", None)
            os.kill(replica.keeper.state().owner, signal.SIGCONT)


async def test_a_killed_owner_is_replaced_within_three_seconds_and_no_read_fails(
    primary: Sqld | Cloud, tmp_path: Path
) -> None:
    async with (
        caught_up(primary.url, tmp_path / "r") as replica,
        a_replica(primary.url, tmp_path / "r") as other,
    ):
        killed = replica.keeper.state().owner
        os.kill(killed, signal.SIGKILL)
        begun, reads = time.monotonic(), 0
        with anyio.fail_after(PATIENCE):
            while (state := other.keeper.state()).owner == killed or state.synced_at < begun:
                assert (await value(other))[0] == 0
                reads += 1
                await anyio.sleep(0.01)
        assert time.monotonic() - begun < 3.0
        assert reads > 3


async def test_two_servers_have_one_owner_and_a_closed_one_hands_over(tmp_path: Path) -> None:
    with Sqld(tmp_path / "primary") as primary:
        async with a_replica(primary.url, tmp_path / "r") as second:
            async with caught_up(primary.url, tmp_path / "r") as first:
                assert [first.keeper.is_owner, second.keeper.is_owner].count(True) == 1
                assert (await value(second))[0] == 0
            await until(lambda: second.keeper.is_owner)
            await put(second, 1)
            await until_read_from_the_copy(second, 1)


def _delete(file: Path) -> None:
    file.unlink()


def _truncate(file: Path) -> None:
    os.truncate(file, 100)


def _lose_the_wal(file: Path) -> None:
    Path(f"{file}-wal").unlink()


def _scribble(file: Path) -> None:
    size = file.stat().st_size
    with file.open("r+b") as opened:
        opened.seek(4_096)
        opened.write(os.urandom(max(0, size - 4_096)) or b"x")
    wal = Path(f"{file}-wal")
    if wal.exists():
        wal.write_bytes(os.urandom(wal.stat().st_size))


@pytest.mark.parametrize("damage", [_delete, _truncate, _lose_the_wal, _scribble])
async def test_a_damaged_copy_is_made_anew_while_reads_go_on(damage: object, tmp_path: Path) -> None:
    assert callable(damage)
    with Sqld(tmp_path / "primary") as primary:
        async with caught_up(primary.url, tmp_path / "r") as replica:
            state = replica.keeper.state()
            damage(replica.keeper.path(state))
            with anyio.fail_after(PATIENCE):
                while replica.keeper.state().generation == state.generation or not replica.keeper.state().ready:
                    assert (await value(replica))[0] == 0
                    await anyio.sleep(0.02)
            await put(replica, 1)
            await until_read_from_the_copy(replica, 1)
            assert not replica.keeper.path(state).exists()


async def test_a_deleted_directory_is_made_again_with_one_owner(tmp_path: Path) -> None:
    with Sqld(tmp_path / "primary") as primary:
        async with (
            caught_up(primary.url, tmp_path / "r") as replica,
            a_replica(primary.url, tmp_path / "r") as other,
        ):
            shutil.rmtree(tmp_path / "r")
            await until(lambda: (tmp_path / "r" / "beacon").exists() and replica.keeper.state().ready)
            await put(replica, 1)
            await until_read_from_the_copy(replica, 1)
            await until_read_from_the_copy(other, 1)
            # The old owner goes as soon as it looks, which is before it would write.
            await until(lambda: [replica.keeper.is_owner, other.keeper.is_owner].count(True) == 1)


async def test_a_primary_that_is_gone_leaves_reads_and_refuses_writes_and_all_resumes(
    primary: Sqld | Cloud, tmp_path: Path
) -> None:
    async with caught_up(primary.url, tmp_path / "r") as replica:
        primary.kill()
        await until(lambda: replica.keeper.state().age() > 1.0)
        stored, place, stale_for = await value(replica)
        assert (stored, place) == (0, "replica")
        assert stale_for is not None
        assert stale_for > 1
        with pytest.raises(StorageUnavailable, match="nothing was written"):
            await put(replica, 1)
        primary.start()
        await put(replica, 2)
        await until_read_from_the_copy(replica, 2)


async def test_a_copy_serves_a_server_that_starts_offline(tmp_path: Path) -> None:
    with Sqld(tmp_path / "primary") as primary:
        async with caught_up(primary.url, tmp_path / "r"):
            pass
        primary.kill()
        async with a_replica(primary.url, tmp_path / "r") as replica:
            assert (await value(replica))[:2] == (0, "replica")


async def test_a_silent_network_holds_no_call_longer_than_its_time_out(tmp_path: Path) -> None:
    with Sqld(tmp_path / "primary") as primary, Relay(primary.port) as relay:
        async with a_replica(relay.url, tmp_path / "r", patience=2.0) as replica:
            await put(replica, 0)
            assert await replica.synchronise(PATIENCE)
            relay.black_hole()
            begun = time.monotonic()
            with pytest.raises(StorageUnavailable, match="may have happened or not"):
                await put(replica, 1)
            assert time.monotonic() - begun < 3.0
            assert (await value(replica))[:2] == (0, "replica")
            relay.heal()
            await put(replica, 2)
            await until_read_from_the_copy(replica, 2)


async def test_a_lost_answer_is_asked_for_again_and_the_write_is_done_once(tmp_path: Path) -> None:
    with Sqld(tmp_path / "primary") as primary, Relay(primary.port) as relay:
        async with a_remote(relay.url) as remote:
            await put(remote, 0)
            relay.drop_answers(reset=True, times=1)
            [outcome] = await Writer(remote).apply([change_of(Store("default", "k", encode(1)), CALLER)])
            assert outcome["version"] == 2
            assert (await value(remote))[0] == 1


async def test_a_read_is_never_answered_below_what_the_process_wrote(tmp_path: Path) -> None:
    with Sqld(tmp_path / "primary") as primary:
        async with caught_up(primary.url, tmp_path / "r") as replica:
            os.kill(replica.keeper.state().owner, signal.SIGSTOP)
            await put(replica, 1)
            assert await value(replica) == (1, "primary", None)
            primary.kill()
            with pytest.raises(StorageUnavailable):
                await value(replica)
            os.kill(replica.keeper.state().owner, signal.SIGCONT)


async def test_a_rebuilt_primary_is_followed_from_scratch(tmp_path: Path) -> None:
    with Sqld(tmp_path / "primary") as first:
        port = first.port
        async with caught_up(first.url, tmp_path / "r") as replica:
            first.kill()
            second = Sqld(tmp_path / "other")
            second.port = port
            with second:
                async with a_remote(second.url) as elsewhere:
                    await put(elsewhere, "of another history")
                await until_read_from_the_copy(replica, "of another history")


async def test_many_writers_of_one_process_share_requests_and_each_is_told_its_own_outcome(tmp_path: Path) -> None:
    with Sqld(tmp_path / "primary") as primary, Relay(primary.port) as relay:
        async with a_remote(relay.url) as remote:
            writer, told = Writer(remote), list[int]()

            async def count() -> None:
                for _ in range(5):
                    [outcome] = await writer.apply([change_of(Increment("default", "n", 1), CALLER)])
                    told.append(outcome["value"])

            async with anyio.create_task_group() as group:
                for _ in range(40):
                    group.start_soon(count)

            assert sorted(told) == list(range(1, 201))
            assert relay.stats().total < 10


async def test_a_refused_write_does_not_touch_those_that_travel_with_it(tmp_path: Path) -> None:
    with Sqld(tmp_path / "primary") as primary:
        async with a_remote(primary.url) as remote:
            writer = Writer(remote)
            refused: list[int] = []

            async def store(number: int) -> None:
                wanted = None if number % 2 else 99
                try:
                    await writer.apply(
                        [change_of(Store("default", f"k{number}", encode(1), if_version=wanted), CALLER)]
                    )
                except OperationRefused:
                    refused.append(number)

            async with anyio.create_task_group() as group:
                for number in range(40):
                    group.start_soon(store, number)

            assert sorted(refused) == list(range(0, 40, 2))
            count = Statement("count", "SELECT count(*) FROM memories")
            assert await remote.read(count) == [[(20,)]]


async def test_a_first_write_into_silence_takes_one_time_out_and_not_one_for_each_request(tmp_path: Path) -> None:
    with Sqld(tmp_path / "primary") as primary, Relay(primary.port) as relay:
        async with a_remote(primary.url):
            pass  # brings the schema up
        async with a_replica(relay.url, tmp_path / "r", patience=2.0) as replica:
            relay.set_delay(350)  # the schema is looked at in two round trips, which leaves little for the write
            relay.black_hole(after=1.6)
            assert await seconds_of_the_first_refusal(replica) < 2.5


async def seconds_of_the_first_refusal(database: Database) -> float:
    """Write until that is refused; how long the refused call took."""
    while True:
        begun = time.monotonic()
        try:
            await put(database, 1)
        except StorageUnavailable:
            return time.monotonic() - begun
