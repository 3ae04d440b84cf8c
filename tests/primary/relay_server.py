"""The relay's own process: ``relay_server.py PORT TARGET_PORT``, both on loopback; see relay.py.

It takes JSON lines on stdin, answers each on stdout, and ends at the end of stdin.
"""

import asyncio
import json
import socket
import struct
import sys
from collections import deque
from typing import Any

HOST = "127.0.0.1"
# An end of file and a reset are sent on like data: behind what came before them, and as late.
END = object()
RESET = object()


def reset(transport: asyncio.Transport) -> None:
    """Close with a reset (RST), as the other side sees it when a network or a process is gone."""
    endpoint = transport.get_extra_info("socket")
    if endpoint and not transport.is_closing():
        endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


class Relay:
    """All connections and the state of the network between them."""

    def __init__(self, port: int, target_port: int) -> None:
        self.port = port
        self.target_port = target_port
        self.delay = 0.0  # seconds, one way
        self.moving = asyncio.Event()  # not set: nothing moves
        self.moving.set()
        self.dropping = False  # whether answers are dropped
        self.reset_instead = False  # whether a connection that should get an answer is reset
        self.drops_left: int | None = None  # connections that may still lose answers; None: all
        self.links: set[Link] = set()
        self.counts = {"total": 0, "to_target": 0, "from_target": 0, "dropped": 0}
        self.server: asyncio.Server | None = None

    async def listen(self) -> None:
        if self.server is None:
            loop = asyncio.get_running_loop()
            self.server = await loop.create_server(lambda: Side(Link(self)), HOST, self.port, backlog=512)

    def refuse(self) -> None:
        """Close the listener; open connections stay."""
        if self.server is not None:
            self.server.close()
            self.server = None

    def cut(self) -> None:
        for link in list(self.links):
            link.cut()

    def hold(self) -> None:
        self.moving.clear()
        for link in self.links:
            link.adjust()

    def drop_answers(self, *, reset_instead: bool, times: int | None) -> None:
        self.dropping, self.reset_instead, self.drops_left = True, reset_instead, times

    async def heal(self) -> None:
        self.dropping = False
        self.moving.set()
        for link in list(self.links):
            if link.holed:  # a stream cannot go on behind a hole
                link.cut()
            else:
                link.adjust()
        await self.listen()

    def loses_answer(self, link: "Link") -> bool:
        """Whether the bytes that came for this client are dropped."""
        if link.holed:
            return True
        if not self.dropping or self.drops_left == 0:
            return False
        if self.drops_left is not None:
            self.drops_left -= 1
        link.holed = True
        return True


class Link:
    """One client's connection and the one to the target that belongs to it."""

    def __init__(self, relay: Relay) -> None:
        self.relay = relay
        self.holed = False  # whether bytes were lost
        self.requests = Pipe(self, "to_target")
        self.answers = Pipe(self, "from_target")

    def accepted(self, transport: asyncio.Transport) -> None:
        relay = self.relay
        relay.links.add(self)
        relay.counts["total"] += 1
        self.requests.source = self.answers.target = transport
        # The handshake has taken no time here; over a network it takes one round trip before anything can be sent.
        self.requests.earliest = asyncio.get_running_loop().time() + 2 * relay.delay
        self.connecting = asyncio.create_task(self._connect())

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        await self.relay.moving.wait()
        try:
            transport, _ = await loop.create_connection(lambda: Side(self, client=False), HOST, self.relay.target_port)
        except OSError:
            self.cut()
            return
        self.requests.target = self.answers.source = transport
        if self not in self.relay.links:  # the client's side was cut meanwhile
            reset(transport)
            return
        self.adjust()

    def cut(self) -> None:
        self.relay.links.discard(self)
        for pipe in (self.requests, self.answers):
            if pipe.source:
                reset(pipe.source)

    def adjust(self) -> None:
        """Let both directions move again, or hold them, as the relay's state says."""
        self.requests.adjust()
        self.answers.adjust()

    def end_when_both_ended(self) -> None:
        if self.requests.ended and self.answers.ended:
            self.relay.links.discard(self)
            for pipe in (self.requests, self.answers):
                if pipe.source:
                    pipe.source.close()


