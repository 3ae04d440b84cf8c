"""The storage layer under many processes and kills. Prints its figures; docs/benchmarks.md keeps them."""

import json
import random
import time
from pathlib import Path

import anyio
import pytest
from crew import DEADLINE, Worker, ask, run_together
from workers import PROJECT

from swarm_memory.storage.local import open_local
from swarm_memory.storage.memories import MemoryStore
from swarm_memory.storage.queries import Statement

pytestmark = pytest.mark.stress

PROCESSES = 32
SECONDS = 60.0
LONGEST_WAIT = 10.0
KILLS = 100
KILL_EVERY = 0.15
TIMES = 200


def lost_writes(database: Path, workers: list[Worker]) -> list[str]:
    """Keys whose last acknowledged write, or a later one, is not in the store."""
    [rows] = anyio.run(
        ask, database, "SELECT key, json_extract(content, '$.count') FROM memories WHERE format = 'json'"
    )
    stored = {str(key): int(str(count)) for key, count in rows if count is not None}
    acknowledged: dict[str, int] = {}
    for worker in workers:
        for key, count in worker.acknowledged:
            acknowledged[key] = max(count, acknowledged.get(key, -1))
    return [key for key, count in acknowledged.items() if int(stored.get(key, -1)) < count]


def broken_rules(database: Path) -> list[str]:
    """What SQLite's checks and the store's own rules find wrong, when nobody writes."""

    async def check() -> list[str]:
        opened = await open_local(database)
        try:
            await opened.write(
                [Statement("check", "INSERT INTO memory_index (memory_index, rank) VALUES ('integrity-check', 1)")]
            )
            faults, changes, versions = await opened.read(
                Statement("check", "PRAGMA integrity_check"),
                Statement("check", "SELECT count(*), max(seq) FROM changes"),
                Statement("check", "SELECT sum(version) FROM memories"),
            )
        finally:
            opened.close()
        found = [str(row[0]) for row in faults if row[0] != "ok"]
        if not changes[0][0] == changes[0][1] == versions[0][0]:
            found.append(f"{changes} changes for {versions} versions")
        return found

    return anyio.run(check)


@pytest.mark.parametrize("engines", [("sqlite3",), ("libsql",), ("sqlite3", "libsql")], ids="-and-".join)
def test_thirty_two_processes_lose_no_acknowledged_write_and_none_waits_long(
    engines: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    database = tmp_path / "memory.db"
    workers = run_together("write", database, PROCESSES, SECONDS, engines)
    figures = [worker.figures or {} for worker in workers]
    writes = sum(len(worker.acknowledged) for worker in workers)
    longest = max(one.get("longest", 0.0) for one in figures)
    lost = lost_writes(database, workers)
    report(
        capsys,
        engines=engines,
        processes=PROCESSES,
        seconds=SECONDS,
        writes=writes,
        writes_per_second=round(writes / SECONDS),
        longest_wait_s=round(longest, 3),
        fewest_by_one=min(len(worker.acknowledged) for worker in workers),
        most_by_one=max(len(worker.acknowledged) for worker in workers),
        lost=len(lost),
    )
    assert [worker.errors for worker in workers if worker.errors] == []
    assert all(worker.figures for worker in workers)
    assert lost == []
    assert broken_rules(database) == []
    assert longest <= LONGEST_WAIT


@pytest.mark.parametrize("role", ["increment", "swap"])
def test_sixteen_processes_count_to_exactly_3200(role: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    database = tmp_path / "memory.db"
    begin = time.monotonic()
    workers = run_together(role, database, 16, TIMES)
    seconds = time.monotonic() - begin
    conflicts = sum((worker.figures or {}).get("conflicts", 0) for worker in workers)
    report(capsys, role=role, processes=16, times=TIMES, seconds=round(seconds, 1), conflicts=int(conflicts))
    assert [worker.errors for worker in workers if worker.errors] == []

    async def counter() -> tuple[int, int]:
        opened = await open_local(database)
        try:
            memory = await MemoryStore(opened).by_key(PROJECT, "default", "counter")
        finally:
            opened.close()
        assert memory
        return memory.value, memory.version

    assert anyio.run(counter) == (16 * TIMES, 16 * TIMES)
    assert broken_rules(database) == []


def test_processes_killed_while_writing_leave_every_acknowledged_write(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    database = tmp_path / "memory.db"
    chance = random.Random(7)
    started = [Worker("write", database, f"w{number}", DEADLINE) for number in range(8)]
    alive, dead = list(started), list[Worker]()
    for worker in alive:
        assert worker.ready.wait(DEADLINE)
        worker.begin()
    for number in range(KILLS):
        time.sleep(KILL_EVERY)  # the rhythm of the kills is what is tested, nothing is waited for
        victim = alive.pop(chance.randrange(len(alive)))
        victim.kill()
        dead.append(victim)
        successor = Worker("write", database, f"s{number}", DEADLINE)
        assert successor.ready.wait(DEADLINE)
        successor.begin()
        alive.append(successor)
    for worker in alive:
        worker.kill()
    everyone = [*dead, *alive]
    lost = lost_writes(database, everyone)
    writes = sum(len(worker.acknowledged) for worker in everyone)
    report(capsys, kills=KILLS + len(alive), acknowledged=writes, lost=len(lost))
    assert writes > KILLS
    assert [worker.errors for worker in everyone if worker.errors] == []
    assert lost == []
    assert broken_rules(database) == []


def test_two_processes_that_open_a_fresh_store_at_once_make_one_schema(tmp_path: Path):
    for number in range(50):
        database = tmp_path / f"fresh{number}" / "memory.db"
        pair = [Worker("open", database, name, 0) for name in ("a", "b")]
        for worker in pair:
            assert worker.ready.wait(DEADLINE)
            worker.begin()
        for worker in pair:
            worker.wait()
        assert [worker.errors for worker in pair if worker.errors] == []
        [applied] = anyio.run(ask, database, "SELECT count(*), count(DISTINCT number) FROM migrations")
        assert applied[0][0] == applied[0][1] != 0


def report(capsys: pytest.CaptureFixture[str], **figures: object) -> None:
    """Print figures past pytest's capture."""
    with capsys.disabled():
        print("\n" + json.dumps(figures))  # noqa: T201 - the figures are what a stress run is for
