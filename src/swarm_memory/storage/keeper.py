"""A server's part in keeping the machine's replica: become its owner where there is none, and call the owner.

Every server tries the replica's lock a few times a second. Whoever gets it starts a replicator (``replicator.py``) that
inherits the lock, so the kernel gives it to the next one whenever that process is gone, however it ended.
"""

import asyncio
import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from swarm_memory.logs import log
from swarm_memory.storage.beacon import Beacon, Bell, Ring, State
from swarm_memory.storage.replicator import replica_path

_LOOK_EVERY: Final = 0.5
"""Seconds between two tries for the lock, and between two looks at one's own replicator."""
_STUCK_AFTER: Final = 10.0
"""Seconds for which a synchronisation may run without any of its files growing; then it is killed and begun anew."""
_LONGEST_WAIT: Final = 30.0
"""Seconds before a replicator that ends by itself is started again, at most."""
_RING_EVERY: Final = 0.1
"""Seconds between two rings that only tell of activity."""


class Keeper:
    """The replica's owner, or a caller of it.

    Args:
        directory: Of the replica's files; made if missing, readable by its owner only.
        address: URL of the primary.
        token: For it; goes to the replicator by its stdin, where no list of processes shows it.
    """

    def __init__(self, directory: Path, address: str, token: str | None) -> None:
        """Open beacon and bell.

        Raises:
            OSError: The directory cannot be made or used.
        """
        self.directory = directory
        _make_private(directory)
        self._order = {"directory": str(directory), "address": address, "token": token}
        self._beacon = Beacon(directory)
        self._bell = Bell(directory)
        self._child: subprocess.Popen[bytes] | None = None
        self._task: asyncio.Task[None] | None = None
        self._next_ring = 0.0
        self._grown = (0, 0.0)
        self._closed = False
        self._failures = 0
        self._not_before = 0.0
        self.fault: str | None = None

    @property
    def is_owner(self) -> bool:
        """Whether this server's replicator keeps the replica."""
        return self._child is not None and self._child.poll() is None

    def has_owner(self) -> bool:
        """Whether some process keeps the replica now."""
        return self.is_owner or self._bell.ring(Ring.ACTIVE)

    def state(self) -> State:
        """What the owner last told."""
        return self._beacon.read()

    def path(self, state: State) -> Path:
        """The file that is the replica in this state."""
        return replica_path(self.directory, state)

    def ring_active(self) -> None:
        """Tell the owner that calls are served, at most ten times a second."""
        moment = time.monotonic()
        if moment >= self._next_ring:
            self._next_ring = moment + _RING_EVERY
            self._bell.ring(Ring.ACTIVE)

    def ring(self, ring: Ring) -> bool:
        """Ask the owner for something; False where there is none."""
        return self._bell.ring(ring)

    def start(self) -> None:
        """Keep the replica from now on: in the running event loop, until ``close``."""
        self._task = asyncio.get_running_loop().create_task(self._keep())

    async def wait_for(self, condition: Callable[[State], bool], seconds: float) -> bool:
        """Wait until the owner tells a state; False where it did not in time."""
        deadline = time.monotonic() + seconds
        while not condition(self.state()):
            if time.monotonic() >= deadline:
                return False
            await asyncio.sleep(0.002)
        return True

    def close(self) -> None:
        """Stop keeping, and end the replicator: its lock is free at once. Safe to call twice."""
        if self._closed:
            return
        self._closed = True
        if self._task is not None:
            self._task.cancel()
        self._end_child()
        self._bell.close()
        self._beacon.close()

    async def _keep(self) -> None:
        while True:
            if not self._beacon.is_in_place():
                self._begin_anew()
            if self._child is None or self._child.poll() is not None:
                self._judge_end()
                self._end_child()
                if time.monotonic() >= self._not_before:
                    self._try_to_own()
            elif self._is_stuck():
                self._child.kill()
            await asyncio.sleep(_LOOK_EVERY * random.uniform(0.8, 1.2))  # noqa: S311 - jitter, not a secret

    def _judge_end(self) -> None:
        """Wait longer and longer for a replicator that ends by itself: a fault that trying again does not mend."""
        code = 0 if self._child is None else self._child.poll()
        if code is None or code <= 0:  # it was asked to end, or somebody killed it
            return
        self._failures += 1
        self._not_before = time.monotonic() + min(_LOOK_EVERY * 2**self._failures, _LONGEST_WAIT)
        self.fault = f"The process that keeps the replica ended with code {code}, {self._failures} times."
        log.error("the replicator ended", code=code, times=self._failures)

    def _begin_anew(self) -> None:
        """Somebody deleted the directory: make it again, and let go of what was in the old one."""
        self._end_child()
        with suppress(OSError):
            _make_private(self.directory)
            beacon, bell = Beacon(self.directory), Bell(self.directory)
            self._beacon.close()
            self._bell.close()
            self._beacon, self._bell = beacon, bell

    def _try_to_own(self) -> None:
        with suppress(OSError):
            lock = self._beacon.try_lock()
            if lock is None:
                return
            try:
                self._child = self._start_child(lock)
                self._grown = (0, time.monotonic())
            finally:
                os.close(lock)  # the child's copy keeps it

    def _start_child(self, lock: int) -> "subprocess.Popen[bytes]":
        child = subprocess.Popen(
            # -P: the working directory is a stranger's project, and no place to import from.
            [sys.executable, "-P", "-m", "swarm_memory.storage.replicator"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(lock,),
            cwd=self.directory,
        )
        if child.stdin is not None:
            with suppress(BrokenPipeError):
                child.stdin.write(json.dumps({**self._order, "beacon": lock}).encode() + b"\n")
                child.stdin.flush()
        return child

    def _is_stuck(self) -> bool:
        """Whether a synchronisation runs and nothing grows: libSQL itself waits for a silent network for ever."""
        state = self.state()
        if not state.syncing_since:
            self._grown = (0, time.monotonic())
            return False
        size = sum(path.stat().st_size for path in self.directory.glob("replica-*") if path.exists())
        if size != self._grown[0]:
            self._grown = (size, time.monotonic())
        return time.monotonic() - max(self._grown[1], state.syncing_since) > _STUCK_AFTER

    def _end_child(self) -> None:
        if self._child is not None:
            if self._child.stdin is not None:
                with suppress(OSError):
                    self._child.stdin.close()
            self._child.kill()
            self._child.wait()
            self._child = None


def _make_private(directory: Path) -> None:
    """Make the directory and those above it that are missing, for their owner only."""
    for missing in [*reversed([one for one in directory.parents if not one.exists()]), directory]:
        missing.mkdir(mode=0o700, exist_ok=True)
