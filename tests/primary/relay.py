"""A network with faults between a client and a server: a TCP relay on loopback, as a process of its own.

It has its own process so that it never waits for the interpreter of what is measured. What calls into libSQL blocks its
whole process, so every command can also be given in advance, with ``after``.
"""

from collections.abc import Callable
from dataclasses import dataclass

from children import PATIENCE, Helper, Killed, free_port, wait_until


@dataclass(frozen=True)
class Stats:
    """What went through since the start: connections, and bytes as they were passed on."""

    open: int
    total: int
    to_target: int
    from_target: int
    dropped: int


class Relay(Killed):
    """Relays ``port`` to ``target_port``; a context manager.

    At first it only passes on. A fault holds for open and for new connections until ``heal``; the delay is a matter of
    its own. ``after`` is in seconds: a command with it is answered at once and carried out then.
    """

    def __init__(self, target_port: int) -> None:
        """Start it.

        Args:
            target_port: On loopback. Nothing has to listen there yet; a client gets a reset while nothing does.
        """
        self.port = free_port()
        self._helper = Helper("relay_server.py", str(self.port), str(target_port))

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        return self._helper.pid

    def set_delay(self, milliseconds: float, *, after: float = 0) -> None:
        """Let every byte arrive so much later, in each direction; as many as before are on their way at once.

        What is on its way keeps the delay it left with. A new connection's first bytes also wait for the round trip
        that its handshake takes over a network.
        """
        self._helper.ask("delay", ms=milliseconds, after=after)

    def cut(self, *, after: float = 0) -> None:
        """Reset all connections there are; new ones work."""
        self._helper.ask("cut", after=after)

    def refuse(self, *, after: float = 0) -> None:
        """Refuse new connections; those there are stay, unless they are ``cut`` as well."""
        self._helper.ask("refuse", after=after)

    def black_hole(self, *, after: float = 0) -> None:
        """Accept and keep connections, and let nothing through in either direction.

        As over a network, what was sent meanwhile arrives at ``heal``, even if its sender has given up.
        """
        self._helper.ask("black_hole", after=after)

    def drop_answers(self, *, reset: bool = False, times: int | None = None, after: float = 0) -> None:
        """Let requests through and lose the answers: what was asked for happens, and the client does not learn of it.

        A connection that lost something stays silent, and is reset at ``heal``.

        Args:
            reset: Reset the connection instead, when its answer comes.
            times: So many connections lose their answers; those that follow are whole. By default all lose them.
            after: Seconds.
        """
        self._helper.ask("drop_answers", reset=reset, times=times, after=after)

    def heal(self, *, after: float = 0) -> None:
        """End every fault. The delay stays."""
        self._helper.ask("heal", after=after)

    def stats(self) -> Stats:
        """The counts."""
        return Stats(**self._helper.ask("stats"))

    def wait_for(self, what: Callable[[Stats], bool], *, patience: float = PATIENCE) -> Stats:
        """Wait until the counts are so, and return them.

        Args:
            what: Told the counts.
            patience: Seconds.

        Raises:
            TimeoutError: They were not.
        """
        seen: list[Stats] = []

        def is_so() -> bool:
            seen.append(self.stats())
            return what(seen[-1])

        wait_until(is_so, "the relay's counts are as awaited", patience=patience)
        return seen[-1]

    def kill(self) -> None:
        """End it; its connections are closed."""
        self._helper.kill()
