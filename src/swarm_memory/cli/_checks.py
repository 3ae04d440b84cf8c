"""What ``doctor`` looks at before it opens the store: the machine, the settings, the directory."""

import os
import platform
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from swarm_memory.config import DATABASE_NAME, PREFIX, Settings, unknown_variables
from swarm_memory.errors import StorageError
from swarm_memory.models.replication import Replication
from swarm_memory.storage.driver import choose_engine, engine_name
from swarm_memory.storage.opening import storage_mode

_OLDEST_PYTHON: Final = (3, 11)
_LEAST_FREE: Final = 100_000_000  # bytes; below, a checkpoint of the largest WAL may not fit any more
_LITTLE_FREE: Final = 1_000_000_000  # bytes
_NETWORK: Final = ("nfs", "cifs", "smb", "9p", "afp", "sshfs", "webdav", "davfs", "ceph", "gluster", "lustre", "vboxsf")
_NAMED_HOLDERS: Final = 5
_PROCESSES: Final = Path("/proc")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        found: What is there, a phrase.
        remedy: What to do about it, an imperative phrase; None where nothing has to be done.
    """

    name: str
    result: Literal["ok", "warning", "failed"]
    found: str
    remedy: str | None = None


def check_python() -> Check:
    """Version and platform."""
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    if sys.version_info < _OLDEST_PYTHON:
        return Check("Python", "failed", found, "install Python 3.11 or newer.")
    if sys.platform == "win32":
        return Check("Python", "warning", found, "expect rough edges: Windows is untested.")
    return Check("Python", "ok", found)


def check_engine(settings: Settings) -> Check:
    """What runs the SQL of reads on this machine."""
    try:
        if storage_mode(settings) == "replica":
            return Check("engine", "ok", f"{engine_name('libsql')}, for the replica")
        return Check("engine", "ok", engine_name(choose_engine(settings.engine)))
    except StorageError as error:
        return Check("engine", "failed", error.message, error.next_step)


def check_variables() -> Check:
    """Variables with our prefix that nothing reads: spelling mistakes."""
    unknown = unknown_variables()
    if not unknown:
        return Check("environment", "ok", f"every {PREFIX}* variable is known")
    meant = [f"{name} (did you mean {near}?)" if near else name for name, near in unknown.items()]
    return Check("environment", "warning", f"nothing reads {', '.join(meant)}", "correct the name, or unset it.")


def check_primary(settings: Settings) -> Check:
    """The mode, and a primary that is configured and not used."""
    if settings.primary_url is None:
        return Check("mode", "ok", "local, no primary configured")
    if settings.primary is not None:
        return Check("mode", "ok", f"{storage_mode(settings)}, with the primary {settings.primary}")
    return Check(
        "mode",
        "warning",
        f"local by {PREFIX}MODE, although a primary is configured: nothing is shared with other machines",
        f"unset {PREFIX}MODE to use the primary, or unset the primary's URL.",
    )


def check_way_to_primary(told: Replication) -> Check:
    """Whether the primary answers, and how fast."""
    if not told.reachable:
        return Check("primary", "failed", told.error or "it did not answer", told.remedy)
    return Check("primary", "ok", f"{told.primary} answers in {(told.round_trip or 0) * 1000:.0f} ms")


def check_copy(told: Replication) -> Check:
    """This machine's copy of the primary: whether somebody keeps it, how old and how far behind it is."""
    if told.owner is None:
        return Check("replica", "ok", "nobody keeps it now; the next server does, and until then the primary is read")
    if told.age is None:
        found = f"process {told.owner} makes it; until then the primary is read"
    else:
        lag = "" if told.lag is None else f", {told.lag} changes behind"
        found = f"kept by process {told.owner}, {told.age:.1f} s old{lag}"
    if told.error:
        return Check("replica", "warning", f"{found}; the last synchronisation failed: {told.error}", told.remedy)
    return Check("replica", "ok", found)


def check_directory(home: Path) -> Check:
    """Whether the store's files can be made and written there."""
    if not home.exists():
        return Check("directory", "ok", f"{home} is made when the store is opened")
    if not home.is_dir():
        return Check("directory", "failed", f"{home} is no directory", f"move it away, or set {PREFIX}HOME elsewhere.")
    if not os.access(home, os.R_OK | os.W_OK | os.X_OK):
        remedy = f"make it writable for you (chmod u+rwx {home}), or set {PREFIX}HOME elsewhere."
        return Check("directory", "failed", f"{home} may not be written by this user", remedy)
    return Check("directory", "ok", f"{home}, writable")


