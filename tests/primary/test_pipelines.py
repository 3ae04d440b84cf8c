"""The stand-in for Turso Cloud answers a pipeline as sqld does; both are asked the same, side by side."""

import threading
from collections.abc import Generator
from typing import Any, cast

import pytest
from cloud import Cloud
from pipeline import Answer, ask, batch, encoded, error, execute, negated, ok
from sqld import Sqld

# What only sqld knows, or what differs from one run to the next.
OWN = {"replication_index", "rows_read", "rows_written", "query_duration_ms", "decltype"}

SCHEMA = execute("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT UNIQUE NOT NULL, n INT CHECK (n < 100))")


def named(sql: str, **values: int | None) -> dict[str, Any]:
    """A request that runs one statement with values by name."""
    pairs = [{"name": name, "value": encoded(value)} for name, value in values.items()]
    return {"type": "execute", "stmt": {"sql": sql, "named_args": pairs}}


PIPELINES: dict[str, list[dict[str, Any]]] = {
    "types": [
        execute("SELECT ? AS n, ? AS big, ? AS real, ? AS word", None, 9007199254740993, -0.5, "tést"),
        execute("SELECT ? AS blob, ? AS empty", b"\x00\xff\x01", b""),
        execute("SELECT 2.0, 1e308 * 10, '' AS e, x'' AS b, 1 + 1"),
    ],
    "insert": [SCHEMA, execute("INSERT INTO t (v, n) VALUES (?, ?)", "a", 5), execute("SELECT * FROM t")],
    "returning": [SCHEMA, execute("INSERT INTO t (v) VALUES ('a'), ('b') RETURNING id, v")],
    "counts": [
        SCHEMA,
        execute("INSERT INTO t (v) VALUES ('a'), ('b')"),
        execute("UPDATE t SET n = 1"),
        execute("SELECT changes()"),
        execute("INSERT OR IGNORE INTO t (v) VALUES ('a')"),
        execute("WITH two AS (SELECT 'c' UNION SELECT 'd') INSERT INTO t (v) SELECT * FROM two"),
        execute("DELETE FROM t"),
    ],
    "unique": [SCHEMA, *[execute("INSERT INTO t (v) VALUES ('a')")] * 2, execute("SELECT 1")],
    "not null": [SCHEMA, execute("INSERT INTO t (v) VALUES (NULL)")],
    "check": [SCHEMA, execute("INSERT INTO t (v, n) VALUES ('a', 100)")],
    "raise": [
        SCHEMA,
        execute("CREATE TRIGGER r BEFORE INSERT ON t BEGIN SELECT raise(ABORT, 'said so'); END"),
        execute("INSERT INTO t (v) VALUES ('a')"),
    ],
    "foreign key": [
        execute("CREATE TABLE a (id INTEGER PRIMARY KEY)"),
        execute("CREATE TABLE b (a REFERENCES a)"),
        execute("INSERT INTO b VALUES (1)"),
    ],
    "no table": [execute("SELECT * FROM missing")],
    "no column": [SCHEMA, execute("SELECT missing FROM t")],
    "no statement": [execute(""), execute("-- nothing"), execute(" ; ")],
    "several statements": [execute("SELECT 1; SELECT 2"), execute("SELECT 1;")],
    "unsupported": [execute("VACUUM"), execute("ATTACH 'x' AS y"), execute("CREATE TEMP TABLE x (y)")],
    "too few values": [execute("SELECT ?, ?", 1), execute("SELECT ?")],
    "too many values": [execute("SELECT ?", 1, 2)],
    "names": [named("SELECT :a, @b, $c", a=1, b=2, c=3), named("SELECT :a, :b", a=None)],
    "numbers": [execute("SELECT ?2, ?1", "first", "second")],
    "commit": [
        SCHEMA,
        batch(
            ("BEGIN IMMEDIATE", None),
            ("INSERT INTO t (v) VALUES ('a')", ok(0)),
            ("SELECT v FROM t", ok(1)),
            ("COMMIT", ok(2)),
            ("ROLLBACK", negated(ok(3))),
        ),
        execute("SELECT v FROM t"),
    ],
    "rollback": [
        SCHEMA,
        batch(
            ("BEGIN IMMEDIATE", None),
            ("INSERT INTO t (v) VALUES ('a')", ok(0)),
            ("INSERT INTO t (v) VALUES ('a')", ok(1)),
            ("COMMIT", ok(2)),
            ("ROLLBACK", negated(ok(3))),
            ("SELECT 'error'", error(2)),
            ("SELECT 'left out is an error too'", error(3)),
            ("SELECT 'and'", {"type": "and", "conds": [ok(0), ok(2)]}),
            ("SELECT 'or'", {"type": "or", "conds": [ok(0), ok(2)]}),
            ("SELECT 'all of none'", {"type": "and", "conds": []}),
            ("SELECT 'one of none'", {"type": "or", "conds": []}),
        ),
        execute("SELECT v FROM t"),
    ],
    "no transaction": [execute("COMMIT"), execute("ROLLBACK")],
    "two transactions": [execute("BEGIN"), execute("BEGIN IMMEDIATE"), execute("ROLLBACK")],
    "no such step": [batch(("SELECT 1", ok(0)))],
    "search": [
        execute("CREATE VIRTUAL TABLE f USING fts5 (x)"),
        execute("INSERT INTO f VALUES ('one word')"),
        execute("SELECT x FROM f WHERE f MATCH 'word'"),
    ],
}


