"""libsql's own replica follows the stand-in for Turso Cloud, whatever happens to either side."""

import sqlite3
import threading
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import pytest
from children import wait_until
from cloud import Cloud
from pipeline import Answer, ask, batch, execute, negated, ok
from relay import Relay
from replica import Replica, ReplicaError
from sqld import Sqld

pytest.importorskip("libsql", reason="has no wheel here")

ALL = "SELECT id, v FROM t ORDER BY id"
INSERT = "INSERT INTO t (v) VALUES (hex(randomblob(1000)))"


def write(server: Cloud | Sqld, rows: int = 1, *, token: str | None = None) -> None:
    """Insert rows of some 2000 bytes in one transaction."""
    steps = [("BEGIN IMMEDIATE", None), *[(INSERT, ok(number)) for number in range(rows)]]
    committed = [("COMMIT", ok(rows)), ("ROLLBACK", negated(ok(rows + 1)))]
    answer = ask(server.url, batch(*steps, *committed), token=token)
    assert not any(answer.results[0]["response"]["result"]["step_errors"])


def create(server: Cloud | Sqld) -> None:
    ask(server.url, execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)"))


def rows_of(server: Cloud | Sqld) -> list[list[object]]:
    return [list(row) for row in ask(server.url, execute(ALL)).rows()]


def check(file: Path) -> list[tuple[str]]:
    """What SQLite finds wrong with a file that nobody has open; to close it folds its WAL in, as any program does."""
    with closing(sqlite3.connect(file)) as connection:
        return connection.execute("PRAGMA integrity_check").fetchall()


@pytest.fixture(params=[Sqld, Cloud])
def primary(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Cloud | Sqld]:
    """Both protocols, with an empty table ``t``."""
    with request.param(tmp_path / "primary") as started:
        create(started)
        yield started


def test_a_replica_equals_its_primary_after_a_sync(primary: Cloud | Sqld, tmp_path: Path) -> None:
    write(primary, 300)  # many pages, so that they come in several answers
    with Replica(tmp_path / "replica.db", primary.url) as replica:
        replica.sync()
        assert replica.rows(ALL) == rows_of(primary)

        write(primary)
        assert replica.rows("SELECT count(*) FROM t") == [[300]]
        replica.sync()
        assert replica.rows(ALL) == rows_of(primary)
    assert check(tmp_path / "replica.db") == [("ok",)]


def test_several_replicas_follow_at_once(primary: Cloud | Sqld, tmp_path: Path) -> None:
    with Replica(tmp_path / "1.db", primary.url) as first, Replica(tmp_path / "2.db", primary.url) as second:
        for _ in range(3):
            write(primary, 5)
            first.begin_sync()
            second.sync()
            first.finish()
            assert first.rows(ALL) == second.rows(ALL) == rows_of(primary)


def test_a_replica_goes_on_after_its_owner_was_killed_in_a_sync(primary: Cloud | Sqld, tmp_path: Path) -> None:
    file = tmp_path / "replica.db"
    with Relay(primary.port) as relay:
        with Replica(file, relay.url) as owner:
            owner.sync()
        for answers in range(1, 5):
            write(primary, 100)
            # The owner is killed while it waits for the rest.
            before = relay.stats().from_target
            with Replica(file, relay.url) as owner:
                relay.set_delay(2)
                owner.begin_sync()
                relay.wait_for(lambda stats, enough=before + answers * 30000: stats.from_target > enough)
            relay.set_delay(0)
            assert check(file) == [("ok",)]
        with Replica(file, relay.url) as owner:
            owner.sync()
            assert owner.rows(ALL) == rows_of(primary)


def test_a_replica_goes_on_when_its_primary_comes_back(primary: Cloud | Sqld, tmp_path: Path) -> None:
    write(primary)
    with Replica(tmp_path / "replica.db", primary.url) as replica:
        replica.sync()
        primary.restart()
        write(primary)
        replica.sync()
        assert replica.rows(ALL) == rows_of(primary)
        assert len(rows_of(primary)) == 2


def test_a_sync_waits_while_the_network_is_silent_and_ends_when_it_heals(primary: Cloud | Sqld, tmp_path: Path) -> None:
    with Relay(primary.port) as relay, Replica(tmp_path / "replica.db", relay.url) as replica:
        replica.sync()
        write(primary)
        relay.black_hole()
        replica.begin_sync()
        assert not replica.is_done(0.2)
        relay.heal()
        replica.finish()
        assert replica.rows(ALL) == rows_of(primary)


