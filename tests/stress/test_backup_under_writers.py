"""A backup taken while sixteen processes write holds every write that was acknowledged before it began."""

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from children import wait_until
from crew import Worker

from swarm_memory.storage.driver import connect

COMMAND = str(Path(sys.executable).with_name("swarm-memory"))
WRITERS = 16
SECONDS = 5.0


def command(home: Path, *arguments: str) -> Any:
    done = subprocess.run(
        [COMMAND, *arguments, "--json"],
        env={"SWARM_MEMORY_HOME": str(home), "HOME": str(home.parent), "PATH": "/usr/bin:/bin"},
        cwd=home.parent,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def counts(path: Path) -> dict[str, set[int]]:
    """Of each key, every count that the store has of it, past versions included."""
    found: dict[str, set[int]] = {}
    with closing(connect(path, "sqlite3")) as connection:
        for key, content in connection.run(
            "SELECT key, content FROM memories UNION ALL"
            " SELECT memories.key, versions.content FROM versions JOIN memories ON num = memory"
        ):
            found.setdefault(str(key), set()).add(json.loads(str(content))["count"])
    return found


@pytest.mark.parametrize("engine", ["sqlite3", pytest.param("libsql", marks=pytest.mark.stress)])
def test_a_backup_under_sixteen_writers_restores_to_every_write_acknowledged_before_it(
    tmp_path: Path, engine: str
) -> None:
    home, other, file = tmp_path / "home", tmp_path / "other", tmp_path / "backup.db"
    workers = [Worker("write", home / "memory.db", f"w{number}", SECONDS, engine) for number in range(WRITERS)]
    for worker in workers:
        worker.ready.wait(60)
    for worker in workers:
        worker.begin()
    wait_until(lambda: sum(len(one.acknowledged) > 5 for one in workers) == WRITERS, "all of them write")
    before = [list(worker.acknowledged) for worker in workers]
    told = command(home, "backup", str(file))
    running = sum(worker.process.poll() is None for worker in workers)
    for worker in workers:
        worker.wait()
        assert worker.figures is not None, worker.errors
    assert running == WRITERS  # else nobody wrote any more when it ended, and the test shows nothing

    restored = command(other, "restore", str(file))
    assert (restored["memories"], restored["seq"]) == (told["memories"], told["seq"])
    assert restored["epoch"] != told["epoch"]
    held = counts(other / "memory.db")
    lost = [(key, count) for one in before for key, count in one if count not in held.get(key, set())]
    assert lost == []
    assert sum(len(one) for one in before) <= told["seq"] < sum(len(one.acknowledged) for one in workers)
