"""One machine in replica mode while its processes, its primary and its network are killed at random.

The short run is a part of every test run; the long one is of the stress suite, and ``REPLICA_TORTURE_SECONDS`` says for
how long. Both print their counts. ``REPLICA_TORTURE_SEED`` repeats the order of the faults of an earlier run.
"""

import json
import os
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from children import wait_until
from primaries import a_remote
from relay import Relay
from replica_workers import COUNTER
from sqld import Sqld
from torment import Crew, Tormentor, replicator

from swarm_memory.storage.copy import Copy
from swarm_memory.storage.database import Database
from swarm_memory.storage.queries import Row, Statement
from swarm_memory.storage.replicator import replica_path

SERVERS = 3
SHORT_SECONDS = 60.0
LONG_SECONDS = float(os.environ.get("REPLICA_TORTURE_SECONDS", "600"))
HEALED_WITHIN = 30.0  # seconds until everything works again; a replicator that hangs is killed after ten
ENDS_WITHIN = 5.0
# By default a write checkpoints at every thousandth page, and from then on all writes of sqld 0.24.32 hang when four or
# more are waiting (https://github.com/tursodatabase/libsql/pull/1955).
CHECKPOINTS = ("--checkpoint-interval-s", "2")
PAGE = 200  # rows: sqld answers ten megabytes at most
TABLES = {"memories": "num", "changes": "seq"}

Report = Callable[[dict[str, object]], None]


