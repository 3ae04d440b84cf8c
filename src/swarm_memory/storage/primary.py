"""The connection to the primary: one request, one atomic batch, one round trip.

Everything that can go wrong on the way is decided here: what may be sent again, how long it may take in all, and what a
failure is called. Requests go over connections that are kept open; several calls have several.
"""

import asyncio
import random
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import anyio

from swarm_memory import __version__
from swarm_memory.errors import PrimaryRefused, StorageBusy, StorageError, StorageUnavailable
from swarm_memory.storage import hrana
from swarm_memory.storage.queries import Row, Statement

if TYPE_CHECKING:
    import httpx2

_CONNECTIONS: Final = 32
_KEPT_SECONDS: Final = 50.0
"""An unused connection is closed before usual proxies do it (60 s): one that is found dead costs a round trip."""
_WAIT_FIRST: Final = 0.02
_WAIT_LAST: Final = 0.5
"""Seconds between two tries: each draws from the upper half, and the bound doubles from the first to the last."""
_CLOSING: Final = 0.5  # seconds
_OK: Final = 200
_CONNECT_TRIES: Final = 2
_SHARE_OF_TRY: Final = 0.45
"""Of a call's time, for one try: the second one goes over a connection of its own."""


@dataclass(slots=True)
class Contact:
    """What is known of the primary from talking to it; times are of the monotonic clock, in seconds.

    Attributes:
        round_trip: Seconds the quickest of the last requests took.
        answered_at: When it last answered anything, also a refusal; 0.0: never.
        failed_at: When it was last out of reach, and is since; 0.0: it is not.
        last_error: What went wrong last, with its next step; None where nothing has since.
    """

    round_trip: float | None = None
    answered_at: float = 0.0
    failed_at: float = 0.0
    last_error: StorageError | None = None
    _recent: list[float] = field(default_factory=list[float])

    def answered(self, seconds: float | None = None) -> None:
        """It answered, in so many seconds."""
        self.answered_at, self.failed_at, self.last_error = time.monotonic(), 0.0, None
        if seconds is not None:
            self._recent = [*self._recent[-9:], seconds]
            self.round_trip = min(self._recent)

    def failed(self, error: StorageError) -> None:
        """It is out of reach, or refuses whoever asks."""
        self.failed_at, self.last_error = time.monotonic(), error


class Primary:
    """A database that is asked over HTTP.

    Args:
        address: ``http://`` or ``https://`` URL, without a slash at its end.
        token: Sent with each request; in no error and no log.
        timeout: Seconds that one call may take, its retries included.
    """

    def __init__(self, address: str, token: str | None, timeout: float) -> None:
        """Open nothing yet: the first call connects."""
        self.address = address
        self.contact = Contact()
        self._token = token
        self._timeout = timeout
        self._client: httpx2.AsyncClient | None = None
        self._former: list[httpx2.AsyncClient] = []
        self._closed = False

    @property
    def host(self) -> str:
        """Host and port, for messages and status answers."""
        return urlsplit(self.address).netloc

    async def read(self, *statements: Statement, within: float | None = None) -> list[list[Row]]:
        """Run SELECTs on one snapshot; rows of each. Asked again if the answer is lost.

        Args:
            statements: The SELECTs.
            within: Seconds it may take; the time-out unless given.

        Raises:
            StorageError: As for ``write``.
        """
        return await self._run(hrana.READ, statements, within)

    async def write(self, statements: Sequence[Statement]) -> list[list[Row]]:
        """Run one batch, all or nothing.

        A batch whose answer is lost is sent again, so it must hold a guard against being done twice (a request id, the
        record of a migration).

        Raises:
            Refused: A guard found its rule broken; nothing was written.
            AlreadyThere: A row with this unique name exists; nothing was written.
            StorageUnavailable: The primary did not answer in time. The text says whether the batch may have been done.
            PrimaryRefused: It does not accept the token, or is no libSQL server.
            StorageError: Others, as in ``driver.translate``.
        """
        return await self._run(hrana.WRITE, statements, None)

    def close(self) -> None:
        """Take no more calls. Connections end with the process."""
        self._closed = True

    async def aclose(self) -> None:
        """Close, and end the connections in order."""
        self._closed = True
        await self._drop_connections()

    async def _run(self, begin: str, statements: Sequence[Statement], within: float | None) -> list[list[Row]]:
        if self._closed:
            raise StorageUnavailable("The store is closed: the server is ending.", next_step="start the server again.")
        body = hrana.encode(begin, statements)
        seconds = self._timeout if within is None else min(within, self._timeout)
        trial = _Trial(self.host, seconds, writes=begin == hrana.WRITE)
        try:
            with anyio.fail_after(seconds):
                return await self._until_answered(body, statements, trial)
        except TimeoutError:
            self._distrust_connections()
            error = trial.gave_up(f"did not answer within {seconds:g} s")
        except (StorageUnavailable, PrimaryRefused) as refused:
            error = refused
        if not isinstance(error, StorageBusy):
            self.contact.failed(error)
        raise error

    async def _until_answered(self, body: bytes, statements: Sequence[Statement], trial: "_Trial") -> list[list[Row]]:
        ceiling = _WAIT_FIRST
        while True:
            try:
                with anyio.fail_after(trial.seconds * _SHARE_OF_TRY):
                    return await self._once(body, statements, trial)
            except TimeoutError:  # a kept connection may be dead without either side knowing
                self._distrust_connections()
                trial.lost = True
            except StorageBusy as busy:
                trial.busy, trial.in_flight = busy, False
            except hrana.StreamLost:
                trial.lost = trial.lost or trial.in_flight
            await asyncio.sleep(random.uniform(ceiling / 2, ceiling))  # noqa: S311 - jitter, not a secret
            ceiling = min(ceiling * 2, _WAIT_LAST)

    async def _once(self, body: bytes, statements: Sequence[Statement], trial: "_Trial") -> list[list[Row]]:
        """Send the batch once.

        Raises:
            StreamLost: It may have been done or not, if ``trial.in_flight``.
            StorageBusy: It was not done, and may be later.
        """
        import httpx2  # noqa: PLC0415 - the HTTP stack is not needed in local mode

        client = self._client or self._open()
        begin = time.monotonic()
        trial.in_flight = False
        try:
            answer = await client.post("/v2/pipeline", content=body, extensions={"trace": trial.watch})
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            trial.cannot_connect(error)
            raise hrana.StreamLost from None
        except httpx2.HTTPError:
            raise hrana.StreamLost from None
        told = self._without_token(answer.content)
        if answer.status_code != _OK:
            raise hrana.failure(answer.status_code, told)
        self.contact.answered(time.monotonic() - begin)
        return hrana.decode(told, statements)

    def _distrust_connections(self) -> None:
        """Begin anew with connections: none of those kept is to be trusted. Calls on their way keep theirs."""
        if self._client is not None:
            self._former.append(self._client)
            self._client = None

    async def _drop_connections(self) -> None:
        self._distrust_connections()
        former, self._former = self._former, []
        with anyio.move_on_after(_CLOSING, shield=True):
            for client in former:
                await client.aclose()

    def _without_token(self, body: bytes) -> bytes:
        """The body, with the token taken out where a server repeats it."""
        token = (self._token or "").encode()
        return body.replace(token, b"(token)") if token and token in body else body

    def _open(self) -> "httpx2.AsyncClient":
        import httpx2  # noqa: PLC0415 - see _once

        headers = {"content-type": "application/json", "user-agent": f"swarm-memory/{__version__}"}
        if self._token:
            headers["authorization"] = f"Bearer {self._token}"
        self._client = httpx2.AsyncClient(
            base_url=self.address,
            headers=headers,
            timeout=None,  # each call is bounded as a whole
            limits=httpx2.Limits(max_connections=_CONNECTIONS, keepalive_expiry=_KEPT_SECONDS),
            # Proxies and certificates of the environment are for other machines.
            trust_env=self.address.startswith("https"),
        )
        return self._client


