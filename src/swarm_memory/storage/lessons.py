"""Lessons in the store: who used which, and what became of it. Their texts are memories of the kind ``lesson``."""

from collections.abc import Sequence
from dataclasses import dataclass

from swarm_memory.models.caller import Caller
from swarm_memory.models.knowledge import Knowledge
from swarm_memory.models.lessons import (
    MOST_OWN_WORDS,
    OWN_WORD,
    RETIRED_BELOW,
    RETIRED_FROM,
    VERIFIED,
    Outcomes,
    Record,
    Z,
    growth,
)
from swarm_memory.models.values import to_json
from swarm_memory.storage.database import Database
from swarm_memory.storage.memories import add_knowledge
from swarm_memory.storage.queries import Statement, load_queries

_SQL = load_queries("lessons")


@dataclass(frozen=True, slots=True)
class Learned:
    """What an agent says of the lessons of an attempt.

    Attributes:
        used: Ids of lessons that it used.
        new: A lesson that it has learned.
        now: The database's time in milliseconds since 1970 UTC.
    """

    used: tuple[str, ...]
    new: Knowledge | None
    now: int


def learn(
    seq: int, fence: int, learned: Learned, caller: Caller, *, success: bool | None, verified: bool
) -> list[Statement]:
    """What is written of lessons with the end of an attempt; to be run behind it.

    Args:
        seq: Of the task.
        fence: Of the claim.
        learned: What the agent says.
        caller: Who calls.
        success: How it ended; None: it goes on, and only a new lesson is kept.
        verified: By evidence.
    """
    statements = [] if learned.new is None else list(add_knowledge(learned.new, caller).statements)
    if not learned.used or success is None:
        return statements
    noted = _SQL["note_uses"].bind(
        seq=seq,
        fence=fence,
        success=int(success),
        weight=VERIFIED if verified else OWN_WORD,
        lessons=to_json(list(learned.used)),
        project=caller.project,
    )
    return [*statements, noted, *_count(seq, fence, learned.now)]


def settle(seq: int, fence: int, now: int, *, success: bool) -> list[Statement]:
    """What a review says of the lessons that the attempt used."""
    settled = _SQL["settle_uses"].bind(seq=seq, fence=fence, success=int(success), weight=VERIFIED)
    return [settled, *_count(seq, fence, now)]


def _count(seq: int, fence: int, now: int) -> list[Statement]:
    where = {"seq": seq, "fence": fence, "growth": growth(now)}
    retire = _SQL["retire_lessons"].bind(
        **where, most_own=MOST_OWN_WORDS, from_number=RETIRED_FROM, below=RETIRED_BELOW, square=Z * Z
    )
    return [_SQL["count_uses"].bind(**where), retire]


class LessonReads:
    """Reads of what lessons did."""

    def __init__(self, database: Database) -> None:
        """Use ``database``."""
        self._database = database

    def now(self) -> int:
        """The database's time in milliseconds since 1970 UTC."""
        return self._database.now()

    async def records(self, ids: Sequence[str]) -> tuple[dict[str, Record], set[str]]:
        """Outcomes of the lessons that have some, and which of them are retired."""
        told = to_json(list(ids))
        rows, retired = await self._database.read(
            _SQL["records_of"].bind(lessons=told), _SQL["retired_of"].bind(lessons=told)
        )
        records = {str(id_): Record(*(float(str(one)) for one in sums)) for id_, *sums in rows}
        return records, {str(id_) for (id_,) in retired}

    async def outcomes(self, swarm: int) -> tuple[Outcomes, Outcomes]:
        """Of a swarm's attempts that have one: those with lessons, and those without."""
        [rows] = await self._database.read(_SQL["outcomes"].bind(swarm=swarm))
        found = {bool(used): Outcomes(*(int(str(one)) for one in counts)) for used, *counts in rows}
        return found.get(True, Outcomes()), found.get(False, Outcomes())
