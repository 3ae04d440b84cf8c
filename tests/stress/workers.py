"""Processes of the stress suite: ``python workers.py ROLE DATABASE NAME AMOUNT ENGINE``.

Each writes what was acknowledged to stdout, one line a write, and its figures as a last line of JSON. A line stands
in the pipe as soon as the write was acknowledged, so a process that is killed leaves exactly what it was told.
"""

import json
import os
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import anyio

from swarm_memory.models.caller import Caller, Origin
from swarm_memory.models.operations import Increment, Store
from swarm_memory.models.values import encode
from swarm_memory.storage.local import LocalDatabase, open_local
from swarm_memory.storage.memories import MemoryStore, change_of
from swarm_memory.storage.migrate import migrate
from swarm_memory.storage.writer import OperationRefused, Writer

PROJECT = "stress"


async def write_for_seconds(database: LocalDatabase, name: str, seconds: float) -> None:
    """Store new keys, and every fourth time replace one, until the time is over."""
    writer, caller = Writer(database), Caller(PROJECT, Origin(agent=name))
    end = time.monotonic() + seconds
    count, longest, cpu = 0, 0.0, time.process_time()
    while time.monotonic() < end:
        key = f"{name}/{count if count % 4 else count // 2}"
        value = {
            "status": "implementing JWT",
            "writer": name,
            "count": count,
            "note": "the token expires after an hour",
        }
        begin = time.monotonic()
        await writer.apply([change_of(Store("default", key, encode(value), tags=("stress",)), caller)])
        longest = max(longest, time.monotonic() - begin)
        acknowledge(f"{key} {count}")
        count += 1
    finish(writes=count, longest=longest, cpu=time.process_time() - cpu)


async def increment_times(database: LocalDatabase, name: str, times: float) -> None:
    """Increment one counter that all share."""
    writer, caller = Writer(database), Caller(PROJECT, Origin(agent=name))
    for _ in range(int(times)):
        await writer.apply([change_of(Increment("default", "counter", 1), caller)])
    finish(writes=int(times))


async def compare_and_swap_times(database: LocalDatabase, name: str, times: float) -> None:
    """Add one to the shared counter by ``if_version``, as often as it takes."""
    writer, reads, caller = Writer(database), MemoryStore(database), Caller(PROJECT, Origin(agent=name))
    done = conflicts = 0
    while done < times:
        present = await reads.by_key(PROJECT, "default", "counter")
        version, value = (present.version, present.value) if present else (0, 0)
        swap = Store("default", "counter", encode(value + 1), if_version=version)
        try:
            await writer.apply([change_of(swap, caller)])
            done += 1
        except OperationRefused:
            conflicts += 1
    finish(writes=done, conflicts=conflicts)


async def open_and_leave(_database: LocalDatabase, _name: str, _amount: float) -> None:
    """Only open the store and bring its schema up."""
    finish(writes=0)


ROLES: dict[str, Callable[[LocalDatabase, str, float], Awaitable[None]]] = {
    "write": write_for_seconds,
    "increment": increment_times,
    "swap": compare_and_swap_times,
    "open": open_and_leave,
}


def acknowledge(line: str) -> None:
    """Tell of one write, unbuffered."""
    os.write(1, f"{line}\n".encode())


def finish(**figures: float) -> None:
    """Tell the figures; the parent knows by them that the process ended by itself."""
    acknowledge("done " + json.dumps(figures))


async def main() -> None:
    role, path, name, amount, engine = sys.argv[1:]
    database = await open_local(Path(path), engine=engine)  # pyright: ignore[reportArgumentType] - a word of a command
    await migrate(database)
    acknowledge("ready")
    sys.stdin.readline()  # all begin together
    await ROLES[role](database, name, float(amount))
    database.close()


if __name__ == "__main__":
    anyio.run(main)