class _Trial:
    """One call's tries: whether the batch may have been done, and why it was not."""

    def __init__(self, host: str, seconds: float, *, writes: bool) -> None:
        self.seconds = seconds
        self.in_flight = False
        self.lost = False
        self.busy: StorageBusy | None = None
        self._host = host
        self._writes = writes
        self._connecting = 0

    async def watch(self, event: str, _info: object) -> None:
        """What the HTTP library is doing: with the first byte sent, the batch may be done."""
        if event.endswith("send_request_headers.started"):
            self.in_flight = True

    def cannot_connect(self, error: Exception) -> None:
        """Count a failure to connect.

        Raises:
            StorageUnavailable: It is one too many, or one that waiting does not mend.
            PrimaryRefused: The certificate is not trusted.
        """
        self._connecting += 1
        told = str(error).lower()
        if any(word in told for word in ("certificate", "ssl", "tls")):
            raise PrimaryRefused(
                f"No secure connection to the primary {self._host} can be made: {_reason(error)}.",
                next_step="check the URL's scheme and the server's certificate (SSL_CERT_FILE names a CA of your own).",
            )
        if any(isinstance(cause, socket.gaierror) for cause in _causes(error)):
            raise self.gave_up("is not known to the name service (DNS)")
        if self._connecting >= _CONNECT_TRIES:
            raise self.gave_up(f"cannot be connected to: {_reason(error)}")

    def gave_up(self, what: str) -> StorageUnavailable | StorageBusy:
        """The error of a call that got no answer."""
        if not self._writes:
            return StorageUnavailable(
                f"The primary {self._host} {what}.",
                next_step="check the network and the primary's URL, then try again.",
            )
        if self.lost or self.in_flight:
            return StorageUnavailable(
                f"The primary {self._host} {what}; the write may have happened or not.",
                next_step="read before you write again, or repeat the call with the same request id.",
            )
        if self.busy is not None:
            return StorageBusy(
                f"Other writers held the primary for {self.seconds:g} s; nothing was written.", next_step="try again."
            )
        return StorageUnavailable(
            f"The primary {self._host} {what}; nothing was written.",
            next_step="check the network and the primary's URL, then try again.",
        )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what it came from, outermost first."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _reason(error: BaseException) -> str:
    """The system's words for it."""
    words = [cause.strerror for cause in _causes(error) if isinstance(cause, OSError) and cause.strerror]
    return words[-1].rstrip(".") if words else "no connection"
