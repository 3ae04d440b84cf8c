"""What a replica's owner tells every process of the machine, and how they call it: two small files beside the replica.

The **beacon** is a record of fixed size that the owner overwrites in place and others read in a microsecond. The
**bell** is a named pipe: one byte asks the owner for something. Both are worthless without an owner, and hold no data.
"""

import errno
import os
import stat
import struct
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Final

try:
    import fcntl
except ImportError:  # no replica mode there, see driver.has_replicas
    fcntl = None

_MAGIC: Final = b"swm1"
_ERROR_BYTES: Final = 400
# magic, generation, owner, ready, synced_at, wall clock at synced_at, syncing_since, failing_since, syncs, error
_FORMAT: Final = struct.Struct(f"<4sIIBddddQ{_ERROR_BYTES}s")
_CHECKSUM: Final = struct.Struct("<I")
_SIZE: Final = _FORMAT.size + _CHECKSUM.size
_TRIES: Final = 5
_CLOCKS_AGREE: Final = 2.0
"""Seconds; more between the clocks means that the machine slept or was started since, which the monotonic one omits."""


@dataclass(frozen=True, slots=True)
class State:
    """The replica as its owner sees it; moments are of the monotonic clock, which all processes share, in seconds.

    Attributes:
        generation: Number of the file that is the replica now; 0: there is none.
        owner: Process id of the owner that wrote this.
        ready: Whether that file has been synchronised completely, once at least.
        synced_at: When the last complete synchronisation began: every change before it is in the file. 0.0: never.
        syncing_since: When the running one began; 0.0: none runs.
        failing_since: Since when none succeeds; 0.0: the last one did.
        syncs: How many were made.
        error: Why the last one failed.
    """

    generation: int = 0
    owner: int = 0
    ready: bool = False
    synced_at: float = 0.0
    syncing_since: float = 0.0
    failing_since: float = 0.0
    syncs: int = 0
    error: str = ""

    def age(self) -> float:
        """Seconds since all changes were in the file; infinite where it is no replica yet."""
        return time.monotonic() - self.synced_at if self.ready and self.synced_at else float("inf")


class Beacon:
    """The record, for its owner and for readers.

    Args:
        directory: Of the replica; it exists.
        descriptor: Of the record, where it is open already.
    """

    def __init__(self, directory: Path, descriptor: int | None = None) -> None:
        """Open the record, made if missing, readable by its owner only."""
        self._path = directory / "beacon"
        self._descriptor = self._open() if descriptor is None else descriptor

    def try_lock(self) -> int | None:
        """Become the replica's owner if nobody is: a descriptor to inherit, whose last copy is the ownership.

        The lock is on the record itself, so that there cannot be two owners who tell of the same files.
        """
        if fcntl is None:
            return None
        descriptor = self._open()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return None
        if os.fstat(descriptor).st_ino == os.fstat(self._descriptor).st_ino and self.is_in_place():
            return descriptor
        os.close(descriptor)
        return None

    def _open(self) -> int:
        return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def is_in_place(self) -> bool:
        """Whether the directory still has this record: somebody may have deleted it, and others made a new one."""
        try:
            return self._path.stat().st_ino == os.fstat(self._descriptor).st_ino
        except OSError:
            return False

    def read(self) -> State:
        """The record as it is now; an empty state where it was never written, or before the machine was started."""
        for _ in range(_TRIES):
            data = os.pread(self._descriptor, _SIZE, 0)
            if len(data) < _SIZE or not data.startswith(_MAGIC):
                return State()
            (checksum,) = _CHECKSUM.unpack_from(data, _FORMAT.size)
            if zlib.crc32(data[: _FORMAT.size]) == checksum:
                return _unpack(data)
        return State()  # torn each time: whoever writes is gone in the middle of it

    def write(self, state: State) -> None:
        """Overwrite the record."""
        told = state.error.encode()[:_ERROR_BYTES]
        data = _FORMAT.pack(
            _MAGIC,
            state.generation,
            state.owner,
            state.ready,
            state.synced_at,
            time.time() - time.monotonic() + state.synced_at,
            state.syncing_since,
            state.failing_since,
            state.syncs,
            told,
        )
        os.pwrite(self._descriptor, data + _CHECKSUM.pack(zlib.crc32(data)), 0)

    def close(self) -> None:
        """Release the file."""
        os.close(self._descriptor)


def _unpack(data: bytes) -> State:
    _, generation, owner, ready, synced_at, wall, syncing, failing, syncs, error = _FORMAT.unpack_from(data)
    state = State(
        generation,
        owner,
        bool(ready),
        synced_at,
        syncing,
        failing,
        syncs,
        error.rstrip(b"\0").decode("utf-8", "ignore"),
    )
    passed = time.time() - wall
    if ready and abs(time.monotonic() - synced_at - passed) > _CLOCKS_AGREE:
        return replace(state, synced_at=time.monotonic() - abs(passed) - _CLOCKS_AGREE, syncing_since=0.0)
    return state


class Ring(bytes, Enum):
    """What the owner is asked for."""

    ACTIVE = b"a"
    """Calls are served here: synchronise often."""
    SYNC = b"s"
    """Synchronise now."""
    REBUILD = b"r"
    """The file is damaged: make a new one."""


class Bell:
    """The named pipe; any process may ring, the owner listens.

    Args:
        directory: Of the replica; it exists.
    """

    def __init__(self, directory: Path) -> None:
        """Make the pipe if it is missing; nobody is connected yet."""
        self._path = directory / "bell"
        self._descriptor: int | None = None
        with suppress(FileExistsError):
            os.mkfifo(self._path, 0o600)

    def ring(self, ring: Ring) -> bool:
        """Ask the owner; False where none listens."""
        try:
            if self._descriptor is None:
                self._descriptor = os.open(self._path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            os.write(self._descriptor, ring.value)
        except OSError as error:
            if error.errno == errno.EAGAIN:  # full: the owner has enough to hear
                return True
            self.close()
            return False
        return True

    def listen(self) -> int:
        """Descriptor that is readable when somebody has rung; for the owner."""
        if not stat.S_ISFIFO(self._path.stat().st_mode):
            self._path.unlink()
            os.mkfifo(self._path, 0o600)
        # Also for writing, so that it does not end when the last of the others closes it.
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        return self._descriptor

    def close(self) -> None:
        """Release the pipe."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