def torture(folder: Path, seconds: float, report: Report) -> dict[str, object]:
    """Torment a machine for so long, heal everything, check all there is to check; the counts."""
    seed = int(os.environ.get("REPLICA_TORTURE_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
    with Sqld(folder / "primary", max_log_mb=1, arguments=CHECKPOINTS) as sqld, Relay(sqld.port) as relay:
        crew = Crew(folder, relay.url, SERVERS)
        try:
            crew.start()
            wait_until(lambda: bool(crew.events("ack")), "something is written")
            tormentor = Tormentor(crew, sqld, relay, random.Random(seed))
            tormentor.run(seconds)
            relay.heal()
            counts = {"seed": seed, "seconds": seconds, **tormentor.done, **watched(crew)}
            report(counts)
            check_that_it_heals(crew)
            check_what_is_there(crew, sqld)
            check_that_it_ends(crew)
        finally:
            for server in crew.alive:
                server.kill()
    return counts


def watched(crew: Crew) -> dict[str, object]:
    """What the servers wrote down."""
    reads: Counter[str] = Counter()
    for _, told in crew.events("reads"):
        reads.update(told)
    return {
        "acknowledged": len(crew.events("ack", "counted")),
        "refused": dict(Counter(event[1] for event in crew.events("refused"))),
        "reads": dict(reads),
        "reads refused": dict(Counter(event[1] for event in crew.events("unread"))),
        "longest call": max((event[1] for event in crew.events("longest")), default=0.0),
        "wrong": len(crew.events("wrong")),
        "faults": len(crew.events("fault")),
    }


def check_that_it_heals(crew: Crew) -> None:
    """Every server writes and some process keeps the replica, without anything being started again."""
    before = {server: len(server.events()) for server in crew.alive}

    def all_write() -> bool:
        return all(any(event[0] == "ack" for event in server.events()[before[server] :]) for server in crew.alive)

    wait_until(all_write, "every server writes again", patience=HEALED_WITHIN)
    for server in crew.alive:
        server.quiet()
    beacon = crew.beacon()
    assert beacon
    syncs = beacon.read().syncs
    # Two, since one may have begun before the last write.
    wait_until(lambda: beacon.read().syncs >= syncs + 2, "the replica follows", patience=HEALED_WITHIN)
    beacon.close()


def check_what_is_there(crew: Crew, sqld: Sqld) -> None:
    """No server saw what must not be, the primary has what was acknowledged, and the replica is equal to it."""
    assert crew.events("fault") == []
    assert crew.events("wrong") == []
    odd = [
        event for event in crew.events("refused", "unread") if event[1] not in ("storage_unavailable", "storage_busy")
    ]
    assert odd == []
    assert [server.stderr() for server in crew.everyone if server.stderr()] == []

    primary, created, count = anyio.run(ask_primary, sqld.url)
    acknowledged = {str(key): int(seq) for _, key, seq in crew.events("ack")}
    assert {key: seq for key, seq in acknowledged.items() if created.get(key) != seq} == {}
    counted = len(crew.events("counted"))
    assert counted <= count <= counted + len(crew.events("refused"))
    assert len(primary["changes"]) == primary["changes"][-1][0]

    def is_equal() -> bool:
        return replica_rows(crew) == primary

    wait_until(is_equal, "the replica equals the primary", patience=HEALED_WITHIN)


def check_that_it_ends(crew: Crew) -> None:
    """Servers end when their clients do, and nothing of them stays."""
    assert replicator(crew) is not None
    assert {server.name: server.end(ENDS_WITHIN) for server in crew.alive} == {server.name: 0 for server in crew.alive}
    wait_until(lambda: replicator(crew) is None, "the replicator ends")


async def ask_primary(url: str) -> tuple[dict[str, list[Row]], dict[str, int], int]:
    """All rows; the change that created each key; how far the counter is."""
    async with a_remote(url) as remote:
        rows = {table: await all_rows(remote, table) for table in TABLES}
        counter = Statement("torture", "SELECT content FROM memories WHERE key = ?1", (COUNTER,))
        [[(count,)]] = await remote.read(counter)
        created: dict[str, int] = {}
        for start in range(0, len(rows["changes"]) + 1, PAGE):
            created |= await created_between(remote, start, start + PAGE)
    return rows, created, int(str(count))


async def all_rows(database: Database, table: str) -> list[Row]:
    found: list[Row] = []
    while True:
        last = found[-1][0] if found else 0
        [page] = await database.read(page_of(table, last))
        if not page:
            return found
        found += page


async def created_between(database: Database, above: int, up_to: int) -> dict[str, int]:
    sql = (
        "SELECT key, seq FROM changes JOIN memories ON id = ref "
        "WHERE changes.kind = 'memory' AND op = 'create' AND seq > ?1 AND seq <= ?2"
    )
    [rows] = await database.read(Statement("torture", sql, (above, up_to)))
    return {str(key): int(str(seq)) for key, seq in rows}


def replica_rows(crew: Crew) -> dict[str, list[Row]]:
    """All rows of the file that the servers read, which must also be sound."""
    beacon = crew.beacon()
    assert beacon
    path = replica_path(next((crew.folder / "home" / "replicas").iterdir()), beacon.read())
    beacon.close()
    copy = Copy()
    try:
        found = copy.read(path, [Statement("torture", "PRAGMA integrity_check"), *map(whole, TABLES)])
    finally:
        copy.close()
    assert found
    _, [faults, *rows] = found
    assert faults == [("ok",)]
    return dict(zip(TABLES, rows, strict=True))


def whole(table: str) -> Statement:
    return Statement("torture", f"SELECT * FROM {table} ORDER BY {TABLES[table]}")


def page_of(table: str, above: object) -> Statement:
    key = TABLES[table]
    return Statement(
        "torture", f"SELECT * FROM {table} WHERE {key} > ?1 ORDER BY {key} LIMIT {PAGE}", (int(str(above)),)
    )


@pytest.fixture
def report(capsys: pytest.CaptureFixture[str]) -> Report:
    """Prints counts past pytest's capture."""

    def show(counts: dict[str, object]) -> None:
        with capsys.disabled():
            print("\n" + json.dumps(counts))  # noqa: T201 - the counts are what such a run is for

    return show


def test_killed_processes_a_killed_primary_and_a_bad_network_lose_and_tear_nothing(tmp_path: Path, report: Report):
    counts = torture(tmp_path, SHORT_SECONDS, report)
    assert int(str(counts["acknowledged"])) > SERVERS


@pytest.mark.stress
def test_ten_minutes_of_kills_and_a_bad_network_lose_and_tear_nothing(tmp_path: Path, report: Report):
    counts = torture(tmp_path, LONG_SECONDS, report)
    assert int(str(counts["acknowledged"])) > SERVERS
