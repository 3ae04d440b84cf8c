"""Mail in the store."""

import json
from collections.abc import Sequence

from swarm_memory.models.actor import Actor, Life
from swarm_memory.models.mail import Delivery, Earlier, Letter, Member, Roster
from swarm_memory.models.values import to_json
from swarm_memory.storage.database import Database
from swarm_memory.storage.ids import new_id
from swarm_memory.storage.queries import Statement, load_queries
from swarm_memory.storage.sessions import opening
from swarm_memory.storage.writer import Change

_SQL = load_queries("mail")


def send(
    swarm: int, letter: Letter, thread: int | None, deliveries: Sequence[Delivery], life: Life, actor: Actor
) -> Change:
    """Send a message to these; its outcome has ``message``, ``thread``, ``seq`` and ``to``, recipient and wanted each.

    Args:
        swarm: Row number.
        letter: What is sent.
        thread: That it goes on; None begins one.
        deliveries: Who gets it.
        life: The caller's session.
        actor: Who sends.
    """
    batch = new_id()
    to = to_json([[one.recipient, one.wanted] for one in deliveries])
    statements: list[Statement] = [
        *opening(life, swarm, actor),
        tell_lost(swarm),
        _SQL["refuse_full_inbox"].bind(to=to),
        _SQL["send_message"].bind(
            swarm=swarm,
            sender=actor.key,
            thread=thread,
            reply_to=letter.reply_to,
            ack=int(letter.ack),
            ttl=letter.ttl,
            batch=batch,
            subject=letter.subject,
            body=letter.body,
        ),
        _SQL["deliver_message"].bind(to=to, batch=batch),
        _SQL["forget_deliveries"].bind(),
        _SQL["forget_messages"].bind(),
    ]
    return Change(tuple(statements), _SQL["send_result"].bind(batch=batch))


def read_inbox(
    swarm: int, acknowledged: Sequence[int], limit: int, most_bytes: int, life: Life, actor: Actor
) -> Change:
    """Acknowledge these and show what is there; its outcome has ``messages``, ``acked`` and ``unread``."""
    call = new_id()
    ids = to_json(list(acknowledged))
    statements = (
        *opening(life, None, actor),
        tell_lost(swarm),
        _SQL["refuse_strange_ack"].bind(ids=ids, actor=actor.key),
        _SQL["acknowledge"].bind(ids=ids, actor=actor.key),
        _SQL["show_inbox"].bind(actor=actor.key, call=call, limit=limit, bytes=most_bytes),
    )
    return Change(statements, _SQL["inbox_result"].bind(actor=actor.key, call=call, ids=ids))


def tell_lost(swarm: int) -> Statement:
    """Tell the senders of mail that agents of this swarm left unread when they went."""
    return _SQL["tell_lost"].bind(swarm=swarm)


class MailReads:
    """Reads of mail."""

    def __init__(self, database: Database) -> None:
        """Use ``database``."""
        self._database = database
        # For what tells of mail beside something else: never worth a round trip to a primary where there is a copy.
        self._nearest = database.at("replica") if database.mode == "replica" else database

    async def roster(self, swarm: int) -> Roster:
        """Who is in the swarm with this row number."""
        [row], members = await self._database.at("primary").read(
            _SQL["roster"].bind(swarm=swarm), _SQL["roster_members"].bind(swarm=swarm)
        )
        topology, group_mail, coordinators, principals = row
        return Roster(
            str(topology),
            bool(group_mail),
            tuple(Member(*one) for one in members),  # pyright: ignore[reportArgumentType] - columns of a STRICT table
            tuple(json.loads(str(coordinators))),
            tuple(json.loads(str(principals))),
        )

    async def earlier(self, swarm: int, seq: int) -> Earlier | None:
        """A message of this swarm."""
        [rows] = await self._database.at("primary").read(_SQL["earlier_message"].bind(swarm=swarm, seq=seq))
        return Earlier(*rows[0]) if rows else None  # pyright: ignore[reportArgumentType] - columns of a STRICT table

    async def open_mail(self, actors: Sequence[str]) -> tuple[int, int]:
        """How many messages are unread or to be acknowledged by any of these actors, and how many are unread."""
        [[(open_, unread)]] = await self._database.read(self._counting(actors))
        return int(str(open_)), int(str(unread))

    async def unread_nearby(self, actors: Sequence[str]) -> int:
        """How many are unread, by the nearest copy, whatever its age."""
        [[(_, unread)]] = await self._nearest.read(self._counting(actors))
        return int(str(unread))

    async def own_handles(self, session: str, name: str) -> list[str]:
        """The handles that a name means in a session."""
        [rows] = await self._nearest.read(_SQL["own_handles"].bind(session=session, name=name))
        return [str(row[0]) for row in rows]

    def _counting(self, actors: Sequence[str]) -> Statement:
        return _SQL["open_mail"].bind(actors=to_json(list(actors)), now=self._database.now())
