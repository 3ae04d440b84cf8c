"""The owner of a replica: a small process of its own that does nothing but keep the file equal to the primary.

It is a process, because libSQL holds the GIL while it waits for the network. It holds the replica's lock (inherited, so
that the kernel releases it with this process and not before), ends at the end of its stdin, and tells how it is going
by the beacon. ``keeper.py`` starts it: ``python -P -m swarm_memory.storage.replicator``, and one line of JSON on stdin.
"""

import ctypes
import json
import os
import select
import signal
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from swarm_memory.storage.beacon import Beacon, Bell, Ring, State
from swarm_memory.storage.driver import Replica, ReplicaFault

ACTIVE_INTERVAL: Final = 0.2
IDLE_INTERVAL: Final = 5.0
ACTIVE_FOR: Final = 30.0
"""Seconds between two synchronisations while calls come, otherwise, and how long one call counts."""
_RETRY_FIRST: Final = 0.25
_RETRY_LAST: Final = 2.0
"""Seconds before it is tried again after a failure."""
_FAULTS_BEFORE_REBUILD: Final = 3
"""So many failures in a row that are not the network's mean that the file cannot follow any more."""
_PR_SET_PDEATHSIG: Final = 1
_HEAD_BYTES: Final = 100  # of a database file

# Words by which a failure is the network's or the token's, and a new file would be no better.
_NOT_THE_FILE: Final = (
    "transport error",
    "connect",
    "connection",
    "timed out",
    "timeout",
    "dns",
    "unavailable",
    "unauth",
    "permission",
    "http",
    "tls",
    "certificate",
    "broken pipe",
    "reset",
)


class Replicator:
    """The loop of synchronisations.

    Args:
        directory: Of the replica's files; it exists.
        address: URL of the primary.
        token: For it.
        beacon: The record, whose lock this process holds.
    """

    def __init__(self, directory: Path, address: str, token: str | None, beacon: Beacon) -> None:
        """Take over what is there."""
        self._directory = directory
        self._address = address
        self._token = token
        self._beacon = beacon
        self._bell = Bell(directory)
        before = self._beacon.read()
        self._state = replace(before, owner=os.getpid(), syncing_since=0.0, failing_since=0.0, error="")
        self._replica: Replica | None = None
        self._left: _Files | None = None
        self._faults = 0
        self._active_until = time.monotonic() + ACTIVE_FOR
        if not (before.generation and before.ready and self._path().is_file()):
            self._begin_generation()
        self._tell()

    def run(self) -> None:
        """Synchronise until stdin ends, or the directory is taken away."""
        bell = self._bell.listen()
        due = time.monotonic()
        while True:
            wait = max(0.0, due - time.monotonic())
            readable, _, _ = select.select([0, bell], [], [], wait)
            if 0 in readable and not os.read(0, 1024):
                return
            rings = os.read(bell, 4096) if bell in readable else b""
            if Ring.REBUILD.value in rings:
                self._begin_generation()
            if rings:
                self._active_until = time.monotonic() + ACTIVE_FOR
            # A ring does not hasten what has just failed.
            if rings.strip(Ring.ACTIVE.value) and not self._state.failing_since:
                due = time.monotonic()
            if not self._beacon.is_in_place():
                return  # the directory is another one now, and its lock is not the one that is held
            if time.monotonic() >= due:
                due = time.monotonic() + self._interval_after(self._sync())

    def _interval_after(self, seconds: float) -> float:
        """How long to wait behind a synchronisation that took so long."""
        if self._state.failing_since:
            failing = time.monotonic() - self._state.failing_since
            return min(max(_RETRY_FIRST, failing / 2), _RETRY_LAST)
        interval = ACTIVE_INTERVAL if time.monotonic() < self._active_until else IDLE_INTERVAL
        return max(0.0, interval - seconds)

    def _sync(self) -> float:
        """Synchronise once; the seconds it took."""
        begin = time.monotonic()
        self._state = replace(self._state, syncing_since=begin)
        self._tell()
        try:
            self._check_file()
            if self._replica is None:
                self._replica = Replica(self._path(), self._address, self._token)
            self._replica.sync()
            self._left = _look_at(self._path())
        except (ReplicaFault, OSError) as error:
            self._failed(str(error))
        else:
            self._succeeded(begin)
        self._tell()
        return time.monotonic() - begin

    def _succeeded(self, begin: float) -> None:
        self._faults = 0
        was_ready = self._state.ready
        self._state = replace(
            self._state,
            ready=True,
            synced_at=begin,
            syncing_since=0.0,
            failing_since=0.0,
            syncs=self._state.syncs + 1,
            error="",
        )
        if not was_ready:
            self._remove_others()

    def _failed(self, text: str) -> None:
        self._replica = None  # a new connection is part of the next try
        is_file = not any(word in text.lower() for word in _NOT_THE_FILE)
        self._faults = self._faults + 1 if is_file else 0
        self._state = replace(
            self._state,
            syncing_since=0.0,
            failing_since=self._state.failing_since or time.monotonic(),
            error=self._harmless(text),
        )
        if self._faults >= _FAULTS_BEFORE_REBUILD:
            self._begin_generation()

    def _check_file(self) -> None:
        """Begin anew where somebody has taken the files away, replaced them or cut them off."""
        path = self._path()
        found = _look_at(path)
        if self._replica is None:
            if not self._state.ready and found is None:
                return  # not made yet
            if found is None or not _is_sound(path, found):
                self._begin_generation()
        elif found is None or self._left is None or found.differs_from(self._left):
            self._begin_generation()

    def _begin_generation(self) -> None:
        """Start a new file, beside the old one that others may still have open."""
        self._replica = None
        self._faults = 0
        self._state = replace(self._state, generation=self._state.generation + 1, ready=False, synced_at=0.0)
        for leftover in self._directory.glob(f"{self._path().name}*"):
            leftover.unlink(missing_ok=True)
        self._tell()

    def _remove_others(self) -> None:
        mine = self._path().name
        for path in self._directory.glob("replica-*.db*"):
            if not path.name.startswith(mine):
                with suppress(OSError):
                    path.unlink()

    def _path(self) -> Path:
        return replica_path(self._directory, self._state)

    def _tell(self) -> None:
        self._beacon.write(self._state)

    def _harmless(self, text: str) -> str:
        """What may be told of a failure: one line, without the token."""
        if self._token:
            text = text.replace(self._token, "(token)")
        return " ".join(text.split())[:300]