def common(value: Any) -> Any:
    """An answer without what is one server's own."""
    match value:
        case dict():
            entries = cast("dict[str, Any]", value)
            return {name: common(inner) for name, inner in entries.items() if name not in OWN}
        case list():
            return [common(inner) for inner in cast("list[Any]", value)]
        case _:
            return value


def both(sqld: Sqld, cloud: Cloud, *requests: dict[str, Any]) -> tuple[Answer, Answer]:
    return ask(sqld.url, *requests), ask(cloud.url, *requests)


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[Sqld, Cloud]]:
    place = tmp_path_factory.mktemp("servers")
    with Sqld(place / "sqld") as sqld, Cloud(place / "cloud") as cloud:
        yield sqld, cloud


@pytest.fixture
def cleared(servers: tuple[Sqld, Cloud]) -> tuple[Sqld, Cloud]:
    """Both without a table."""
    drops = [execute(f"DROP TABLE IF EXISTS {name}") for name in ("t", "b", "a", "f")]
    for server in servers:
        assert all(result["type"] == "ok" for result in ask(server.url, *drops).results)
    return servers


@pytest.mark.parametrize("name", PIPELINES)
def test_both_answer_the_same(name: str, cleared: tuple[Sqld, Cloud]) -> None:
    by_sqld, by_cloud = both(*cleared, *PIPELINES[name])
    assert by_cloud.status == by_sqld.status
    assert common(by_cloud.body) == common(by_sqld.body)


@pytest.mark.parametrize("request_", [execute("SELEC 1"), batch(("SELECT 1", None), ("SELEC 2", None))])
def test_a_syntax_error_has_its_code_and_nothing_of_its_batch_runs(
    request_: dict[str, Any], cleared: tuple[Sqld, Cloud]
) -> None:
    for answer in both(*cleared, request_):
        assert answer.results[0]["type"] == "error"
        assert answer.results[0]["error"]["code"] == "SQL_PARSE_ERROR"


@pytest.mark.parametrize(
    "value",
    [
        {"type": "integer", "value": 5},
        {"type": "integer", "value": str(1 << 63)},
        {"type": "float", "value": "1"},
        {"type": "unknown"},
    ],
    ids=str,
)
def test_a_value_that_is_none_refuses_the_request(value: dict[str, Any], cleared: tuple[Sqld, Cloud]) -> None:
    request = {"type": "execute", "stmt": {"sql": "SELECT ?", "args": [value]}}
    for answer in both(*cleared, request):
        assert answer.status == 400
        assert answer.body.startswith("Cannot deserialize client message from JSON: ")


def test_what_a_pipeline_leaves_open_is_rolled_back(cleared: tuple[Sqld, Cloud]) -> None:
    both(*cleared, SCHEMA)
    both(*cleared, batch(("BEGIN IMMEDIATE", None), ("INSERT INTO t (v) VALUES ('a')", ok(0))))
    both(*cleared, execute("BEGIN IMMEDIATE"), execute("INSERT INTO t (v) VALUES ('b')"))
    for answer in both(*cleared, execute("SELECT count(*) FROM t")):
        assert answer.rows() == [[0]]


def test_transactions_of_several_clients_at_once_are_whole(cleared: tuple[Sqld, Cloud]) -> None:
    count = batch(
        ("BEGIN IMMEDIATE", None),
        ("UPDATE t SET n = n + 1", ok(0)),
        ("COMMIT", ok(1)),
        ("ROLLBACK", negated(ok(2))),
    )
    both(*cleared, SCHEMA, execute("INSERT INTO t (v, n) VALUES ('counter', 0)"))

    def add() -> None:
        for _ in range(10):
            both(*cleared, count)

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    for answer in both(*cleared, execute("SELECT n FROM t")):
        assert answer.rows() == [[40]]
