"""Starts the stress suite's processes and gathers what they were told."""

import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from swarm_memory.storage.local import open_local
from swarm_memory.storage.queries import Row, Statement

WORKERS = Path(__file__).with_name("workers.py")
DEADLINE = 240.0


@dataclass
class Worker:
    """One process: the writes acknowledged to it (key and count), and its figures if it ended by itself."""

    role: str
    database: Path
    name: str
    amount: float
    engine: str = "auto"
    acknowledged: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])
    figures: dict[str, float] | None = None
    errors: str = ""

    def __post_init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(WORKERS), self.role, str(self.database), self.name, str(self.amount), self.engine],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.ready = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def begin(self) -> None:
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        """End it with SIGKILL, and read what it was told before."""
        self.process.kill()
        self.wait()

    def wait(self) -> None:
        self.process.wait(DEADLINE)
        self._reader.join(DEADLINE)
        assert self.process.stderr
        self.errors = self.process.stderr.read()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe:
                pipe.close()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            word, _, rest = line.rstrip("\n").partition(" ")
            if word == "ready":
                self.ready.set()
            elif word == "done":
                self.figures = json.loads(rest)
            else:
                self.acknowledged.append((word, int(rest)))
        self.ready.set()


def run_together(
    role: str, database: Path, count: int, amount: float, engines: Sequence[str] = ("auto",)
) -> list[Worker]:
    """Start so many processes, on these engines in turn, let them begin at once, and wait for their ends."""
    workers = [Worker(role, database, f"w{number}", amount, engines[number % len(engines)]) for number in range(count)]
    for worker in workers:
        assert worker.ready.wait(DEADLINE)
    for worker in workers:
        worker.begin()
    for worker in workers:
        worker.wait()
    return workers


async def ask(database: Path, *queries: str) -> list[list[Row]]:
    """Rows of some SELECTs on the store as a new process would see it."""
    opened = await open_local(database)
    try:
        return await opened.read(*(Statement("ask", query) for query in queries))
    finally:
        opened.close()
