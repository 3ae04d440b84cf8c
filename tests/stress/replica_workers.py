"""A server-like process of the torture: ``replica_workers.py NAME LOG``; the settings come from the environment.

It opens the store as a server does, writes and reads as fast as it is let, and judges what it is told. Every event is
one line of JSON in LOG, there as soon as it happened, so that a process which is killed leaves what it was told:

- ``["ack", KEY, SEQ]`` and ``["counted"]``: a write, and an increment of the counter that all share, were acknowledged;
- ``["refused", CODE, TEXT]``: a write was; ``["unread", CODE, TEXT]``: a read was;
- ``["reads", {PLACE: TIMES}]``: so many since the last such line;
- ``["longest", SECONDS]``: a call took longer than any before it;
- ``["wrong", TEXT]``: what must never be; ``["fault", TEXT]``: an exception that no call may raise.

One line on stdin ends the writing, the end of stdin ends the process.
"""

import json
import os
import sys
import time
import traceback
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio

from swarm_memory.app import App, open_app
from swarm_memory.config import load_settings
from swarm_memory.errors import SwarmMemoryError
from swarm_memory.models.operations import Increment, Operation, Store
from swarm_memory.models.values import encode
from swarm_memory.storage.database import Database
from swarm_memory.storage.freshness import Freshness, begin_call
from swarm_memory.storage.queries import Statement

COUNTER = "counter"
SLACK = 2.0  # seconds that a call may take beyond the primary's time-out
NOTE = "the token expires after an hour, and the refresh is tried once. " * 8

_READ_PAUSE = 0.005  # seconds between two calls, so that the processes of one small machine all get their turn
_WRITE_PAUSE = 0.04
_TOLD_EVERY = 25
_SNAPSHOT = (
    Statement("torture", "SELECT coalesce(max(seq), 0), count(*) FROM changes"),
    Statement("torture", "SELECT count(*), coalesce(sum(version), 0) FROM memories"),
    Statement("torture", "SELECT count(*) FROM changes WHERE kind = 'memory' AND op = 'create'"),
    Statement("torture", "SELECT count(*) FROM memory_index_docsize"),
)


class Worker:
    """The writer, the reader, and what both have seen."""

    def __init__(self, name: str, log: Path, app: App) -> None:
        self._name = name
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._app = app
        # The change sequence as a process reads it has no tool of its own, so this looks behind the services.
        self._database: Database = app.health._database  # pyright: ignore[reportPrivateUsage] - see above
        self._allowed = app.settings.primary_timeout + SLACK
        self._longest = 0.0
        self._seen = 0
        self._places: Counter[str] = Counter()
        self._quiet = False

    async def run(self) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(self._listen, group.cancel_scope)
            group.start_soon(self._forever, self._write, _WRITE_PAUSE)
            group.start_soon(self._forever, self._read, _READ_PAUSE)

    def tell(self, *event: Any) -> None:
        os.write(self._log, json.dumps(event).encode() + b"\n")

    async def _listen(self, scope: anyio.CancelScope) -> None:
        while True:
            await anyio.wait_readable(0)
            if not os.read(0, 1024):
                scope.cancel()
                return
            self._quiet = True

    async def _forever(self, step: Callable[[int], Awaitable[None]], pause: float) -> None:
        number = 0
        while True:
            try:
                await step(number)
            except Exception:
                self.tell("fault", traceback.format_exc())
                raise
            number += 1
            await anyio.sleep(pause)

    async def _write(self, number: int) -> None:
        if self._quiet:
            return
        key = f"{self._name}/{number}"
        counts = number % 8 == 7
        operation: Operation = (
            Increment("torture", COUNTER, 1) if counts else Store("torture", key, encode({"by": self._name, "n": NOTE}))
        )
        begin = time.monotonic()
        try:
            [outcome] = await self._app.memory.apply([operation], self._app.caller(agent=self._name))
        except SwarmMemoryError as error:
            self.tell("refused", error.code, str(error))
        else:
            self.tell(*(("counted",) if counts else ("ack", key, outcome["seq"])))
            self._seen = max(self._seen, outcome["seq"])
        self._took("write", begin)

    async def _read(self, _number: int) -> None:
        begin_call()
        seen, begin = self._seen, time.monotonic()
        try:
            [[(seq, changes)], [(memories, versions)], [(created,)], [(indexed,)]] = await self._database.read(
                *_SNAPSHOT
            )
        except SwarmMemoryError as error:
            self.tell("unread", error.code, str(error))
        else:
            told = [int(str(one)) for one in (seq, changes, memories, versions, created, indexed)]
            self._judge(seen, told, self._database.freshness())
        self._took("read", begin)

    def _judge(self, seen: int, told: list[int], read: Freshness) -> None:
        """Compare one snapshot with itself, and with what was known before it was asked for."""
        seq, changes, memories, versions, created, indexed = told
        if seq < seen:
            self.tell("wrong", f"backward: {seq} after {seen}, {read}")
        # Nothing is deleted and nothing expires here: each change is one version of one memory.
        if not (memories == created == indexed and seq == changes == versions):
            self.tell("wrong", f"torn: {told}, {read}")
        self._seen = max(self._seen, seq)
        self._places[read.place if read.stale_for is None else f"{read.place}, stale"] += 1
        if self._places.total() >= _TOLD_EVERY:
            self.tell("reads", self._places)
            self._places.clear()

    def _took(self, call: str, begin: float) -> None:
        seconds = time.monotonic() - begin
        if seconds > self._longest:
            self._longest = seconds
            self.tell("longest", round(seconds, 3))
        if seconds > self._allowed:
            self.tell("wrong", f"a {call} took {seconds:.2f} s")


async def main() -> None:
    name, log = sys.argv[1:]
    async with open_app(load_settings()) as app:
        await Worker(name, Path(log), app).run()


if __name__ == "__main__":
    anyio.run(main)
