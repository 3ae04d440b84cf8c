"""What the torture of replica mode does to a machine: its processes, its primary and the network between them."""

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from children import Child
from relay import Relay
from sqld import Sqld

from swarm_memory.storage.beacon import Beacon

WORKER = Path(__file__).with_name("replica_workers.py")
PRIMARY_TIMEOUT = 4.0
PROJECT = "torture"
_REPLICATOR = "swarm_memory.storage.replicator"
_SHORT = (0.2, 2.0)  # seconds that most faults last
_LONG = (8.0, 14.0)  # some: longer than calls wait, and than the replicator may hang
_LONG_SHARE = 0.12
_PAUSE = (0.2, 1.2)  # seconds between two of them


class Server:
    """One process of ``replica_workers.py``."""

    def __init__(self, name: str, folder: Path, url: str) -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self._told = (folder / f"{name}.stderr").open("wb")
        self.log.touch()
        foreign = ("SWARM_MEMORY_", "TURSO_", "LIBSQL_", "CLAUDE_")
        environment = {key: value for key, value in os.environ.items() if not key.startswith(foreign)}
        environment |= {
            "SWARM_MEMORY_HOME": str(folder / "home"),
            "SWARM_MEMORY_MODE": "replica",
            "SWARM_MEMORY_PROJECT": PROJECT,
            "SWARM_MEMORY_PRIMARY_TIMEOUT": str(PRIMARY_TIMEOUT),
            "TURSO_DB_URL": url,
        }
        command = [sys.executable, "-P", str(WORKER), name, str(self.log)]
        self._child = Child(command, stdin=subprocess.PIPE, stdout=self._told, env=environment)

    def kill(self) -> None:
        self._child.end(signal.SIGKILL)
        self._told.close()

    def quiet(self) -> None:
        """Let it write no more."""
        stdin = self._child.process.stdin
        assert stdin
        stdin.write(b"\n")

    def end(self, patience: float) -> int:
        """End it as its client does; the exit code."""
        stdin = self._child.process.stdin
        assert stdin
        stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.process.wait(patience)
        ended = self._child.ended
        code = self._child.end(signal.SIGKILL)
        self._told.close()
        return code if ended else -signal.SIGKILL

    @property
    def has_ended(self) -> bool:
        return self._child.ended

    def events(self) -> list[list[Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def stderr(self) -> str:
        return self.log.with_suffix(".stderr").read_text(errors="replace")


@dataclass
class Crew:
    """The servers of one machine, dead and alive."""

    folder: Path
    url: str
    count: int
    alive: list[Server] = field(default_factory=list[Server])
    dead: list[Server] = field(default_factory=list[Server])

    def start(self) -> None:
        while len(self.alive) < self.count:
            self.alive.append(Server(f"s{len(self.alive) + len(self.dead)}", self.folder, self.url))

    def kill_one(self, chance: random.Random) -> None:
        """Kill one and start another in its place."""
        victim = self.alive.pop(chance.randrange(len(self.alive)))
        victim.kill()
        self.dead.append(victim)
        self.start()

    @property
    def everyone(self) -> list[Server]:
        return [*self.dead, *self.alive]

    def events(self, *kinds: str) -> list[list[Any]]:
        return [event for server in self.everyone for event in server.events() if event[0] in kinds]

    def beacon(self) -> Beacon | None:
        found = list((self.folder / "home").glob("replicas/*/beacon"))
        return Beacon(found[0].parent) if found else None


class Tormentor:
    """Does something to one of them, again and again; ``done`` counts what."""

    def __init__(self, crew: Crew, sqld: Sqld, relay: Relay, chance: random.Random) -> None:
        self.done: Counter[str] = Counter()
        self._crew = crew
        self._sqld = sqld
        self._relay = relay
        self._chance = chance
        self._faults: list[tuple[str, Callable[[], None]]] = [
            ("replicators killed", self._kill_replicator),
            ("replicators killed", self._kill_replicator),
            ("servers killed", lambda: self._crew.kill_one(self._chance)),
            ("primaries killed", self._kill_primary),
            ("connections cut", relay.cut),
            ("network silent", lambda: self._network(self._relay.black_hole)),
            ("network refuses", self._refuse),
            ("answers lost", self._lose_answers),
        ]

    def run(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        self._relay.set_delay(5)
        while (left := end - time.monotonic()) > 0:
            name, act = self._chance.choice(self._faults)
            before = self.done.total()
            act()
            if self.done.total() == before:
                self.done[name] += 1
            self._wait(min(left, self._chance.uniform(*_PAUSE)))

    def _wait(self, seconds: float) -> None:
        time.sleep(seconds)  # the rhythm of the faults is what is tested, nothing is waited for

    def _while(self) -> float:
        return self._chance.uniform(*(_LONG if self._chance.random() < _LONG_SHARE else _SHORT))

    def _network(self, fault: Callable[[], None]) -> None:
        fault()
        self._wait(self._while())
        self._relay.heal()

    def _refuse(self) -> None:
        self._relay.refuse()
        self._network(self._relay.cut)

    def _lose_answers(self) -> None:
        self._relay.drop_answers(reset=self._chance.random() < 0.5, times=self._chance.randint(1, 4))
        self._wait(self._chance.uniform(*_SHORT))
        self._relay.heal()

    def _kill_primary(self) -> None:
        self._sqld.kill()
        self._wait(self._while() if self._chance.random() < 0.5 else 0.0)
        self._sqld.start()

    def _kill_replicator(self) -> None:
        victim = replicator(self._crew)
        if victim is None:
            self.done["replicators not there"] += 1
        else:
            with contextlib.suppress(psutil.NoSuchProcess):
                victim.kill()


def replicator(crew: Crew) -> psutil.Process | None:
    """The process that keeps the machine's replica now, if there is one."""
    beacon = crew.beacon()
    if beacon is None:
        return None
    owner = beacon.read().owner
    beacon.close()
    with contextlib.suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
        process = psutil.Process(owner) if owner else None
        if process and _REPLICATOR in process.cmdline():  # its number may be somebody else's by now
            return process
    return None
