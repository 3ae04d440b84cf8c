"""doctor: what is wrong is told with a remedy, and what is right is not."""

import subprocess
from typing import Any

import pytest
from commandline import COMMAND, Commands, Done


def checks(done: Done) -> dict[str, dict[str, Any]]:
    return {check["name"]: check for check in done.json["checks"]}


def test_a_sound_installation_passes_every_check(run: Commands) -> None:
    done = run("doctor", "--json").expect(0)
    assert done.json["ok"] is True
    found = checks(done)
    of_the_surroundings = {"Python", "environment", "settings", "mode", "engine", "project", "stdout"}
    of_the_store = {"directory", "file system", "disk", "store", "integrity", "permissions", "in use"}
    assert found.keys() == of_the_surroundings | of_the_store
    # The machine's own: its disk may be small or shared.
    of_the_machine = {"file system", "disk"}
    assert {name for name, check in found.items() if check["result"] != "ok"} <= of_the_machine
    assert "local/shop" in found["project"]["found"]
    shown = run("doctor").expect(0).out
    assert "ok    integrity " in shown


def test_a_damaged_file_fails_with_a_remedy(run: Commands) -> None:
    run.home.mkdir()
    (run.home / "memory.db").write_bytes(b"this is no database " * 1_000)
    done = run("doctor", "--json").expect(1)
    assert done.json["ok"] is False
    store = checks(done)["store"]
    assert store["result"] == "failed"
    assert "backup" in store["remedy"]
    shown = run("doctor").expect(1).out
    assert "FAIL  store " in shown
    assert "Next: restore the file from a backup" in shown


def test_files_that_others_may_read_fail_until_the_remedy_is_followed(run: Commands) -> None:
    run("set", "k", "v").expect(0)
    (run.home / "memory.db").chmod(0o644)
    permissions = checks(run("doctor", "--json").expect(1))["permissions"]
    assert permissions["result"] == "failed"
    command = permissions["remedy"].removeprefix("run: ").split()
    subprocess.run(command, check=True, timeout=10)
    assert checks(run("doctor", "--json").expect(0))["permissions"]["result"] == "ok"


def test_a_home_that_is_a_file_fails_without_touching_it(run: Commands) -> None:
    run.home.write_text("mine")
    found = checks(run("doctor", "--json").expect(1))
    assert found["directory"]["result"] == "failed"
    assert "store" not in found
    assert run.home.read_text() == "mine"


def test_a_misspelt_variable_is_named_with_what_was_meant(run: Commands) -> None:
    found = checks(run("doctor", "--json", env={"SWARM_MEMORY_PROJCT": "x"}).expect(0))
    assert found["environment"]["result"] == "warning"
    assert "SWARM_MEMORY_PROJCT (did you mean SWARM_MEMORY_PROJECT?)" in found["environment"]["found"]


def test_bad_settings_fail_and_the_rest_is_looked_at_where_possible(run: Commands) -> None:
    relative = run("doctor", "--json", env={"SWARM_MEMORY_HOME": "store"}).expect(1)
    assert checks(relative)["settings"]["result"] == "failed"
    assert "SWARM_MEMORY_HOME" in checks(relative)["settings"]["remedy"]
    wrong = run("status", env={"SWARM_MEMORY_HOME": "store"}).expect(2)
    assert wrong.err.startswith("[configuration] ")


def test_a_primary_that_local_mode_ignores_is_warned_of_and_its_token_is_never_told(run: Commands) -> None:
    env = {
        "SWARM_MEMORY_MODE": "local",
        "TURSO_DB_URL": "libsql://team.turso.io",
        "TURSO_DB_AUTH_TOKEN": "sesame-opens",
    }
    done = run("doctor", "--json", env=env).expect(0)
    found = checks(done)
    assert found["mode"]["result"] == "warning"
    assert found["project"]["result"] == "warning"
    assert "SWARM_MEMORY_PROJECT" in found["project"]["remedy"]
    assert "sesame" not in done.out + done.err


@pytest.mark.skipif("sys.platform != 'linux'", reason="processes are told by /proc")
def test_a_server_that_has_the_store_open_is_named(run: Commands) -> None:
    env = {**run.env, "SWARM_MEMORY_HOME": str(run.home)}
    # stderr tells when the server listens, and by then the store is open.
    command = [COMMAND, "serve", "--http", "127.0.0.1:0"]
    server = subprocess.Popen(command, env=env, cwd=run.cwd, stderr=subprocess.PIPE, text=True)
    try:
        assert server.stderr is not None
        assert "listens" in server.stderr.readline()
        assert f"{server.pid} (" in checks(run("doctor", "--json").expect(0))["in use"]["found"]
    finally:
        server.kill()
        server.communicate(timeout=10)
