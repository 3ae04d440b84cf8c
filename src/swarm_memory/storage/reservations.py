"""Reservations of files in the store."""

from collections.abc import Sequence
from typing import Final

from swarm_memory.models.reservations import Files, Holder
from swarm_memory.models.values import to_json
from swarm_memory.storage.database import Database
from swarm_memory.storage.globs import NewGlobs, add
from swarm_memory.storage.queries import Statement, load_queries
from swarm_memory.storage.sessions import opening
from swarm_memory.storage.writer import Change

_SQL = load_queries("reservations")

MAX_RESERVATIONS: Final = 200
"""Of one actor."""


def reserve(files: Files, globs: NewGlobs, *, shared: bool, ttl: int) -> Change:
    """Keep all of the files, or none if another actor holds one; ``ttl`` in milliseconds."""
    bound = files.bound()
    return _change(
        files,
        *add(globs),
        _SQL["refuse_reserved"].bind(**bound, shared=int(shared)),
        _SQL["refuse_many_reservations"].bind(actor=bound["actor"], patterns=bound["patterns"], limit=MAX_RESERVATIONS),
        _SQL["reserve"].bind(**bound, shared=int(shared), ttl=ttl, session=files.life.id),
    )


def renew(files: Files, ttl: int) -> Change:
    """Keep them longer; refused if one of them is not held any more."""
    bound = files.bound()
    return _change(
        files,
        _SQL["refuse_lost_reservation"].bind(**bound),
        _SQL["renew_reservations"].bind(**bound, ttl=ttl, session=files.life.id),
    )


def release(files: Files) -> Change:
    """Give them back; what is not held is left as it is."""
    return _change(files, _SQL["release_reservations"].bind(**files.bound()))


def _change(files: Files, *statements: Statement) -> Change:
    begun = opening(files.life, None, files.actor)
    return Change((*begun, *statements), _SQL["reservations_result"].bind(**files.bound()))


class ReservationReads:
    """Reads of reservations."""

    def __init__(self, database: Database) -> None:
        """Use ``database``."""
        self._database = database

    async def holders(self, files: Files, related: Sequence[str], limit: int) -> list[Holder]:
        """Other actors that hold what has a path in common with these patterns.

        Args:
            files: The patterns, and who asks.
            related: Patterns that are known to have one, for patterns that the store does not have yet.
            limit: At most so many.
        """
        query = _SQL["holders"].bind(
            **files.bound(), related=to_json(list(related)), now=self._database.now(), limit=limit
        )
        [rows] = await self._database.read(query)
        return [Holder(*row) for row in rows]  # pyright: ignore[reportArgumentType] - columns of STRICT tables
