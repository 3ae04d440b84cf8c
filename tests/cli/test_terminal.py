"""What a person at a terminal sees."""

import os
import pty
import subprocess

from commandline import COMMAND, Commands

_ESCAPE = "\x1b[31m"


def at_terminal(run: Commands, *arguments: str) -> str:
    """What a command prints on a terminal of 80 columns without colours."""
    ours, theirs = pty.openpty()
    env = {**run.env, "SWARM_MEMORY_HOME": str(run.home), "TERM": "dumb", "COLUMNS": "80", "NO_COLOR": "1"}
    process = subprocess.Popen([COMMAND, *arguments], env=env, cwd=run.cwd, stdin=theirs, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 4096):
            shown += chunk
    except OSError:  # Linux's way to tell that the other side is closed
        pass
    finally:
        os.close(ours)
        assert process.wait(30) == 0
    return shown.decode().replace("\r\n", "\n")


def test_a_list_is_a_table_that_fits_the_window(run: Commands) -> None:
    run("set", "plan/[bold]x", "a long story, told at length, about a [red]key[/red] " * 3).expect(0)
    head, row = at_terminal(run, "list").splitlines()
    assert head.split() == ["key", "namespace", "version", "updated", "(UTC)", "value"]
    assert row.startswith("plan/[bold]x  default    1 ")
    assert row.endswith("…")
    assert len(row) <= 80


def test_a_value_cannot_command_the_terminal(run: Commands) -> None:
    run("set", "k", "--text", "-", stdin=f"{_ESCAPE}red alert\ttwo\nthree").expect(0)
    assert run("get", "k").out == f"{_ESCAPE}red alert\ttwo\nthree\n"
    for arguments in (["get", "k"], ["list"], ["search", "alert"]):
        shown = at_terminal(run, *arguments)
        assert "red alert" in shown
        assert _ESCAPE not in shown