def check_permissions(home: Path) -> Check:
    """Nobody else may read the files or change the directory."""
    if os.name != "posix":
        return Check("permissions", "ok", "not looked at on this platform")
    # SQLite's side files hold memories too.
    files = [path for path in sorted(home.glob(f"{DATABASE_NAME}*")) if path.is_file()]
    open_files = [path for path in files if stat.S_IMODE(path.stat().st_mode) & 0o077]
    if open_files:
        names = " ".join(str(path) for path in open_files)
        return Check("permissions", "failed", f"other users may read or write {names}", f"run: chmod 600 {names}")
    if home.exists() and stat.S_IMODE(home.stat().st_mode) & 0o022:
        return Check("permissions", "failed", f"other users may write to {home}", f"run: chmod 700 {home}")
    return Check("permissions", "ok", "only you can read the memories" if files else "there are no files yet")


def check_file_system(home: Path) -> Check:
    """SQLite's locks and its shared memory are for one machine only."""
    kind = _file_system(_existing(home))
    if kind is None:
        return Check("file system", "ok", "its kind is not known here")
    if any(word in kind for word in _NETWORK):
        return Check(
            "file system",
            "warning",
            f"{kind} is a network or shared file system, where locks are not reliable between machines",
            f"set {PREFIX}HOME to a directory on a local disk.",
        )
    return Check("file system", "ok", f"{kind}, local")


def check_space(home: Path) -> Check:
    """Free bytes on the disk of the store."""
    free = shutil.disk_usage(_existing(home)).free
    found = f"{free / 1e9:.1f} GB free"
    if free < _LEAST_FREE:
        return Check("disk", "failed", found, "free disk space; writes will fail soon.")
    if free < _LITTLE_FREE:
        return Check("disk", "warning", found, "free disk space before it runs out.")
    return Check("disk", "ok", found)


def check_holders(path: Path) -> Check:
    """Other processes of this user that have the store open."""
    if not _PROCESSES.is_dir():
        return Check("in use", "ok", f"not looked at on this platform; lsof {path} tells")
    holders = list(_holders(path))
    if not holders:
        return Check("in use", "ok", "by no other process that you may look at")
    more = f" and {len(holders) - _NAMED_HOLDERS} more" if len(holders) > _NAMED_HOLDERS else ""
    return Check("in use", "ok", f"by {', '.join(holders[:_NAMED_HOLDERS])}{more}")


def _existing(path: Path) -> Path:
    """The path, or its nearest parent that exists."""
    return next(one for one in (path, *path.parents) if one.exists())


def _file_system(path: Path) -> str | None:
    """Kind of the file system that holds a path that exists; None if it cannot be told."""
    mounts = list(_mounts())
    holding = [(place, kind) for place, kind in mounts if path.resolve().is_relative_to(place)]
    # Of two mounts on one place the later one is seen.
    return max(holding, key=lambda one: len(one[0].parts), default=(None, None))[1] if holding else None


def _mounts() -> Iterator[tuple[Path, str]]:
    """Mount points and the kinds of file system on them, newest first."""
    try:
        if sys.platform == "linux":
            lines = Path("/proc/self/mounts").read_text("utf-8", "surrogateescape").splitlines()
            for _, place, kind, *_ in (line.split(" ") for line in reversed(lines)):
                # A space in the name is written \\040.
                yield Path(place.encode("latin-1", "backslashreplace").decode("unicode_escape")), kind
        elif sys.platform == "darwin":
            done = subprocess.run(["/sbin/mount"], capture_output=True, text=True, timeout=5, check=True)
            for line in reversed(done.stdout.splitlines()):  # "/dev/disk1 on /Volumes/a b (apfs, local)"
                place, _, rest = line.partition(" on ")[2].rpartition(" (")
                yield Path(place), rest.partition(",")[0].rstrip(")")
    except (OSError, ValueError, subprocess.SubprocessError):
        return


def _holders(path: Path) -> Iterator[str]:
    """Ids and commands of other processes with the file open."""
    for process in _PROCESSES.glob("[0-9]*"):
        if process.name == str(os.getpid()):
            continue
        try:
            if any(one.readlink() == path for one in (process / "fd").iterdir()):
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace").strip()
                yield f"{process.name} ({command[:80]})"
        except OSError:  # of another user, or gone meanwhile
            continue
