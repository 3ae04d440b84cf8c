"""The stand-in's own process: ``cloud_server.py DIRECTORY PORT [TOKEN]``, the port on loopback; see cloud.py.

It takes JSON lines on stdin, answers each on stdout, and ends at the end of stdin. Source of ``/info``, ``/export`` and
``/sync``: libsql's ``libsql/src/sync.rs``, which asks for nothing else; of ``/v2/pipeline``: cloud_hrana.py.
"""

import json
import os
import re
import sqlite3
import sys
import threading
from collections.abc import Sequence
from contextlib import closing
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast

from cloud_hrana import Refused, handle

HOST = "127.0.0.1"
# SQLite's file format, section 4: the WAL's header, and each frame's before its page.
WAL_HEADER = 32
FRAME_HEADER = 24
PAGE = 4096  # the only size the client knows
FRAME = FRAME_HEADER + PAGE

# What would take the database out of the state that it is served from.
DENIED_PRAGMAS = {"journal_mode", "locking_mode", "page_size", "wal_autocheckpoint", "wal_checkpoint"}
DENIED_ACTIONS = {sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH}
EXPORT = re.compile(r"/export/(\d+)")
SYNC = re.compile(r"/sync/(\d+)/(\d+)/(\d+)")


Json = dict[str, Any]


class Generation:
    """A database as it was when the generation began, and behind it, in its WAL, all that was written since.

    Its file never changes: nothing is folded into it, also not when the last connection is closed, for that one may
    only read.
    """

    def __init__(self, directory: Path, number: int) -> None:
        self.number = number
        self.path = directory / f"{number}.db"
        self._wal = directory / f"{number}.db-wal"
        # Open as long as the process: closing any descriptor of a file gives up all POSIX locks of the process on it,
        # and with them SQLite's.
        self._file = os.open(self.path, os.O_RDONLY)
        self._committed = 0  # frames up to the last one that ends a transaction
        self._last_one: sqlite3.Connection | None = None

    def open(self) -> None:
        """Make it the one that is written to."""
        self._last_one = sqlite3.connect(f"{self.path.as_uri()}?mode=ro", uri=True, check_same_thread=False)
        self._last_one.execute("SELECT count(*) FROM sqlite_schema").fetchall()

    def close(self) -> None:
        if self._last_one:
            self._last_one.close()

    def connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None)
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")  # as libSQL is built
        connection.set_authorizer(allowed)
        return connection

    def beginning(self) -> bytes:
        """The file."""
        return os.pread(self._file, os.fstat(self._file).st_size, 0)

    def log(self) -> bytes:
        """The WAL; empty before anything was written."""
        return self._wal.read_bytes() if self._wal.exists() else b""

    def frames(self, start: int, end: int) -> bytes:
        """Committed frames from ``start`` to before ``end``, counted from 1; empty if there are none."""
        if not self._wal.exists():
            return b""
        with self._wal.open("rb") as wal:
            salt = wal.read(WAL_HEADER)[16:24]
            number = self._committed
            wal.seek(WAL_HEADER + number * FRAME)
            while len(frame := wal.read(FRAME)) == FRAME and frame[8:16] == salt:
                number += 1
                if any(frame[4:8]):  # the database's size, which only a transaction's last frame tells
                    self._committed = number
            start, end = max(start, 1), min(end, self._committed + 1)
            wal.seek(WAL_HEADER + (start - 1) * FRAME)
            return wal.read(max(end - start, 0) * FRAME)


def allowed(action: int, first: str | None, second: str | None, *_: str | None) -> int:
    """SQLite's question whether a statement may do something."""
    if action in DENIED_ACTIONS:
        return sqlite3.SQLITE_DENY
    sets = action == sqlite3.SQLITE_PRAGMA and (second is not None or first == "wal_checkpoint")
    return sqlite3.SQLITE_DENY if sets and str(first).lower() in DENIED_PRAGMAS else sqlite3.SQLITE_OK


