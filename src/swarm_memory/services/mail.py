"""message_send and inbox, and how much mail waits for whoever calls."""

import time
from contextlib import suppress
from typing import Any, Final

from swarm_memory.errors import InboxFull, NotFound, StorageError
from swarm_memory.models.actor import Life
from swarm_memory.models.caller import Caller
from swarm_memory.models.mail import Delivery, Earlier, Inbox, Letter
from swarm_memory.services.crew import CrewService
from swarm_memory.services.mail_rules import route
from swarm_memory.services.presence import Presence
from swarm_memory.services.refusals import explain
from swarm_memory.storage.mail import MailReads, read_inbox, send
from swarm_memory.storage.writer import OperationRefused, Writer

INBOX_BYTES: Final = 6_000
"""Text of one look at an inbox, about; one message is always shown."""
_FAR_SECONDS: Final = 2.0
"""How old what is known of somebody's mail may be, where each look is a round trip."""
_MAX_KNOWN: Final = 1_000


class MailService:
    """Messages between those who act in a swarm."""

    def __init__(self, reads: MailReads, crew: CrewService, presence: Presence, writer: Writer, *, far: bool) -> None:
        """Use these services, this store and its writer; ``far``: every look at it costs a round trip."""
        self._reads = reads
        self._crew = crew
        self._presence = presence
        self._writer = writer
        self._far = far
        self._known: dict[tuple[str, ...], tuple[float, int]] = {}

    async def send(
        self, swarm_id: str, letter: Letter, caller: Caller, named: str | None
    ) -> tuple[dict[str, Any], list[Delivery]]:
        """Send a message; what the store tells of it, and who gets it.

        Raises:
            NotFound: Nobody of a name lives in the swarm, or it has no such message.
            InvalidArgument: Several have the name.
            InboxFull: A recipient has too much unread mail.
        """
        entered = await self._crew.enter(swarm_id, caller, named)
        swarm, actor = entered.swarm, entered.actor
        replied = None if letter.reply_to is None else await self._earlier(swarm.num, letter.reply_to)
        thread = replied if letter.thread is None else await self._earlier(swarm.num, letter.thread)
        to = letter.to or ((replied.sender,) if replied else ())
        roster = await self._reads.roster(swarm.num)
        deliveries = route(actor.key, to, roster, replied.sender if replied else None)
        change = send(swarm.num, letter, thread.thread if thread else None, deliveries, entered.life, actor)
        try:
            [outcome] = await self._writer.apply([change], caller.request)
        except OperationRefused as refused:
            if refused.guard == "refuse_full_inbox":
                raise InboxFull(
                    "A recipient has 5,000 unread messages.",
                    next_step="see with swarm_status whether it still works, and store what it must know as a memory.",
                ) from None
            raise explain(refused.guard, swarm.topology, "") from None
        return outcome, [Delivery(*one) for one in outcome["to"]]

    async def inbox(
        self, swarm_id: str, acknowledged: tuple[int, ...], limit: int, caller: Caller, named: str | None
    ) -> Inbox:
        """Acknowledge messages and read the next ones. Nothing is written where there is nothing to do.

        Raises:
            NotFound: There is no such agent, or a message to acknowledge was not for it.
        """
        entered = await self._crew.enter(swarm_id, caller, named)
        if not acknowledged and not (await self._reads.open_mail([entered.actor.key]))[0]:
            return Inbox([], 0, 0)
        change = read_inbox(entered.swarm.num, acknowledged, limit, INBOX_BYTES, entered.life, entered.actor)
        try:
            [outcome] = await self._writer.apply([change], caller.request)
        except OperationRefused as refused:
            if refused.guard == "refuse_strange_ack":
                raise NotFound(
                    "ack_ids names a message that was not for this inbox.",
                    next_step="send ids that inbox gave to the same agent.",
                ) from None
            raise explain(refused.guard, entered.swarm.topology, "") from None
        self._known.clear()
        return Inbox(outcome["messages"], outcome["unread"], outcome["acked"])

    async def actors(self, caller: Caller, named: str | None) -> tuple[str, ...]:
        """Whom a call speaks for, as the store calls them; nobody for a session that has no part in a swarm."""
        life = self._presence.life(caller.origin.session)
        if named is None:
            return (f"@{life.principal}",) if life else ()
        handles = [] if life is None else await self._handles(life, named)
        return tuple(dict.fromkeys((named, *handles)))

    async def unread(self, caller: Caller, named: str | None) -> int:
        """How many unread messages wait for whoever calls; never an error, and never a write."""
        with suppress(StorageError):
            actors = await self.actors(caller, named)
            if not actors:
                return 0
            known = self._known.get(actors)
            if self._far and known and time.monotonic() - known[0] < _FAR_SECONDS:
                return known[1]
            unread = await self._reads.unread_nearby(actors)
            if self._far:
                if len(self._known) >= _MAX_KNOWN:
                    self._known.clear()
                self._known[actors] = (time.monotonic(), unread)
            return unread
        return 0

    async def _handles(self, life: Life, named: str) -> list[str]:
        return [] if "." in named else await self._reads.own_handles(life.id, named)

    async def _earlier(self, swarm: int, seq: int) -> Earlier:
        found = await self._reads.earlier(swarm, seq)
        if found is None:
            raise NotFound(f"This swarm has no message m{seq}.", next_step="take an id from inbox.")
        return found
