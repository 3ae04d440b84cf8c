"""What a replica relies on at the stand-in for Turso Cloud: what it exports, and which frames it gives out."""

import http.client
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cloud import Cloud
from pipeline import ask, batch, execute, ok
from replica import Replica

PAGE = 4096
FRAME = 24 + PAGE
ALL = "SELECT * FROM t ORDER BY rowid"


def get(cloud: Cloud, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", cloud.port, timeout=10)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def end_of(generation: int) -> Callable[[tuple[int, bytes]], bool]:
    return lambda answer: answer[0] == 400 and json.loads(answer[1]) == {"generation": generation}


def run(cloud: Cloud, *statements: str) -> None:
    for result in ask(cloud.url, *map(execute, statements)).results:
        assert result["type"] == "ok", result


def rows_of(cloud: Cloud, sql: str = ALL) -> list[list[Any]]:
    return [list(row) for row in ask(cloud.url, execute(sql)).rows()]


def test_a_generation_begins_with_a_file_that_writes_and_restarts_do_not_change(cloud: Cloud) -> None:
    begun = get(cloud, "/export/1")
    run(cloud, "CREATE TABLE t (x)", *["INSERT INTO t VALUES (randomblob(5000))"] * 30)
    status, frames = get(cloud, "/sync/1/1/129")

    cloud.stop()
    cloud.start()
    assert (get(cloud, "/export/1"), get(cloud, "/sync/1/1/129")) == (begun, (status, frames))
    cloud.restart()
    run(cloud, "DELETE FROM t")
    assert get(cloud, "/export/1") == begun
    assert get(cloud, "/sync/1/1/129")[1].startswith(frames)


def test_frames_are_given_out_from_one_number_to_before_another(cloud: Cloud) -> None:
    assert end_of(1)(get(cloud, "/sync/1/1/129"))
    run(cloud, "CREATE TABLE t (x)", "INSERT INTO t VALUES (zeroblob(20000))")
    status, frames = get(cloud, "/sync/1/1/129")
    count = len(frames) // FRAME
    assert (status, len(frames) % FRAME) == (200, 0)
    assert get(cloud, "/sync/1/2/4") == (200, frames[FRAME : 3 * FRAME])
    assert get(cloud, f"/sync/1/{count}/{count + 128}") == (200, frames[-FRAME:])
    assert end_of(1)(get(cloud, f"/sync/1/{count + 1}/{count + 129}"))


def test_what_was_rolled_back_is_in_no_frame_even_if_it_was_larger_than_memory_holds(cloud: Cloud) -> None:
    run(cloud, "CREATE TABLE t (x)")
    before = get(cloud, "/sync/1/1/100000")
    fill = "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
    ask(cloud.url, batch(("BEGIN", None), (f"{fill} INSERT INTO t SELECT zeroblob(4000) FROM n", ok(0))))
    assert (cloud.directory / "1.db-wal").stat().st_size > 1000 * FRAME  # it reached the disk

    assert get(cloud, "/sync/1/1/100000") == before
    cloud.restart()
    assert get(cloud, "/sync/1/1/100000") == before
    run(cloud, "INSERT INTO t VALUES ('kept')")
    assert rows_of(cloud) == [["kept"]]


def test_a_client_of_an_older_generation_still_gets_the_rest_of_it_after_a_restart(
    cloud: Cloud, tmp_path: Path
) -> None:
    run(cloud, "CREATE TABLE t (x)")
    with Replica(tmp_path / "replica.db", cloud.url) as replica:
        replica.sync()
    for number in (2, 3):
        run(cloud, f"INSERT INTO t VALUES ('before {number}')")
        assert cloud.next_generation() == number
        cloud.restart()
    run(cloud, "INSERT INTO t VALUES ('last')")
    with Replica(tmp_path / "replica.db", cloud.url) as replica:
        replica.sync()
        assert replica.rows(ALL) == rows_of(cloud) == [["before 2"], ["before 3"], ["last"]]


def test_an_exported_file_is_the_database_as_the_generation_began(cloud: Cloud, tmp_path: Path) -> None:
    run(cloud, "CREATE TABLE t (x)", "INSERT INTO t VALUES ('old')")
    cloud.next_generation()
    status, file = get(cloud, "/export/2")
    run(cloud, "INSERT INTO t VALUES ('new')")

    assert status == 200
    assert get(cloud, "/export/2") == (200, file)
    assert (b"old" in file, b"new" in file, len(file) % PAGE) == (True, False, 0)
    assert get(cloud, "/export/3")[0] == 404
    with Replica(tmp_path / "replica.db", cloud.url) as replica:
        replica.sync()
        assert replica.rows(ALL) == [["old"], ["new"]]


def test_triggers_and_full_text_search_reach_the_replica(cloud: Cloud, tmp_path: Path) -> None:
    run(
        cloud,
        "CREATE TABLE t (x)",
        "CREATE VIRTUAL TABLE words USING fts5 (x, content='t')",
        "CREATE TRIGGER t_words AFTER INSERT ON t BEGIN INSERT INTO words (rowid, x) VALUES (new.rowid, new.x); END",
        "INSERT INTO t VALUES ('a needle'), ('hay')",
    )
    search = "SELECT x FROM words WHERE words MATCH 'needle'"
    with Replica(tmp_path / "replica.db", cloud.url) as replica:
        replica.sync()
        assert replica.rows(search) == rows_of(cloud, search) == [["a needle"]]


@pytest.mark.parametrize("sql", ["PRAGMA journal_mode = DELETE", "PRAGMA wal_checkpoint", "VACUUM", "ATTACH 'x' AS y"])
def test_a_statement_that_would_touch_the_log_is_refused(sql: str, cloud: Cloud) -> None:
    run(cloud, "CREATE TABLE t (x)")
    before = get(cloud, "/sync/1/1/129")
    assert ask(cloud.url, execute(sql)).results[0]["type"] == "error"
    assert get(cloud, "/sync/1/1/129") == before
