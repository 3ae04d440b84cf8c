"""What is known of one call to the primary while it is tried, and the error in which it ends."""

import os
import socket
import ssl
from collections.abc import Iterator
from typing import Final

from swarm_memory.errors import PrimaryRefused, StorageBusy, StorageUnavailable

_CONNECT_TRIES: Final = 2


class Trial:
    """One call's tries: whether the batch may have been done, and why it was not."""

    def __init__(self, host: str, seconds: float, *, writes: bool) -> None:
        """Nothing was tried yet.

        Args:
            host: Of the primary, for the errors.
            seconds: The call's time.
            writes: Whether it matters if the batch was done.
        """
        self.seconds = seconds
        self.in_flight = False
        self.lost = False
        self.busy: StorageBusy | None = None
        self._host = host
        self.writes = writes
        self._connecting = 0

    def sending(self) -> None:
        """The first byte is sent: from now on the batch may have been done."""
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
                f"No secure connection to the primary {self._host} can be made: {_tls_reason(error)}.",
                next_step="check the URL's scheme and the server's certificate (SSL_CERT_FILE names a CA of your own).",
            )
        if any(isinstance(cause, socket.gaierror) for cause in _causes(error)):
            raise self.gave_up("is not known to the name service (DNS)")
        if self._connecting >= _CONNECT_TRIES:
            raise self.gave_up(f"cannot be connected to: {_reason(error)}")

    def gave_up(self, what: str) -> StorageUnavailable | StorageBusy:
        """The error of a call that got no answer."""
        if not self.writes:
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
    numbers = [cause.errno for cause in _causes(error) if isinstance(cause, OSError) and cause.errno]
    return os.strerror(numbers[-1]).lower() if numbers else "no connection"


def _tls_reason(error: BaseException) -> str:
    """What TLS objects to."""
    faults = [cause for cause in _causes(error) if isinstance(cause, ssl.SSLError)]
    if not faults:
        return "TLS failed"
    return str(getattr(faults[-1], "verify_message", None) or faults[-1].reason or "TLS failed").lower()