def replica_path(directory: Path, state: State) -> Path:
    """The file that is the replica in this state."""
    return directory / f"replica-{state.generation}.db"


@dataclass(frozen=True, slots=True)
class _Files:
    """The file and its WAL as the file system has them; the WAL's number is 0 where there is none."""

    inode: int
    size: int
    wal: int
    wal_size: int

    def differs_from(self, left: "_Files") -> bool:
        """Whether they are not the ones that this process left and has open: nobody else changes them."""
        return self.inode != left.inode or self.wal != left.wal or self.size < left.size


def _look_at(path: Path) -> _Files | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    try:
        wal = Path(f"{path}-wal").stat()
    except FileNotFoundError:
        return _Files(found.st_ino, found.st_size, 0, 0)
    return _Files(found.st_ino, found.st_size, wal.st_ino, wal.st_size)


def _is_sound(path: Path, found: _Files) -> bool:
    """Whether a file that another owner left begins as a database, and is as long as its head says.

    It may be shorter where pages are still in the WAL: after a kill in the middle of a checkpoint.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if not head and found.wal_size:
        return True
    if not head.startswith(b"SQLite format 3\0") or len(head) < _HEAD_BYTES:
        return False
    page = int.from_bytes(head[16:18], "big")
    page = 65_536 if page == 1 else page
    return found.wal_size > 0 or found.size >= page * int.from_bytes(head[28:32], "big")


def _end_with_parent() -> None:
    """Ask the kernel to kill this process when its parent dies, also in the middle of a call that holds the GIL."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _read_order() -> dict[str, Any]:
    """The line on stdin; unbuffered, so that nothing behind it is taken."""
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            sys.exit(0)
        line += byte
    return json.loads(line)


def main() -> None:
    """Read the order from stdin and keep the replica until stdin ends."""
    _end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C is for the server, which then ends this
    os.umask(0o077)
    order = _read_order()
    directory = Path(order["directory"])
    Replicator(directory, order["address"], order["token"], Beacon(directory, order["beacon"])).run()
    os._exit(0)


if __name__ == "__main__":
    main()
