"""An embedded replica of libsql's own, opened by a process of its own, which a test can kill.

Its calls hold the interpreter while they wait for the network, so a test that also acts on that network could not make
them itself.
"""

from pathlib import Path
from typing import Any

from children import Helper, Killed


class ReplicaError(Exception):
    """What libsql raised; the text is its own."""


class Replica(Killed):
    """A process that has a replica file open; a context manager that kills it."""

    def __init__(self, file: Path, url: str, *, token: str = "unused") -> None:
        """Start the process and connect.

        Args:
            file: The replica; made if missing.
            url: The primary's, or that of a relay to it.
            token: For the primary. libsql does not take an empty one over the sync protocol.

        Raises:
            ReplicaError: It cannot connect.
        """
        self._helper = Helper("replica_server.py", str(file), url, token, packages=True)
        try:
            self._ask("connect")
        except BaseException:
            self.kill()
            raise

    @property
    def pid(self) -> int:
        return self._helper.pid

    def sync(self) -> None:
        """Take over what the primary has.

        Raises:
            ReplicaError: It cannot.
        """
        self._ask("sync")

    def begin_sync(self) -> None:
        """Begin a ``sync`` without waiting for it."""
        self._helper.begin("sync")

    def is_done(self, patience: float) -> bool:
        """Whether the begun sync ends within so many seconds."""
        return self._helper.is_answering(patience)

    def finish(self) -> None:
        """Wait for the begun sync.

        Raises:
            ReplicaError: It failed.
        """
        _told(self._helper.finish())

    def rows(self, sql: str, *values: Any) -> list[list[Any]]:
        """Rows of a query of the file; blobs cannot be had.

        Raises:
            ReplicaError: The statement failed.
        """
        return self._ask("rows", sql=sql, values=values)

    def kill(self) -> None:
        """End the process with SIGKILL, as the machine may do at any moment."""
        self._helper.kill()

    def _ask(self, do: str, **arguments: Any) -> Any:
        return _told(self._helper.ask(do, **arguments))


def _told(answer: dict[str, Any]) -> Any:
    if "error" in answer:
        raise ReplicaError(answer["error"])
    return answer["told"]
