"""push-to-primary: what a local store holds gets to a primary once, and never over what others have there."""

import signal
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from children import wait_until
from commandline import COMMAND, Commands
from relay import Relay
from team import Team
from test_terminal import at_terminal
from tokens import Signer


@pytest.fixture
def other(run: Commands) -> Commands:
    """A team mate's machine."""
    return replace(run, home=run.home.with_name("other-store"))


def dump(run: Commands) -> list[str]:
    """All that the local store holds, as SQL."""
    with closing(sqlite3.connect(run.home / "memory.db")) as connection:
        return list(connection.iterdump())


def test_everything_arrives_as_it_was_and_a_second_run_pushes_nothing(team: Team, run: Commands) -> None:
    team.call(
        run,
        "memory_usage",
        *({"action": "store", "key": "plan/é", "value": {"step": step}, "tags": ["plan"]} for step in range(4)),
        {"action": "increment", "key": "count", "value": 2**62},
        {"action": "store", "key": "short", "value": "lived", "ttl": 3600},
    )
    [added] = team.call(
        run, "add_knowledge", {"topic": "Tokens rotate", "content": "Because of replay.", "tags": ["a"]}
    )
    team.call(run, "swarm_init", {"topology": "mesh", "objective": "ship it"})
    mine = run("get", "plan/é", "--json").expect(0).json
    before = dump(run)

    told = team.push(run, "--json").json
    assert told == {
        "primary": f"127.0.0.1:{team.primary.port}",
        "dry_run": False,
        "pushed": 4,
        "already_there": 0,
        "swarms": 1,
        "conflicts": 0,
        "conflicting": [],
    }
    theirs = team.at_primary("memory_usage", {"action": "retrieve", "key": "plan/é"})
    same = ("id", "version", "value", "tags", "created_at", "updated_at")
    assert [theirs[name] for name in same] == [mine[name] for name in same]
    assert theirs["version"] == 4
    history = team.at_primary("memory_usage", {"action": "history", "key": "plan/é"})
    assert [one["value"] for one in history["versions"]] == [{"step": step} for step in (3, 2, 1, 0)]
    assert team.at_primary("memory_usage", {"action": "retrieve", "key": "count"})["value"] == 2**62
    assert "expires_at" in team.at_primary("memory_usage", {"action": "retrieve", "key": "short"})
    found = team.at_primary("search_knowledge", {"query": "replay", "tags": ["a"]})
    assert [one["id"] for one in found["results"]] == [added["id"]]

    again = team.push(run, "--json").json
    assert (again["pushed"], again["already_there"], again["swarms"]) == (0, 4, 0)
    assert team.push(run).out.startswith("pushed 0 memories and 0 swarms to 127.0.0.1:")
    assert team.rows("SELECT count(*) FROM versions") == [[3]]
    assert dump(run) == before


def test_of_two_stores_with_one_key_the_first_stays_and_the_other_is_told(
    team: Team, run: Commands, other: Commands
) -> None:
    for machine, value in ((run, "first"), (other, "second")):
        machine("set", "shared/plan", value).expect(0)
        machine("set", f"of/{value}", value).expect(0)
    knowledge = {"topic": "The same", "content": "In the same words."}
    for machine in (run, other):
        team.call(machine, "add_knowledge", knowledge)

    team.push(run)
    told = team.push(other, "--json").json
    assert (told["pushed"], told["already_there"], told["conflicts"]) == (1, 1, 1)
    [conflict] = told["conflicting"]
    assert (conflict["project"], conflict["namespace"], conflict["key"]) == ("local/shop", "default", "shared/plan")
    assert team.at_primary("memory_usage", {"action": "retrieve", "key": "shared/plan"})["value"] == "first"
    assert team.at_primary("memory_usage", {"action": "retrieve", "key": "of/second"})["value"] == "second"
    assert team.rows("SELECT count(*) FROM memories") == [[4]]

    shown = team.push(other)
    assert "1 conflict" in shown.out
    assert "shared/plan" in shown.out
    assert other("get", "shared/plan").expect(0).out == "second\n"


def test_what_was_deleted_on_the_primary_gives_its_place_to_others_and_does_not_come_back(
    team: Team, run: Commands, other: Commands
) -> None:
    for value in "abc":
        run("set", "k", value).expect(0)
    for value in "xy":
        other("set", "k", value).expect(0)
    team.push(run)
    team.at_primary("memory_usage", {"action": "delete", "key": "k"})

    assert team.push(run, "--json").json["already_there"] == 1
    assert team.at_primary("memory_usage", {"action": "retrieve", "key": "k"})["found"] is False

    assert team.push(other, "--json").json["pushed"] == 1
    told = team.at_primary("memory_usage", {"action": "retrieve", "key": "k"})
    assert (told["value"], told["version"]) == ("y", 5)
    history = team.at_primary("memory_usage", {"action": "history", "key": "k"})["versions"]
    assert [(one["version"], one.get("value")) for one in history if not one.get("deleted")] == [
        (5, "y"),
        (3, "c"),
        (2, "b"),
        (1, "a"),
    ]
    assert team.push(other, "--json").json["already_there"] == 1
    assert team.push(run, "--json").json["conflicts"] == 1


