"""``stats`` tells what takes room, ``compact`` gives it back."""

import os
import pty
import subprocess

import pytest
from commandline import COMMAND, Commands

from swarm_memory.cli.housekeeping import size_of, spark


def test_an_empty_store_has_no_projects(run: Commands) -> None:
    assert run("stats").expect(0).out == ""
    told = run("stats", "--json").expect(0).json
    assert told["projects"] == []
    assert sum(told["days"]) == 0
    assert run("compact", "--json").expect(0).json["expired"] == 0


def test_stats_tell_each_project_with_its_history(run: Commands) -> None:
    run("set", "a", "x" * 5_000).expect(0)
    run("set", "a", "short").expect(0)
    run("set", "--project", "other/shop", "b", "y" * 300).expect(0)

    lines = [line.split("\t") for line in run("stats").expect(0).out.splitlines()]
    assert lines == [["other/shop", "1", "302", "0", "0"], ["local/shop", "1", "7", "1", "5002"]]
    told = run("stats", "--json").expect(0).json
    assert [one["kinds"]["entry"] for one in told["projects"]] == [1, 1]
    assert told["totals"]["changes"] == told["days"][-1] + told["days"][-2] == 3  # midnight may be just over
    assert told["bytes"] > 100_000


def test_a_person_sees_charts(run: Commands) -> None:
    run("set", "a", "x" * 3_000).expect(0)
    main, other = pty.openpty()
    env = {"PATH": os.environ["PATH"], "SWARM_MEMORY_HOME": str(run.home), "COLUMNS": "120", "TERM": "xterm"}
    subprocess.run([COMMAND, "stats"], stdout=other, env=env, cwd=run.cwd, timeout=60, check=True)
    shown = os.read(main, 10_000).decode()
    os.close(main)
    os.close(other)

    assert "████████████████████ 100%" in shown
    assert "entry 1" in shown
    assert "changes of the last 30 days" in shown


def test_compact_takes_out_by_the_settings_and_gives_room_back(run: Commands) -> None:
    for number in range(4):
        run("set", "a", "abcd"[number] * 100_000).expect(0)
    run("set", "b", "soon gone", "--ttl", "1").expect(0)
    before = run("stats", "--json").expect(0).json

    env = {**run.env, "SWARM_MEMORY_HISTORY_DAYS": "1"}
    kept = Commands(run.home, run.cwd, env)("compact", "--json").expect(0).json
    assert kept["versions"] == 0  # they were replaced today

    run("purge", "a", "--yes").expect(0)
    told = run("compact").expect(0).out
    assert " before, " in told
    assert run("stats", "--json").expect(0).json["bytes"] < before["bytes"]


@pytest.mark.parametrize(
    ("numbers", "shown"), [([], ""), ([0, 0], "  "), ([1, 8], "▁█"), ([0, 1, 1_000_000], " ▁█"), ([5], "█")]
)
def test_a_spark_line_shows_heights(numbers: list[int], shown: str) -> None:
    assert spark(numbers) == shown


@pytest.mark.parametrize(
    ("number", "shown"), [(0, "0 B"), (999, "999 B"), (1_234, "1.23 kB"), (12_345_678, "12.3 MB"), (10**10, "10.0 GB")]
)
def test_a_size_is_told_in_three_digits(number: int, shown: str) -> None:
    assert size_of(number) == shown
