"""The change sequence as a feed of events."""

import json
from dataclasses import dataclass

from swarm_memory.models.addresses import Address
from swarm_memory.models.events import Cursor, Event, Interest
from swarm_memory.models.values import to_json
from swarm_memory.storage.database import Database
from swarm_memory.storage.queries import load_queries

_SQL = load_queries("feed")


@dataclass(frozen=True, slots=True)
class Head:
    """Where the change sequence ends and begins.

    Attributes:
        last: The newest change; 0 where there is none.
        first: The oldest one that is kept.
    """

    epoch: str
    last: int
    first: int

    def at(self, seq: int) -> Cursor:
        """A cursor of this history."""
        return Cursor(self.epoch, seq)


@dataclass(frozen=True, slots=True)
class Page:
    """Events behind a cursor.

    Attributes:
        upto: The last change that was looked at, wanted or not.
    """

    head: Head
    events: list[Event]
    upto: int


class Feed:
    """Reads of the change sequence."""

    def __init__(self, database: Database) -> None:
        """Use ``database``."""
        self._database = database

    def pulse(self) -> object:
        """Something that differs when a read may find what it did not find before; costs no read."""
        return self._database.pulse()

    async def head(self) -> Head:
        """Where the change sequence ends now."""
        [[row]] = await self._database.read(_SQL["head"].bind())
        return _head(row)

    async def page(self, since: int, interest: Interest, looked_at: int) -> Page:
        """The wanted events behind ``since``.

        Args:
            since: Sequence number.
            interest: Which events.
            looked_at: Most changes to look at.
        """
        [head], [upto], rows = await self._database.read(
            _SQL["head"].bind(),
            _SQL["last_looked_at"].bind(since=since, limit=looked_at),
            _SQL["changes_behind"].bind(
                since=since,
                limit=looked_at,
                project=interest.project,
                swarm=interest.swarm,
                kinds=to_json(interest.kinds),
                but=to_json(interest.but),
                mine=to_json(interest.mine),
            ),
        )
        events = [_event(row) for row in rows]
        return Page(_head(head), [event for event in events if interest.has(event)], int(str(upto[0])))

    async def touched(self, since: int, looked_at: int) -> tuple[Head, int, set[Address]]:
        """Addresses of what the changes behind ``since`` touched, and the last change that was looked at."""
        [head], [upto], rows = await self._database.read(
            _SQL["head"].bind(),
            _SQL["last_looked_at"].bind(since=since, limit=looked_at),
            _SQL["touched_behind"].bind(since=since, limit=looked_at),
        )
        return _head(head), int(str(upto[0])), {address for row in rows for address in _addresses(row)}


def _addresses(row: tuple[object, ...]) -> list[Address]:
    kind, project, namespace, key, swarm, recipients = row
    if kind == "memory":
        return [] if key is None else [Address("memory", (str(project), str(namespace), str(key)))]
    inboxes = [Address("inbox", (str(swarm), one)) for one in json.loads(str(recipients))]
    return [Address("status", (str(swarm),)), *inboxes]


def _head(row: tuple[object, ...]) -> Head:
    last, epoch, first = row
    return Head(str(epoch), int(str(last)), int(str(first)))


def _event(row: tuple[object, ...]) -> Event:
    seq, kind, op, ref, version, actor, namespace, name, title, keyed = row
    return Event(
        int(str(seq)),
        str(kind),
        str(op),
        str(ref),
        None if version is None else int(str(version)),
        None if actor is None else str(actor),
        None if namespace is None else str(namespace),
        next((str(one) for one in (name, title) if one is not None), None),
        bool(keyed),
    )
