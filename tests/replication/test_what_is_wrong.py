"""A primary that cannot be used: each fault is told within ten seconds, with what to do, and the token nowhere."""

import http.server
import json
import os
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest
from children import free_port
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from primaries import a_remote, a_replica
from sqld import Sqld
from tokens import Signer

from swarm_memory.errors import (
    PrimaryRefused,
    SchemaMismatch,
    StorageError,
    StorageReadOnly,
    StorageUnavailable,
)
from swarm_memory.storage.freshness import begin_call, oldest_read
from swarm_memory.storage.migrate import known_migrations, migrate, parse_migration
from swarm_memory.storage.primary import Primary
from swarm_memory.storage.queries import Statement
from swarm_memory.storage.remote import RemoteDatabase

pytestmark = pytest.mark.anyio

WITHIN = 10.0
NOTE = Statement("note", "INSERT INTO facts (name, value) VALUES (hex(randomblob(8)), 1)")


async def refusal(url: str, token: str | None = None) -> StorageError:
    """The error of the first call to this address; it names no token and comes in time."""
    begun = time.monotonic()
    remote = RemoteDatabase(Primary(url, token, 6.0))
    try:
        with pytest.raises(StorageError) as told:
            await remote.write([NOTE])
    finally:
        await remote.aclose()
    assert time.monotonic() - begun < WITHIN
    assert str(told.value).startswith(f"[{told.value.code}] ")
    assert " Next: " in str(told.value)
    assert token is None or token not in str(told.value)
    return told.value


@pytest.fixture(scope="module")
def signer() -> Signer:
    return Signer()


@pytest.fixture(scope="module")
def guarded(signer: Signer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sqld]:
    """A primary that wants a token."""
    folder = tmp_path_factory.mktemp("guarded")
    with Sqld(folder / "primary", key_file=signer.write_public_key(folder / "key.pem")) as primary:
        yield primary


async def test_no_token_a_wrong_one_and_an_expired_one_are_told_as_such(guarded: Sqld, signer: Signer) -> None:
    for token in (None, Signer().full_access(), signer.expired(), "not-even-a-token"):
        told = await refusal(guarded.url, token)
        assert isinstance(told, PrimaryRefused)
        assert "token" in told.message
        assert "set a valid token" in told.next_step


async def test_a_read_only_token_reads_and_is_told_when_it_writes(guarded: Sqld, signer: Signer) -> None:
    async with a_remote(guarded.url, signer.full_access()):
        pass  # brings the schema up
    async with a_remote(guarded.url, signer.read_only()) as reader:
        assert await reader.read(Statement("count", "SELECT count(*) FROM memories")) == [[(0,)]]
        with pytest.raises(StorageReadOnly, match="may only read"):
            await reader.write([NOTE])


async def test_a_name_that_does_not_exist_is_told_as_unavailable() -> None:
    told = await refusal("http://no-such-host.invalid:8080", "sesame")
    assert isinstance(told, StorageUnavailable)
    assert "name service" in told.message


async def test_a_port_where_nobody_listens_is_told_as_unavailable() -> None:
    told = await refusal(f"http://127.0.0.1:{free_port()}", "sesame")
    assert isinstance(told, StorageUnavailable)
    assert "cannot be connected to" in told.message


class _Page(http.server.BaseHTTPRequestHandler):
    """A web server that is no libSQL server; the answer repeats what was sent, the token too."""

    status = 404
    body = b"<html>not here</html>"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        told = self.body.replace(b"TOKEN", (self.headers["authorization"] or "").removeprefix("Bearer ").encode())
        self.send_response(self.status)
        self.send_header("content-length", str(len(told)))
        self.end_headers()
        self.wfile.write(told)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        pass


@contextmanager
def web_server(status: int, body: bytes, context: ssl.SSLContext | None = None) -> Generator[int]:
    """A server that always answers so; its port."""
    handler = type("Page", (_Page,), {"status": status, "body": body})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (404, b"<html>not here</html>"),
        (200, b"<html>welcome TOKEN</html>"),
        (200, b"{}"),
        (200, b'{"results": 7}'),
        (200, json.dumps({"results": [{"type": "ok", "response": {"result": {"step_errors": []}}}]}).encode()),
        (401, b'{"error": "TOKEN is not known"}'),
        (302, b""),
    ],
)
async def test_what_is_no_libsql_server_is_told_as_refused(status: int, body: bytes) -> None:
    with web_server(status, body) as port:
        assert isinstance(await refusal(f"http://127.0.0.1:{port}", "sesame-opens"), PrimaryRefused)


