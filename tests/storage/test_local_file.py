"""The local file: who may open it, what a damaged, locked, full or closed one is called, and who sees a commit."""

import os
import stat
import sys
import time
from collections.abc import AsyncGenerator
from pathlib import Path

import anyio
import pytest

from swarm_memory.errors import (
    StorageBusy,
    StorageCorrupt,
    StorageError,
    StorageFull,
    StorageUnavailable,
    SwarmMemoryError,
)
from swarm_memory.storage.driver import Engine, connect
from swarm_memory.storage.local import LocalDatabase, open_local
from swarm_memory.storage.migrate import migrate
from swarm_memory.storage.queries import Statement
from swarm_memory.storage.turn import Turn

pytestmark = pytest.mark.anyio

INSERT = Statement("insert", "INSERT INTO facts (name, value) VALUES (hex(randomblob(8)), zeroblob(100000))")
COUNT = Statement("count", "SELECT count(*) FROM facts")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "down" / "memory.db"


@pytest.fixture
async def local(engine: Engine, path: Path) -> AsyncGenerator[LocalDatabase]:
    """A migrated file that gives up waiting for its lock soon."""
    database = await open_local(path, busy_timeout=0.3, engine=engine)
    await migrate(database)
    yield database
    database.close()


def _told(error: SwarmMemoryError) -> None:
    assert str(error).startswith(f"[{error.code}] ")
    assert " Next: " in str(error)


async def test_the_directory_is_made_and_only_the_owner_may_read_it(local: LocalDatabase, path: Path) -> None:
    await local.write([INSERT])

    assert local.mode == "local"
    for file in path.parent.iterdir():
        if file.name.startswith("memory.db"):
            assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file.name
    assert stat.S_IMODE(path.parent.stat().st_mode) & 0o077 == 0


async def test_the_file_is_in_wal_mode(local: LocalDatabase) -> None:
    assert await local.read(Statement("mode", "PRAGMA journal_mode")) == [[("wal",)]]


@pytest.mark.parametrize(("durability", "level"), [("normal", 1), ("full", 2)])
async def test_durability_is_what_was_asked_for(engine: Engine, path: Path, durability: str, level: int) -> None:
    opened = await open_local(path, engine=engine, durability="full" if durability == "full" else "normal")

    assert await opened.write([Statement("level", "PRAGMA synchronous")]) == [[(level,)]]
    opened.close()


async def test_what_one_connection_commits_the_others_read_at_once(
    local: LocalDatabase, engine: Engine, path: Path
) -> None:
    other = await open_local(path, engine=engine)
    [[(before,)]] = await other.read(COUNT)
    await local.write([INSERT])

    assert await other.read(COUNT) == [[(int(str(before)) + 1,)]]
    other.close()


async def test_a_second_opening_in_one_process_costs_the_first_no_write(
    local: LocalDatabase, engine: Engine, path: Path
) -> None:
    # Closing a descriptor of the file would drop the locks that the first connection has on it, and another process
    # that opens and closes the file would then take the WAL away from under it.
    second = await open_local(path, engine=engine)
    second.close()
    script = (
        "import anyio, sys; from pathlib import Path; from swarm_memory.storage.local import open_local\n"
        "async def main(): (await open_local(Path(sys.argv[1]), engine=sys.argv[2])).close()\n"
        "anyio.run(main)"
    )
    with anyio.fail_after(60):
        await anyio.run_process([sys.executable, "-c", script, str(path), engine])
    await local.write([INSERT])
    [[(mine,)]] = await local.read(COUNT)
    third = await open_local(path, engine=engine)
    [[(theirs,)]] = await third.read(COUNT)
    third.close()

    assert mine == theirs


async def test_a_turn_that_is_kept_by_no_writer_does_not_stop_the_others(local: LocalDatabase, path: Path) -> None:
    keeper = Turn(path)
    assert keeper.try_take()

    await local.write([INSERT])

    keeper.close()


async def test_a_held_lock_is_told_as_busy_after_the_time_out_and_reads_go_on(
    local: LocalDatabase, engine: Engine, path: Path
) -> None:
    holder = connect(path, engine)
    holder.run("BEGIN IMMEDIATE")
    begun = time.monotonic()
    with pytest.raises(StorageBusy) as busy:
        await local.write([INSERT])
    waited = time.monotonic() - begun

    _told(busy.value)
    assert busy.value.retryable
    assert 0.3 <= waited < 3
    assert len(await local.read(COUNT)) == 1
    holder.run("ROLLBACK")
    await local.write([INSERT])
    holder.close()