class Pipe:
    """One direction of a link: what was read and waits for its time."""

    def __init__(self, link: Link, counter: str) -> None:
        self.link = link
        self.counter = counter
        self.source: asyncio.Transport | None = None
        self.target: asyncio.Transport | None = None
        self.queue: deque[tuple[float, Any]] = deque()  # when it may leave (the loop's clock), and what
        self.earliest = 0.0  # nothing counts as sent before this (the loop's clock)
        self.full = False  # whether the target takes no more for now
        self.ended = False
        self.timer: asyncio.TimerHandle | None = None

    def put(self, what: Any) -> None:
        sent = max(asyncio.get_running_loop().time(), self.earliest)
        self.queue.append((sent + self.link.relay.delay, what))
        self.flush()

    def flush(self) -> None:
        """Pass on what is due and come back for the rest."""
        loop = asyncio.get_running_loop()
        if self.timer:
            self.timer.cancel()
            self.timer = None
        while self.queue and self.target and self.link.relay.moving.is_set():
            due, what = self.queue[0]
            if due > loop.time():
                self.timer = loop.call_at(due, self.flush)
                return
            self.queue.popleft()
            self._pass_on(self.target, what)

    def _pass_on(self, target: asyncio.Transport, what: Any) -> None:
        if what is RESET:
            self.link.cut()
        elif what is END:
            self.ended = True
            if not target.is_closing():
                target.write_eof()
            self.link.end_when_both_ended()
        elif not target.is_closing():
            self.link.relay.counts[self.counter] += len(what)
            target.write(what)

    def adjust(self) -> None:
        if self.source and not self.source.is_closing():
            if self.full or not self.link.relay.moving.is_set():
                self.source.pause_reading()
            else:
                self.source.resume_reading()
        self.flush()


class Side(asyncio.Protocol):
    """One end of a link: the client's or the target's."""

    def __init__(self, link: Link, *, client: bool = True) -> None:
        self.link = link
        self.client = client
        self.incoming = link.requests if client else link.answers
        self.outgoing = link.answers if client else link.requests

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        endpoint = transport.get_extra_info("socket")
        endpoint.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.client:
            self.link.accepted(transport)
            self.link.requests.adjust()

    def data_received(self, data: bytes) -> None:
        relay = self.link.relay
        if self.client or not relay.loses_answer(self.link):
            self.incoming.put(data)
            return
        relay.counts["dropped"] += len(data)
        if relay.reset_instead:
            self.link.cut()

    def eof_received(self) -> bool:
        self.incoming.put(END)
        return True  # the other direction may go on

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None and self.link in self.link.relay.links:
            self.incoming.put(RESET)

    def pause_writing(self) -> None:
        self.outgoing.full = True
        self.outgoing.adjust()

    def resume_writing(self) -> None:
        self.outgoing.full = False
        self.outgoing.adjust()


async def obey(relay: Relay, command: dict[str, Any]) -> None:
    match command["do"]:
        case "delay":
            relay.delay = command["ms"] / 1000
        case "cut":
            relay.cut()
        case "refuse":
            relay.refuse()
        case "black_hole":
            relay.hold()
        case "drop_answers":
            relay.drop_answers(reset_instead=command["reset"], times=command["times"])
        case "heal":
            await relay.heal()
        case _:
            assert command["do"] == "stats"


async def main(port: int, target_port: int) -> None:
    loop = asyncio.get_running_loop()
    relay = Relay(port, target_port)
    await relay.listen()
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    tell: dict[str, Any] = {"port": port}
    later: set[asyncio.Task[None]] = set()

    async def obey_after(seconds: float, command: dict[str, Any]) -> None:
        await asyncio.sleep(seconds)
        await obey(relay, command)

    while True:
        sys.stdout.write(json.dumps(tell) + "\n")
        sys.stdout.flush()
        line = await lines.readline()
        if not line:
            return
        command = json.loads(line)
        if after := command.pop("after", 0):
            later.add(asyncio.create_task(obey_after(after, command)))
        else:
            await obey(relay, command)
        tell = {"open": len(relay.links), **relay.counts}


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
