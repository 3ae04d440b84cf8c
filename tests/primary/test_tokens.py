"""What sqld says to tokens; the program's own errors for a primary rest on these answers."""

import time
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from pipeline import Answer, ask, batch, execute, negated, ok
from sqld import Sqld
from tokens import Signer

SIGNER = Signer()
STRANGER = Signer()
# The words are sqld's own.
FORBIDDEN = "Authorization forbidden: Current session doesn't not have Write permission to namespace default"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Generator[Sqld]:
    """A primary that asks for tokens, with an empty table ``t``."""
    place: Path = tmp_path_factory.mktemp("guarded")
    with Sqld(place / "sqld", key_file=SIGNER.write_public_key(place / "key.pem")) as sqld:
        ask(sqld.url, execute("CREATE TABLE t (x)"), token=SIGNER.full_access())
        yield sqld


@pytest.mark.parametrize(
    "token",
    [
        SIGNER.full_access,
        SIGNER.sign,
        lambda: SIGNER.sign(exp=int(time.time()) + 60),
        lambda: SIGNER.sign(exp=int(time.time()) - 30),  # it lets a minute pass
    ],
    ids=["full access", "no claims", "not expired yet", "expired within the minute"],
)
def test_a_token_may_write(guarded: Sqld, token: Callable[[], str]) -> None:
    answer = ask(guarded.url, execute("INSERT INTO t VALUES (1)"), execute("DELETE FROM t"), token=token())
    assert [result["type"] for result in answer.results] == ["ok", "ok", "ok"]


@pytest.mark.parametrize(
    ("token", "why"),
    [
        (None, "Expected authorization header but none given"),
        ("nonsense", "The JWT is invalid"),
        ("", "Auth string does not conform to '<scheme> <token>' form"),
        (STRANGER.full_access(), "The JWT is invalid"),
        (SIGNER.expired(), "The JWT has expired"),
        (SIGNER.sign(a="everything"), "The JWT is invalid"),
    ],
    ids=["none", "nonsense", "empty", "of another key", "expired", "unknown right"],
)
def test_a_request_is_refused_as_a_whole(guarded: Sqld, token: str | None, why: str) -> None:
    assert ask(guarded.url, execute("SELECT 1"), token=token) == Answer(401, {"error": f"Unauthorized: `{why}`"})


def test_a_token_for_another_namespace_finds_no_database(guarded: Sqld) -> None:
    answer = ask(guarded.url, execute("SELECT 1"), token=SIGNER.sign(id="other"))
    assert answer == Answer(404, {"error": "Namespace `default` doesn't exist"})


def test_a_read_only_token_reads_and_its_writes_are_refused_as_a_whole(guarded: Sqld) -> None:
    token = SIGNER.read_only()
    assert ask(guarded.url, execute("SELECT count(*) FROM t"), token=token).rows() == [[0]]

    mixed = ask(guarded.url, execute("SELECT 1"), execute("INSERT INTO t VALUES (1)"), token=token)
    write = batch(
        ("BEGIN IMMEDIATE", None),
        ("INSERT INTO t VALUES (1)", ok(0)),
        ("COMMIT", ok(1)),
        ("ROLLBACK", negated(ok(2))),
    )
    in_batch = ask(guarded.url, write, token=token)

    assert mixed == in_batch == Answer(403, {"error": FORBIDDEN})
    assert ask(guarded.url, execute("SELECT count(*) FROM t"), token=token).rows() == [[0]]