async def test_a_lock_that_is_freed_in_time_lets_the_write_through_and_the_loop_lives(
    engine: Engine, path: Path
) -> None:
    database = await open_local(path, busy_timeout=10, engine=engine)
    await migrate(database)
    holder = connect(path, engine)
    holder.run("BEGIN IMMEDIATE")
    beats = 0

    async def beat_then_release() -> None:
        nonlocal beats
        for _ in range(20):
            await anyio.sleep(0.005)
            beats += 1
        holder.run("ROLLBACK")

    async with anyio.create_task_group() as group:
        group.start_soon(beat_then_release)
        await database.write([INSERT])
        assert beats == 20
    holder.close()
    database.close()


async def test_many_tasks_of_one_process_write_without_losing_any(local: LocalDatabase) -> None:
    [[(before,)]] = await local.read(COUNT)
    async with anyio.create_task_group() as group:
        for _ in range(50):
            group.start_soon(local.write, [INSERT])

    assert await local.read(COUNT) == [[(int(str(before)) + 50,)]]


async def test_a_cancelled_call_leaves_the_database_whole_and_usable(
    local: LocalDatabase, engine: Engine, path: Path
) -> None:
    holder = connect(path, engine)
    holder.run("BEGIN IMMEDIATE")
    with anyio.move_on_after(0.05):
        await local.write([INSERT])
    holder.run("ROLLBACK")
    holder.close()

    [[(before,)]] = await local.read(COUNT)
    await local.write([INSERT])
    assert await local.read(COUNT) == [[(int(str(before)) + 1,)]]


async def test_a_closed_database_says_so_and_may_be_closed_twice(local: LocalDatabase) -> None:
    local.close()
    local.close()

    for call in (local.read(COUNT), local.write([INSERT])):
        with pytest.raises(StorageUnavailable, match="closed") as closed:
            await call
        _told(closed.value)


async def test_a_file_that_is_no_database_is_told_as_corrupt_and_stays(engine: Engine, tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    text = b"this is a letter to my aunt\n" * 1_000
    await anyio.Path(letter).write_bytes(text)
    with pytest.raises(StorageCorrupt) as corrupt:
        await open_local(letter, engine=engine)

    _told(corrupt.value)
    assert await anyio.Path(letter).read_bytes() == text


async def test_a_damaged_file_is_told_as_corrupt(local: LocalDatabase, engine: Engine, path: Path) -> None:
    for _ in range(20):
        await local.write([INSERT])
    local.close()
    _damage(path)

    async def use() -> None:
        opened = await open_local(path, engine=engine)
        try:
            await migrate(opened)
            await opened.write([INSERT])
            await opened.read(Statement("all", "SELECT * FROM facts, memories, changes, versions"))
            await opened.read(Statement("check", "SELECT * FROM memory_tags, memory_index"))
        finally:
            opened.close()

    with pytest.raises(StorageCorrupt) as corrupt:
        await use()
    _told(corrupt.value)


def _damage(path: Path) -> None:
    """Overwrite all but the first two pages."""
    data = bytearray(path.read_bytes())
    data[8_192:] = os.urandom(len(data) - 8_192)
    path.write_bytes(data)


@pytest.mark.parametrize("place", ["/proc/swarm-memory/memory.db", "/dev/null/memory.db"])
@pytest.mark.skipif(sys.platform != "linux", reason="these places are Linux's")
async def test_a_place_where_nothing_can_be_made_is_told_as_unavailable(engine: Engine, place: str) -> None:
    with pytest.raises(StorageUnavailable, match="SWARM_MEMORY_HOME") as unavailable:
        await open_local(Path(place), engine=engine)
    _told(unavailable.value)


async def test_a_directory_in_the_files_place_is_told_as_unavailable(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable):
        await open_local(tmp_path, engine=engine)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
async def test_a_directory_without_permission_is_told_as_unavailable(engine: Engine, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    await anyio.Path(closed).mkdir(mode=0o500)
    with pytest.raises(StorageUnavailable, match="Permission denied"):
        await open_local(closed / "memory.db", engine=engine)


async def test_a_full_store_is_told_as_full_and_nothing_is_written(local: LocalDatabase) -> None:
    [[(pages,)]] = await local.write([Statement("pages", "PRAGMA page_count")])
    await local.write([Statement("limit", f"PRAGMA max_page_count = {int(str(pages)) + 5}")])
    before = await local.read(COUNT)
    with pytest.raises(StorageFull) as full:
        await local.write([INSERT])

    _told(full.value)
    assert await local.read(COUNT) == before


async def test_every_storage_error_is_known_to_the_tools(local: LocalDatabase) -> None:
    with pytest.raises(Exception, match="no such table") as fault:
        await local.read(Statement("fault", "SELECT * FROM nowhere"))

    assert not isinstance(fault.value, StorageError)  # a fault of the program, not of the store