def test_a_replica_moves_on_with_the_generation(cloud: Cloud, tmp_path: Path) -> None:
    create(cloud)
    with Replica(tmp_path / "replica.db", cloud.url) as replica:
        for generation in (2, 3):
            write(cloud, 5)
            replica.sync()
            write(cloud, 5)  # not seen before the generation ends
            assert cloud.next_generation() == cloud.generation() == generation
            write(cloud, 5)
            replica.sync()
            assert replica.rows(ALL) == rows_of(cloud)
    assert any(path.startswith("/sync/3/1/") for path in cloud.seen())
    assert check(tmp_path / "replica.db") == [("ok",)]


def test_a_replica_that_slept_through_generations_takes_one_after_the_other(cloud: Cloud, tmp_path: Path) -> None:
    create(cloud)
    with Replica(tmp_path / "replica.db", cloud.url) as replica:
        replica.sync()
        for _ in range(3):
            write(cloud, 5)
            cloud.next_generation()
        replica.sync()
        assert replica.rows(ALL) == rows_of(cloud)
    assert {path.split("/")[2] for path in cloud.seen() if path.startswith("/sync/")} == {"1", "2", "3", "4"}


def test_a_new_replica_begins_with_the_current_generation(cloud: Cloud, tmp_path: Path) -> None:
    create(cloud)
    write(cloud, 5)
    cloud.next_generation()
    write(cloud, 5)
    with Replica(tmp_path / "replica.db", cloud.url) as replica:
        replica.sync()
        assert replica.rows(ALL) == rows_of(cloud)
    assert "/export/2" in cloud.seen()
    assert not any(path.startswith("/sync/1/") for path in cloud.seen())


def test_the_next_generation_waits_for_readers_of_the_replica(cloud: Cloud, tmp_path: Path) -> None:
    create(cloud)
    with Replica(tmp_path / "replica.db", cloud.url) as replica:
        replica.sync()
        cloud.next_generation()
        write(cloud)
        with closing(sqlite3.connect(tmp_path / "replica.db", isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute(ALL).fetchall()
            with pytest.raises(ReplicaError, match="Failed to checkpoint WAL: database is locked"):
                replica.sync()
            reader.execute("COMMIT")
            replica.sync()
        assert replica.rows(ALL) == rows_of(cloud)


def test_acknowledged_writes_survive_a_killed_primary_and_reach_the_replica(cloud: Cloud, tmp_path: Path) -> None:
    create(cloud)
    acknowledged: list[int] = []

    def work() -> None:
        while True:
            try:
                answer = ask(cloud.url, execute("INSERT INTO t (v) VALUES ('kept') RETURNING id"))
            except OSError:
                return
            acknowledged.append(int(str(answer.rows()[0][0])))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(acknowledged) >= 60, "the primary has acknowledged writes")
    cloud.kill()
    for thread in threads:
        thread.join(20)
    cloud.start()

    kept = {row[0] for row in rows_of(cloud)}
    assert set(acknowledged) <= kept
    with Replica(tmp_path / "replica.db", cloud.url) as replica:
        replica.sync()
        assert replica.rows(ALL) == rows_of(cloud)


def test_it_is_stopped_and_paused_like_sqld(cloud: Cloud) -> None:
    create(cloud)
    write(cloud)
    url = cloud.url
    cloud.stop()
    with pytest.raises(ConnectionRefusedError):
        ask(url, execute("SELECT 1"))
    cloud.start()
    cloud.pause()
    with pytest.raises(TimeoutError):
        ask(url, execute("SELECT 1"), timeout=0.1)
    cloud.resume()
    assert len(rows_of(cloud)) == 1


def test_it_can_ask_for_a_token(tmp_path: Path) -> None:
    with Cloud(tmp_path / "cloud", token="secret") as cloud:
        assert ask(cloud.url, execute("SELECT 1"), token="secret").rows() == [[1]]
        assert ask(cloud.url, execute("SELECT 1")) == Answer(
            401, {"error": "Unauthorized: `Expected authorization header but none given`"}
        )
        assert ask(cloud.url, execute("SELECT 1"), token="wrong").status == 401

        with Replica(tmp_path / "replica.db", cloud.url, token="secret") as replica:
            replica.sync()
        with pytest.raises(ReplicaError, match="sync error: Unauthorized"):
            Replica(tmp_path / "other.db", cloud.url, token="wrong")
