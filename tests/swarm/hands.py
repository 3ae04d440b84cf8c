"""Starts processes that work in a swarm, and gathers what they were told."""

import json
import sqlite3
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

WORKER = Path(__file__).with_name("swarm_worker.py")
DEADLINE = 600.0


@dataclass(frozen=True)
class Order:
    """What a process is to do.

    Attributes:
        what: ``work`` or ``join``.
        url: Of the primary; None: the local file in ``home``.
        wait: Seconds that a claim waits for a task.
        unit: Seconds of work of a task, by its size where ``sizes`` has its title.
        speed: How many times faster the test's clock runs, from ``base`` on.
        times: Joins to try.
    """

    home: str
    swarm: str
    what: str = "work"
    url: str | None = None
    role: str = "work"
    wait: float = 0.0
    unit: float = 0.0
    sizes: dict[str, int] = field(default_factory=dict[str, int])
    speed: int = 1
    base: int = 0
    times: int = 0


class Hand:
    """One process: what it was told, as words of a line, and its figures if it ended by itself."""

    def __init__(self, order: Order, name: str) -> None:
        self.told: list[list[str]] = []
        self.figures: dict[str, Any] | None = None
        self.process = subprocess.Popen(
            [sys.executable, str(WORKER), json.dumps(asdict(order) | {"name": name})],
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
        with suppress(BrokenPipeError):
            self.process.stdin.write("\n")
            self.process.stdin.flush()

    def said(self, word: str) -> list[str]:
        return [words[1] for words in self.told if words[0] == word]

    def end(self, *, kill: bool = False) -> str:
        """Wait for its end, or make it; its errors."""
        if kill:
            self.process.kill()
        self.process.wait(DEADLINE)
        self._reader.join(DEADLINE)
        assert self.process.stderr
        errors = self.process.stderr.read()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe:
                with suppress(BrokenPipeError):
                    pipe.close()
        return errors

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            words = line.split(maxsplit=1)
            if words[0] == "ready":
                self.ready.set()
            elif words[0] == "end":
                self.figures = json.loads(words[1])
            elif line.endswith("\n"):
                self.told.append(line.split())
        self.ready.set()


def together(order: Order, count: int) -> list[Hand]:
    """Start so many, let them begin at once, and wait for their ends, which must be good ones."""
    hands = [Hand(order, f"hand-{number}") for number in range(count)]
    try:
        for hand in hands:
            assert hand.ready.wait(DEADLINE)
        for hand in hands:
            hand.begin()
        for hand in hands:
            hand.process.wait(DEADLINE)
    finally:
        ends = [(hand, hand.end(kill=hand.process.poll() is None)) for hand in hands]
    for hand, errors in ends:
        assert hand.figures is not None, errors
    return hands


def rows(home: Path, text: str, *parameters: Any) -> list[Any]:
    """Rows of any statement on the local file."""
    connection = sqlite3.connect(home / "memory.db", timeout=60)
    try:
        found = connection.execute(text, parameters).fetchall()
        connection.commit()
        return found
    finally:
        connection.close()
