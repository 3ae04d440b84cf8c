"""A primary at a distance and the machines that use it, for ``replication.py``: each process is a real one."""

import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import anyio
import psutil

from latency import sentence
from swarm_memory.app import App, open_app
from swarm_memory.config import Settings
from swarm_memory.errors import SwarmMemoryError
from swarm_memory.models.operations import Store
from swarm_memory.models.values import encode
from swarm_memory.services.memory import Miss
from swarm_memory.storage.beacon import Beacon, State
from swarm_memory.storage.opening import replica_directory

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "primary"))

from children import Child
from relay import Relay
from sqld import Sqld

__all__ = ["Relay", "Sqld"]  # found here, because of the line above

PROJECT = "bench/replication"
SEED = 20_260_202
PATIENCE = 60.0  # seconds; only what is broken needs them
KNOWN = "known"

Figures = dict[str, float]


@dataclass(frozen=True)
class Scene:
    """A primary at a distance, and how long to measure."""

    folder: Path
    sqld: Sqld
    relay: Relay
    quick: bool

    @property
    def times(self) -> int:
        return 30 if self.quick else 100

    def settings(self, home: str, mode: str = "replica") -> Settings:
        return Settings.model_validate(
            {"home": self.folder / home, "mode": mode, "project": PROJECT, "TURSO_DB_URL": self.relay.url}
        )

    @asynccontextmanager
    async def machine(self, home: str, mode: str = "replica") -> AsyncGenerator[App]:
        """A machine whose replica is up to date, if it has one."""
        async with open_app(self.settings(home, mode)) as app:
            await store(app, KNOWN)
            stored = time.monotonic()
            if mode == "replica":
                await self.until(home, lambda state: state.synced_at > stored)
            yield app

    async def until(self, home: str, condition: Callable[[State], bool]) -> State:
        """Wait until the replica's owner tells such a state."""
        directory = replica_directory(self.folder / home, self.relay.url)
        directory.mkdir(parents=True, exist_ok=True)
        beacon = Beacon(directory)
        try:
            await until(lambda: condition(beacon.read()))
            return beacon.read()
        finally:
            beacon.close()


async def until(condition: Callable[[], bool | Awaitable[bool]], pause: float = 0.002) -> None:
    """Wait for what sends no event."""
    with anyio.fail_after(PATIENCE):
        while True:
            met = condition()
            if met is True or (not isinstance(met, bool) and await met):
                return
            await anyio.sleep(pause)


async def store(app: App, key: str) -> None:
    value = encode({"note": sentence(random.Random(key))})
    await app.memory.apply([Store("default", key, value)], app.caller())


async def find(app: App, key: str) -> bool:
    return not isinstance(await app.memory.retrieve(PROJECT, "default", key), Miss)


def percentiles(seconds: Sequence[float], *wanted: int) -> Figures:
    cut = statistics.quantiles(seconds, n=100, method="inclusive")
    return {f"p{one}": round(cut[one - 1] * 1000, 2) for one in wanted}


def named(name: str, figures: Figures) -> Figures:
    return {f"{name}, {what}": figure for what, figure in figures.items()}


async def timed(call: Callable[[int], Awaitable[object]], times: int, pause: float | None = None) -> list[float]:
    """Seconds that each call took, after some that do not count."""
    taken: list[float] = []
    warm = max(3, times // 10)
    for number in range(times + warm):
        begin = time.perf_counter()
        await call(number)
        taken.append(time.perf_counter() - begin)
        if pause is not None:
            await anyio.sleep(pause)
    return taken[warm:]


@asynccontextmanager
async def beside(work: Callable[[], Awaitable[object]]) -> AsyncGenerator[None]:
    """Do something again and again meanwhile."""

    async def forever() -> None:
        while True:
            await work()

    async with anyio.create_task_group() as group:
        group.start_soon(forever)
        yield
        group.cancel_scope.cancel()


def start_server(scene: Scene, home: str) -> Child:
    environment = os.environ | {
        "SWARM_MEMORY_HOME": str(scene.folder / home),
        "SWARM_MEMORY_MODE": "replica",
        "TURSO_DB_URL": scene.relay.url,
    }
    command = [sys.executable, "-m", "swarm_memory", "serve"]
    return Child(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)


def is_child_of(parent: int, process: int) -> bool:
    try:
        return psutil.Process(process).ppid() == parent
    except psutil.NoSuchProcess:
        return False


async def attempt(call: Callable[[], Awaitable[object]]) -> tuple[float, str]:
    """Seconds it took, and the code of the error it met; no code where it did what it should."""
    begin = time.monotonic()
    told = ""
    try:
        if await call() is False:
            told = "missing"
    except SwarmMemoryError as error:
        told = error.code
    return time.monotonic() - begin, told


async def fill(folder: Path, url: str, memories: int) -> None:
    """Store so many, a hundred a batch."""
    chance = random.Random(SEED)
    settings = {"home": folder, "mode": "remote", "project": PROJECT, "TURSO_DB_URL": url, "primary_timeout": 60}
    async with open_app(Settings.model_validate(settings)) as app:
        for start in range(0, memories, 100):
            notes = ((number, encode({"note": sentence(chance)})) for number in range(start, start + 100))
            await app.memory.apply([Store("default", f"item/{n}", note) for n, note in notes], app.caller())