@pytest.mark.parametrize("status", [500, 502, 504])
async def test_a_server_that_fails_leaves_open_whether_the_write_happened(status: int) -> None:
    with web_server(status, b"TOKEN oh") as port:
        remote = RemoteDatabase(Primary(f"http://127.0.0.1:{port}", "sesame", 1.0))
        with pytest.raises(StorageUnavailable, match="may have happened or not"):
            await remote.primary.write([NOTE])
        await remote.aclose()


def _self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "server.pem"
    file.write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


async def test_a_certificate_that_nobody_vouches_for_is_told_as_refused(tmp_path: Path) -> None:
    with web_server(200, b"{}", _self_signed(tmp_path)) as port:
        told = await refusal(f"https://127.0.0.1:{port}", "sesame")
        assert isinstance(told, PrimaryRefused)
        assert "secure connection" in told.message
        assert "self-signed" in told.message or "certificate" in told.message


async def test_tls_where_there_is_none_is_told(guarded: Sqld) -> None:
    told = await refusal(guarded.url.replace("http://", "https://"), "sesame")
    assert isinstance(told, PrimaryRefused | StorageUnavailable)


async def test_a_primary_with_a_newer_schema_is_told_and_left_alone(tmp_path: Path) -> None:
    number = known_migrations()[-1].number + 1
    text = f"-- min_reader: {number}\n-- min_writer: {number}\nCREATE TABLE later (a);"
    with Sqld(tmp_path / "primary") as primary:
        raw = Primary(primary.url, None, 5.0)
        await migrate(raw, known_migrations())
        async with a_remote(primary.url) as old:
            newer = [*known_migrations(), parse_migration(f"{number:04}_later.sql", text)]
            await migrate(raw, newer)
            await old.read()  # its answer tells that the schema is another one now
            with pytest.raises(SchemaMismatch):
                await old.read()
        assert isinstance(await refusal(primary.url), SchemaMismatch)
        await raw.aclose()


async def test_two_machines_that_start_at_once_on_an_empty_primary_make_one_schema(tmp_path: Path) -> None:
    with Sqld(tmp_path / "primary") as primary:
        many = [Primary(primary.url, None, 10.0) for _ in range(8)]

        async with anyio.create_task_group() as group:
            for one in many:
                group.start_soon(migrate, one)
        names = Statement("names", "SELECT number FROM migrations ORDER BY number")
        assert await many[0].read(names) == [[(one.number,) for one in known_migrations()]]
        for one in many:
            await one.aclose()


async def test_an_old_client_goes_on_beside_a_new_one_that_has_added_something(tmp_path: Path) -> None:
    number = known_migrations()[-1].number + 1
    addition = parse_migration(f"{number:04}_later.sql", "-- min_reader: 1\n-- min_writer: 1\nCREATE TABLE later (a);")
    count = Statement("count", "SELECT count(*) FROM facts")
    with Sqld(tmp_path / "primary") as primary:
        async with a_replica(primary.url, tmp_path / "r") as old:
            [[(before,)]] = await old.read(count)
            new = Primary(primary.url, None, 5.0)
            await migrate(new, [*known_migrations(), addition])
            await new.write([NOTE])
            await old.write([NOTE])
            assert await old.synchronise(20.0)
            begin_call()
            assert await old.read(count) == [[(int(str(before)) + 2,)]]
            assert await old.read(count) == [[(int(str(before)) + 2,)]]
            read = oldest_read()
            assert (await old.prepare()).number == number
            await new.aclose()
    assert read is not None


_WITHOUT_LIBSQL = """
import sys
sys.modules["libsql"] = None  # as where there is no wheel of it: importing it fails
import anyio
from swarm_memory.app import open_app
from swarm_memory.config import load_settings
from swarm_memory.models.operations import Store
from swarm_memory.models.values import encode

async def main():
    async with open_app(load_settings()) as app:
        await app.memory.apply([Store("default", "k", encode("v"))], app.caller())
        found = await app.memory.retrieve(app.project.name, "default", "k")
        print(app.health.mode, found.value)

try:
    anyio.run(main)
except Exception as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("mode", "told"),
    [
        ("local", "local v"),
        ("auto", "remote v"),
        ("remote", "remote v"),
        ("replica", "[configuration] SWARM_MEMORY_MODE is replica, and there is no libsql wheel"),
    ],
)
def test_where_libsql_has_no_wheel_a_primary_means_remote_mode(tmp_path: Path, mode: str, told: str) -> None:
    with Sqld(tmp_path / "primary") as primary:
        env = {"SWARM_MEMORY_HOME": str(tmp_path / "home"), "SWARM_MEMORY_MODE": mode, "TURSO_DB_URL": primary.url}
        done = subprocess.run(
            [sys.executable, "-c", _WITHOUT_LIBSQL],
            env={"PATH": os.environ["PATH"], **env},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert done.stdout.startswith(told), done.stdout + done.stderr
