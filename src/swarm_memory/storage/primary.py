"""The connection to the primary: one request, one atomic batch, one round trip.

Everything that can go wrong on the way is decided here: what may be sent again, how long it may take in all, and what a
failure is called. Requests go over connections that are kept open; several calls have several.
"""

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import anyio

from swarm_memory import __version__
from swarm_memory.errors import PrimaryRefused, StorageBusy, StorageError, StorageUnavailable
from swarm_memory.storage import budget, hrana
from swarm_memory.storage.lanes import CannotConnect, Lanes
from swarm_memory.storage.queries import Row, Statement
from swarm_memory.storage.trial import Trial

if TYPE_CHECKING:
    import httpx2

_CONNECTIONS: Final = 16
_KEPT_SECONDS: Final = 50.0
"""An unused connection is closed before usual proxies do it (60 s): one that is found dead costs a round trip."""
_WAIT_FIRST: Final = 0.02
_WAIT_LAST: Final = 0.5
"""Seconds between two tries: each draws from the upper half, and the bound doubles from the first to the last."""
_CLOSING: Final = 0.5  # seconds
_OK: Final = 200
_SHARE_OF_TRY: Final = 0.45
"""Of a call's time, for one try: the second one goes over a connection of its own."""


@dataclass(slots=True)
class Contact:
    """What is known of the primary from talking to it; times are of the monotonic clock, in seconds.

    Attributes:
        round_trip: Seconds the quickest of the last requests took.
        failed_at: When it was last out of reach, and is since; 0.0: it is not.
        last_error: What went wrong last, with its next step; None where nothing has since.
    """

    round_trip: float | None = None
    failed_at: float = 0.0
    last_error: StorageError | None = None
    _recent: list[float] = field(default_factory=list[float])

    def answered(self, seconds: float) -> None:
        """It answered, in so many seconds."""
        self.failed_at, self.last_error = 0.0, None
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
        timeout: Seconds that one call may take, all its requests and their retries included (``budget.py``).
    """

    def __init__(self, address: str, token: str | None, timeout: float) -> None:
        """Open nothing yet: the first call connects."""
        self.address = address
        self.contact = Contact()
        self._token = token
        self._timeout = timeout
        self._lanes = Lanes(self._post, timeout * _SHARE_OF_TRY)
        self._client: httpx2.AsyncClient | None = None
        self._calls: dict[httpx2.AsyncClient, int] = {}
        self._unused: list[httpx2.AsyncClient] = []
        self._closed = False

    @property
    def host(self) -> str:
        """Host and port, for messages and status answers."""
        return urlsplit(self.address).netloc

    @property
    def is_closed(self) -> bool:
        """Whether it takes no more calls."""
        return self._closed

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
        self._distrust_connections()
        await self._lanes.aclose()
        await self._close_unused()

    async def _run(self, begin: str, statements: Sequence[Statement], within: float | None) -> list[list[Row]]:
        if self._closed:
            raise StorageUnavailable("The store is closed: the server is ending.", next_step="start the server again.")
        request = hrana.encode(begin, statements)
        wanted = self._timeout if within is None else min(within, self._timeout)
        trial = Trial(self.host, wanted, writes=begin == hrana.WRITE)
        try:
            with budget.request(self._timeout) as left, anyio.fail_after(min(wanted, left)):
                return await self._until_answered(request, statements, trial)
        except TimeoutError:
            self._distrust_connections()
            error = trial.gave_up(f"did not answer within {wanted:g} s")
        except (StorageUnavailable, PrimaryRefused) as refused:
            error = refused
        if not isinstance(error, StorageBusy):
            self.contact.failed(error)
        raise error

    async def _until_answered(self, request: str, statements: Sequence[Statement], trial: Trial) -> list[list[Row]]:
        ceiling = _WAIT_FIRST
        while True:
            try:
                with anyio.fail_after(trial.seconds * _SHARE_OF_TRY):
                    return await self._once(request, statements, trial)
            except TimeoutError:  # a kept connection may be dead without either side knowing
                self._distrust_connections()
                trial.lost = trial.lost or trial.in_flight
            except StorageBusy as busy:
                trial.busy, trial.in_flight = busy, False
            except hrana.StreamLost:
                trial.lost = trial.lost or trial.in_flight
            await asyncio.sleep(random.uniform(ceiling / 2, ceiling))  # noqa: S311 - jitter, not a secret
            ceiling = min(ceiling * 2, _WAIT_LAST)

    async def _once(self, request: str, statements: Sequence[Statement], trial: Trial) -> list[list[Row]]:
        """Send the batch once.

        Raises:
            StreamLost: It may have been done or not, if ``trial.in_flight``.
            StorageBusy: It was not done, and may be later.
        """
        trial.in_flight = False
        try:
            if trial.writes:
                answer = await self._lanes.ask(request, trial.sending)
            else:
                [answer] = await self._post([request], trial.sending)
        except CannotConnect as failed:
            trial.cannot_connect(failed.error)
            raise hrana.StreamLost from None
        return hrana.decode(answer, statements)

    async def _post(self, requests: Sequence[str], sending: Callable[[], None]) -> list[Any]:
        """Send requests over one connection; the answer to each.

        Args:
            requests: As ``hrana.encode`` made them.
            sending: Called when the first byte goes out: from then on they may have been done.

        Raises:
            CannotConnect: Nothing was sent.
            StreamLost: They may have been done or not.
            StorageError: The primary refuses all of them.
        """
        import httpx2  # noqa: PLC0415 - the HTTP stack is not needed in local mode

        async def watch(event: str, _info: object) -> None:
            if event.endswith("send_request_headers.started"):
                sending()

        begin = time.monotonic()
        try:
            async with self._borrowed() as client:
                answer = await client.post(
                    "/v2/pipeline", content=hrana.pipeline(requests), extensions={"trace": watch}, timeout=self._timeout
                )
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            raise CannotConnect(error) from None
        except httpx2.HTTPError:
            raise hrana.StreamLost from None
        told = self._without_token(answer.content)
        if answer.status_code != _OK:
            raise hrana.failure(answer.status_code, told)
        self.contact.answered(time.monotonic() - begin)
        return hrana.answers(told, len(requests))

    def _distrust_connections(self) -> None:
        """Begin anew with connections: none of those kept is to be trusted. Calls on their way keep theirs."""
        former, self._client = self._client, None
        if former is not None and not self._calls.get(former):
            self._unused.append(former)

    @asynccontextmanager
    async def _borrowed(self) -> AsyncGenerator["httpx2.AsyncClient"]:
        """The connections, for one call; former ones are closed when their last call has ended."""
        client = self._client or self._open()
        self._calls[client] = self._calls.get(client, 0) + 1
        try:
            yield client
        finally:
            self._calls[client] -= 1
            if not self._calls[client]:
                del self._calls[client]
                if client is not self._client:
                    self._unused.append(client)
            await self._close_unused()

    async def _close_unused(self) -> None:
        with anyio.move_on_after(_CLOSING, shield=True):
            while self._unused:
                await self._unused.pop().aclose()

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
            limits=httpx2.Limits(max_connections=_CONNECTIONS, keepalive_expiry=_KEPT_SECONDS),
            # Proxies and certificates of the environment are for other machines.
            trust_env=self.address.startswith("https"),
        )
        return self._client
