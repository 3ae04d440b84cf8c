"""doctor and status where the store is on a primary: what is well, what is wrong, and the token nowhere."""

from pathlib import Path
from typing import Any

import pytest
from children import free_port
from commandline import Commands
from sqld import Sqld
from tokens import Signer


def checks(answer: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in answer["checks"]}


@pytest.mark.parametrize("mode", ["replica", "remote"])
def test_a_primary_that_answers_is_told_with_its_round_trip(run: Commands, tmp_path: Path, mode: str) -> None:
    signer = Signer()
    with Sqld(tmp_path / "primary", key_file=signer.write_public_key(tmp_path / "key.pem")) as primary:
        token = signer.full_access()
        env = {"TURSO_DB_URL": primary.url, "TURSO_DB_AUTH_TOKEN": token, "SWARM_MEMORY_MODE": mode}
        done = run("doctor", "--json", env=env).expect(0)
        found = checks(done.json)

        assert found["mode"]["found"] == f"{mode}, with the primary {primary.url}"
        assert "answers in" in found["primary"]["found"]
        assert found["store"]["result"] == "ok"
        assert ("replica" in found) == (mode == "replica")
        assert token not in done.out + done.err
        run("set", "k", "1", env=env).expect(0)
        assert run("get", "k", env=env).expect(0).out.strip() == "1"
        status = run("status", "--json", env=env).expect(0)
        assert (status.json["mode"], status.json["entries"]) == (mode, 1)
        assert status.json["replication"]["reachable"]
        assert token not in status.out + status.err


def test_a_primary_that_is_gone_fails_with_a_remedy_and_the_token_is_not_told(run: Commands) -> None:
    env = {"TURSO_DB_URL": f"http://127.0.0.1:{free_port()}", "TURSO_DB_AUTH_TOKEN": "sesame-opens"}
    done = run("doctor", "--json", env=env).expect(1)
    found = checks(done.json)["primary"]

    assert found["result"] == "failed"
    assert "cannot be connected to" in found["found"]
    assert found["remedy"]
    assert "sesame" not in done.out + done.err
    wrong = run("get", "k", env=env).expect(1)
    assert wrong.err.startswith("[storage_unavailable] ")
    assert "sesame" not in wrong.out + wrong.err


@pytest.mark.parametrize(
    ("env", "told"),
    [
        ({"TURSO_DB_URL": "ftp://host"}, "no known scheme"),
        ({"TURSO_DB_URL": "libsql://"}, "no host"),
        ({"TURSO_DB_URL": "http://host:x"}, "is no URL"),
        ({"TURSO_DB_URL": "libsql://host?authToken=sesame"}, "more than an address"),
        ({"TURSO_DB_URL": "libsql://me:sesame@host"}, "more than an address"),
        ({"TURSO_DB_URL": "http://example.com", "TURSO_DB_AUTH_TOKEN": "sesame"}, "plain http"),
        ({"TURSO_DB_URL": "https://example.com", "TURSO_DB_AUTH_TOKEN": "sesame\nopens"}, "token holds"),
        ({"SWARM_MEMORY_MODE": "replica"}, "no primary is configured"),
        ({"SWARM_MEMORY_MODE": "remote"}, "no primary is configured"),
    ],
)
def test_a_misconfiguration_is_an_error_at_start_that_repeats_no_secret(
    run: Commands, env: dict[str, str], told: str
) -> None:
    done = run("status", env=env).expect(2)
    assert done.err.startswith("[configuration] ")
    assert told in done.err
    assert "sesame" not in done.out + done.err
