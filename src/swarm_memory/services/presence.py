"""Sessions that live as long as their client does: who has called, and one heartbeat for all of a process.

A session's row and its heartbeat begin with its first swarm call. A call that takes long keeps its lease, since the
event loop goes on; a process that was killed or stopped loses it.
"""

import asyncio
import os
import secrets
import time
from dataclasses import dataclass, field
from typing import Final

from swarm_memory.errors import SwarmMemoryError
from swarm_memory.logs import log
from swarm_memory.models.actor import Life
from swarm_memory.models.caller import Caller
from swarm_memory.storage.sessions import beat
from swarm_memory.storage.writer import Writer

BEAT_SECONDS: Final = 10.0
_QUIET: Final = 1_800_000
_QUIET_CONNECTION: Final = 600_000
"""Milliseconds without a call after which an agent counts as gone: of this process's own client, and over HTTP, where
nobody can see whether the client is still there."""
_MAX_CONNECTIONS: Final = 10_000


@dataclass(slots=True)
class _Present:
    """A session that has made a swarm call: who of it called since the last heartbeat, and when the last call was."""

    life: Life
    lasting: bool
    called_at: float
    seen: set[str | None] = field(default_factory=set[str | None])


class Presence:
    """The sessions of one process."""

    def __init__(self, writer: Writer, *, own: str, host: str) -> None:
        """Beat through this writer.

        Args:
            writer: Of the store.
            own: Name of the process's own session, which lives as long as the process.
            host: Of this machine.
        """
        self._writer = writer
        self._own = own
        self._host = host
        self._incarnation = secrets.token_hex(4)
        self._present: dict[str, _Present] = {}
        self._beating: asyncio.Task[None] | None = None

    def life_of(self, caller: Caller) -> Life:
        """The session that the caller's leases hang on, present from now on."""
        name = caller.origin.session or self._own
        known = self._present.pop(name, None)
        if known is None:
            lasting = name == self._own
            quiet = _QUIET if lasting else _QUIET_CONNECTION
            life = Life(f"{name}~{self._incarnation}", name, self._host, os.getpid(), quiet)
            known = _Present(life, lasting, 0.0)
            if len(self._present) >= _MAX_CONNECTIONS:
                del self._present[next(iter(self._present))]
        self._present[name] = known  # behind all others: the first is the one that was silent longest
        known.called_at = time.monotonic()
        if self._beating is None or self._beating.done():
            self._beating = asyncio.get_running_loop().create_task(self._keep_beating())
        return known.life

    def life(self, session: str | None) -> Life | None:
        """A session that has made a swarm call."""
        known = self._present.get(session or self._own)
        return None if known is None else known.life

    def saw(self, session: str | None, agent: str | None) -> None:
        """Somebody called, with whatever tool: the next heartbeat tells it. Without a swarm call before, nothing."""
        known = self._present.get(session or self._own)
        if known is not None:
            known.called_at = time.monotonic()
            known.seen.add(agent)

    async def beat(self) -> None:
        """One heartbeat: renew the sessions whose client is there, their callers' claims, and free what has run out."""
        self._forget_the_gone()
        if not self._present:
            return
        lives = [one.life for one in self._present.values()]
        seen = [(one.life.id, agent) for one in self._present.values() for agent in one.seen]
        for one in self._present.values():
            one.seen = set()
        try:
            await self._writer.apply([beat(lives, seen)])
        except SwarmMemoryError as error:
            log.error("a heartbeat failed", code=error.code)
            for one in self._present.values():  # tell it with the next one
                one.seen |= {agent for session, agent in seen if session == one.life.id}

    def close(self) -> None:
        """Beat no more; the sessions end with their leases."""
        if self._beating is not None:
            self._beating.cancel()
            self._beating = None
        self._present.clear()

    async def _keep_beating(self) -> None:
        while self._present:
            await asyncio.sleep(BEAT_SECONDS)
            await self.beat()

    def _forget_the_gone(self) -> None:
        until = time.monotonic() - _QUIET_CONNECTION / 1000
        gone = [name for name, one in self._present.items() if not one.lasting and one.called_at < until]
        for name in gone:
            del self._present[name]