def test_what_is_dead_here_does_not_move(team: Team, run: Commands) -> None:
    team.call(
        run,
        "memory_usage",
        {"action": "store", "key": "deleted", "value": "gone"},
        {"action": "delete", "key": "deleted"},
        {"action": "store", "key": "now for good", "value": "secret of old", "ttl": 1},
        {"action": "store", "key": "now for good", "value": "stays"},
        {"action": "store", "key": "brief", "value": "gone too", "ttl": 1},
    )
    wait_until(lambda: run("get", "brief").code == 1, "it expires")
    assert team.push(run, "--json").json["pushed"] == 1
    assert team.rows("SELECT key, version FROM memories") == [["now for good", 2]]
    assert team.rows("SELECT content FROM versions") == []


def test_a_dry_run_tells_the_same_and_writes_nothing(team: Team, run: Commands) -> None:
    run("set", "k", "v").expect(0)
    told = team.push(run, "--dry-run", "--json").json
    assert (told["dry_run"], told["pushed"]) == (True, 1)
    assert team.rows("SELECT count(*) FROM sqlite_schema") == [[0]]
    team.push(run)
    run("set", "l", "v").expect(0)
    assert team.push(run, "--dry-run").out.startswith("would push 1 memory and 0 swarms to ")
    assert team.rows("SELECT key FROM memories") == [["k"]]


def test_at_a_terminal_it_says_the_same_behind_its_progress(team: Team, run: Commands) -> None:
    run("set", "k", "v").expect(0)
    shown = at_terminal(replace(run, env=run.env | team.env()), "push-to-primary")
    assert "pushed 1 memory and 0 swarms to 127.0.0.1:" in shown
    assert team.token not in shown


def test_history_that_an_interrupted_run_left_out_is_made_up_for(team: Team, run: Commands) -> None:
    big = "x" * 90_000  # so that its history takes several batches
    steps = [{"action": "store", "key": "k", "value": f"{step}{big}"} for step in range(12)]
    team.call(run, "memory_usage", *steps)
    team.push(run)
    whole = team.rows("SELECT version, length(content) FROM versions ORDER BY version")
    assert [row[0] for row in whole] == list(range(1, 12))

    team.rows("DELETE FROM versions WHERE version > 5")
    team.at_primary("memory_usage", {"action": "store", "key": "k", "value": "theirs"})
    team.call(run, "memory_usage", {"action": "store", "key": "k", "value": "mine"})
    assert team.push(run, "--json").json["already_there"] == 1
    assert team.rows("SELECT version, length(content) FROM versions WHERE version < 12 ORDER BY version") == whole
    assert team.at_primary("memory_usage", {"action": "retrieve", "key": "k"})["value"] == "theirs"


def _many(team: Team, run: Commands, count: int) -> None:
    operations = [{"action": "store", "key": f"key/{n:04}", "value": "v" * 1_000} for n in range(count)]
    batches = [operations[start : start + 100] for start in range(0, count, 100)]
    team.call(run, "memory_usage", *({"action": "batch", "operations": one} for one in batches))


def test_a_run_that_is_killed_is_gone_on_with(team: Team, run: Commands) -> None:
    _many(team, run, 500)
    with Relay(team.primary.port) as relay:
        relay.set_delay(20)
        env = {**run.env, "SWARM_MEMORY_HOME": str(run.home), **team.env(relay.url)}
        process = subprocess.Popen(
            [COMMAND, "push-to-primary"], env=env, cwd=run.cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        try:
            relay.wait_for(lambda stats: stats.to_target > 400_000)
        finally:
            process.send_signal(signal.SIGKILL)
            process.communicate(timeout=10)
    told = team.push(run, "--json").json
    assert 0 < told["pushed"] < 500
    assert told["pushed"] + told["already_there"] == 500
    assert team.rows("SELECT count(*), count(DISTINCT key), min(version), max(version) FROM memories") == [
        [500, 500, 1, 1]
    ]
    assert team.rows("SELECT key FROM memories ORDER BY num") == [[f"key/{n:04}"] for n in range(500)]


def test_a_batch_whose_answer_is_lost_arrives_once(team: Team, run: Commands) -> None:
    _many(team, run, 100)
    run("set", "key/0000", "changed").expect(0)
    team.push(replace(run, home=run.home.with_name("empty")), code=2)
    with Relay(team.primary.port) as relay:
        relay.drop_answers(reset=True, times=2)
        told = team.push(run, "--json", url=relay.url).json
    assert (told["pushed"], told["conflicts"]) == (100, 0)
    assert team.rows("SELECT count(*) FROM memories") == [[100]]
    assert team.rows("SELECT count(*) FROM changes") == [[100]]
    assert team.rows("SELECT version FROM versions") == [[1]]


def test_a_primary_that_is_not_there_or_does_not_let_in_is_told_and_the_store_stays(
    team: Team, run: Commands, tmp_path: Path
) -> None:
    none = run("push-to-primary").expect(2)
    assert none.err.startswith("[configuration] ")
    assert "TURSO_DB_URL" in none.err
    assert "TURSO_DB_AUTH_TOKEN" in none.err
    missing = team.push(run, code=2)
    assert str(run.home) in missing.err
    assert not run.home.exists()

    run("set", "k", "v").expect(0)
    local = run("push-to-primary", env={**team.env(), "SWARM_MEMORY_MODE": "local"}).expect(2)
    assert "SWARM_MEMORY_MODE" in local.err
    stranger = replace(team, token=Signer().full_access())
    assert stranger.push(run, code=1).err.startswith("[primary_refused] ")
    team.primary.kill()
    assert team.push(run, code=1).err.startswith("[storage_unavailable] ")
    assert run("get", "k").expect(0).out == "v\n"
    kept = [path for path in tmp_path.rglob("*") if path.is_file() and "primary" not in path.parts]
    assert not [path for path in kept if team.token.encode() in path.read_bytes()]