class Primary:
    """The database, over all its generations; each stays for the clients that are still at it."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self.lock = threading.Lock()
        if not list(directory.glob("*.db")):
            self._make(1, b"", b"")
        numbers = sorted(int(path.stem) for path in directory.glob("*.db"))
        self._generations = {number: Generation(directory, number) for number in numbers}
        self._now = self._generations[numbers[-1]]
        self._now.open()

    @property
    def generation(self) -> int:
        return self._now.number

    def next_generation(self) -> int:
        """Begin one with all that was written until now; its number."""
        with self.lock:
            number = self.generation + 1
            self._make(number, self._now.beginning(), self._now.log())
            following = Generation(self.directory, number)
            following.open()
            self._now.close()
            self._generations[number] = self._now = following
            return number

    def beginning(self, generation: int) -> bytes | None:
        """The database file it began with; None if there is no such generation."""
        one = self._generations.get(generation)
        return one.beginning() if one else None

    def frames(self, generation: int, start: int, end: int) -> tuple[bytes, int]:
        """Frames as ``Generation.frames`` has them, and the newest generation's number."""
        with self.lock:
            one = self._generations.get(generation)
            return one.frames(start, end) if one else b"", self.generation

    def run(self, requests: Sequence[Json]) -> list[Json]:
        """Answer the requests of one stream; what it leaves open is rolled back."""
        with self.lock, closing(self._now.connect()) as connection:
            return [handle(connection, request) for request in requests]

    def close(self) -> None:
        with self.lock:
            self._now.close()

    def _make(self, number: int, beginning: bytes, log: bytes) -> None:
        """Fold a log into the file that it belongs to, aside, so that a killed server has the whole file or none."""
        draft = self.directory / "draft"
        for left in self.directory.glob("draft*"):
            left.unlink()
        draft.write_bytes(beginning)
        draft.with_name("draft-wal").write_bytes(log)
        with closing(sqlite3.connect(draft, isolation_level=None)) as connection:
            connection.execute(f"PRAGMA page_size = {PAGE}")
            connection.execute("PRAGMA journal_mode = WAL")
            (busy, *_) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            assert not busy
        draft.rename(self.directory / f"{number}.db")


def requests_of(body: bytes) -> list[Json]:
    """The requests of a pipeline; no stream goes on from an earlier one.

    Raises:
        Refused: It is none.
    """
    try:
        pipeline = json.loads(body)
        baton, requests = pipeline.get("baton"), pipeline["requests"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refused(f"Cannot deserialize client message from JSON: {error!r}") from None
    if baton is not None:
        raise Refused("Invalid baton: a stream ends with its request here")
    return requests


class Server(ThreadingHTTPServer):
    """Serves the primary; a connection has its thread."""

    def __init__(self, port: int, primary: Primary, token: str | None) -> None:
        super().__init__((HOST, port), Handler)
        self.primary = primary
        self.token = token
        self.seen: list[str] = []  # paths asked for


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave together

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - named by http.server
        """Say nothing: stderr is for what goes wrong."""

    @property
    def owner(self) -> Server:
        return cast("Server", self.server)

    def do_GET(self) -> None:
        primary = self.owner.primary
        self.owner.seen.append(self.path)
        if self.path == "/health":
            self.send(HTTPStatus.OK, b"")
        elif not self.refuses():
            if self.path == "/info":
                self.send(HTTPStatus.OK, {"current_generation": primary.generation})
            elif match := SYNC.fullmatch(self.path):
                generation, start, end = map(int, match.groups())
                frames, newest = primary.frames(generation, start, end)
                end_reached = {"generation": newest}
                self.send(HTTPStatus.OK if frames else HTTPStatus.BAD_REQUEST, frames or end_reached)
            elif (match := EXPORT.fullmatch(self.path)) and (database := primary.beginning(int(match[1]))):
                self.send(HTTPStatus.OK, database)
            else:
                self.send(HTTPStatus.NOT_FOUND, b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.owner.seen.append(self.path)
        if self.refuses():
            return
        if self.path != "/v2/pipeline":
            self.send(HTTPStatus.NOT_FOUND, b"")
            return
        try:
            results = self.owner.primary.run(requests_of(body))
        except Refused as refused:
            self.send(HTTPStatus.BAD_REQUEST, str(refused))
        else:
            self.send(HTTPStatus.OK, {"baton": None, "base_url": None, "results": results})

    def refuses(self) -> bool:
        """Whether the token is not the one that is asked for; the client was told so then."""
        given, token = self.headers.get("authorization"), self.owner.token
        if token is None or given == f"Bearer {token}":
            return False
        why = "Expected authorization header but none given" if given is None else "The JWT is invalid"
        self.send(HTTPStatus.UNAUTHORIZED, {"error": f"Unauthorized: `{why}`"})
        return True

    def send(self, status: HTTPStatus, body: Json | str | bytes) -> None:
        kind = {dict: "application/json", str: "text/plain", bytes: "application/octet-stream"}[type(body)]
        text = json.dumps(body) if isinstance(body, dict) else body
        data = text.encode() if isinstance(text, str) else text
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def main(directory: str, port: int, token: str | None = None) -> None:
    primary = Primary(Path(directory).resolve())
    server = Server(port, primary, token)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    tell: Json = {"port": port, "generation": primary.generation}
    while True:
        sys.stdout.write(json.dumps(tell) + "\n")
        sys.stdout.flush()
        line = sys.stdin.readline()
        if not line:
            break
        match json.loads(line)["do"]:
            case "next_generation":
                tell = {"generation": primary.next_generation()}
            case "state":
                tell = {"generation": primary.generation, "seen": list(server.seen)}
            case other:
                tell = {"refused": f"no command {other}"}
    server.shutdown()
    server.server_close()
    primary.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])
