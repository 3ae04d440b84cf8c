"""One batch for one call: its operations, the outcome of each, and the request id that makes a retry safe."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from swarm_memory.errors import RequestIdReused, SchemaMismatch, StorageUnavailable
from swarm_memory.models.caller import Request
from swarm_memory.models.retention import Retention
from swarm_memory.storage.budget import one_time_out
from swarm_memory.storage.database import Database
from swarm_memory.storage.driver import Refused
from swarm_memory.storage.housekeeping import purge_if_due
from swarm_memory.storage.ids import new_id
from swarm_memory.storage.migrate import Schema
from swarm_memory.storage.queries import Row, Statement, load_queries

_SQL = load_queries("requests")
_PURGE_EVERY: Final = 60.0
_KEPT_REQUEST: Final = 86_400_000
_KEPT_OWN: Final = 600_000
"""Milliseconds for which a request id is known: a caller's, and one that was made here for retries within a call."""
_OWN_SCOPE: Final = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One operation: guards and writes, and behind them the SELECT of its outcome, one JSON value in one row."""

    statements: tuple[Statement, ...]
    outcome: Statement


class OperationRefused(Exception):
    """A guard refused one operation; nothing of the batch was written.

    Args:
        guard: Name of the guard's SQL block.
        position: Which of the operations, from 0.
    """

    def __init__(self, guard: str, position: int) -> None:
        """Say which guard of which operation it was."""
        super().__init__(guard)
        self.guard = guard
        self.position = position


class Writer:
    """Turns operations into one atomic batch of the database."""

    def __init__(self, database: Database, retention: Retention | None = None) -> None:
        """Write to ``database``, unless its schema is newer than this program may write.

        Args:
            database: The store.
            retention: What the purges with its writes leave; None: only what has expired goes.
        """
        self._database = database
        self._retention = retention
        self._next_purge = 0.0

    async def apply(self, changes: Sequence[Change], request: Request | None = None) -> list[Any]:
        """Do all operations or none; the outcome of each, in order.

        A request id that was seen before in its scope does nothing again and gives the first outcomes.

        Raises:
            OperationRefused: A guard of an operation found its rule broken.
            RequestIdReused: The request id was used by another call.
            SchemaMismatch: The store's schema is newer than this program may write.
        """
        with one_time_out():
            return await self._apply(changes, request)

    async def _apply(self, changes: Sequence[Change], request: Request | None) -> list[Any]:
        if not (await self._prepared()).writable:
            raise SchemaMismatch(
                "The store was made by a newer version, which this one may only read.",
                next_step="install a newer swarm-memory.",
            )
        if request is None and self._database.mode != "local":
            request = Request(_OWN_SCOPE, new_id(), "")  # for the database, which asks again if an answer is lost
        batch = _Batch()
        purge = self._purge_if_due()
        batch.add(purge)
        if request:
            batch.add([_SQL["refuse_known_request"].bind(scope=request.scope, id=request.id)])
            used = _KEPT_REQUEST - _KEPT_OWN if request.scope == _OWN_SCOPE else 0
            record = _SQL["record_request"].bind(scope=request.scope, id=request.id, call=request.call, used=used)
            batch.add([record])
        for change in changes:
            batch.add_change(change, request)
        try:
            results = await self._database.write(batch.statements)
        except Refused as refused:
            if request and refused.guard == "refuse_known_request":
                return await self._first_outcome(request)
            raise OperationRefused(refused.guard, batch.position_of(refused.index)) from None
        if purge:
            self._next_purge = time.monotonic() + _PURGE_EVERY
        return [_outcome(results[index]) for index in batch.outcomes]

    async def _prepared(self) -> Schema:
        try:
            return await self._database.prepare()
        except StorageUnavailable as error:
            told = f"{error.message.removesuffix('.')}; nothing was written."
            raise StorageUnavailable(told, next_step=error.next_step) from None

    def _purge_if_due(self) -> list[Statement]:
        if time.monotonic() < self._next_purge:
            return []
        return purge_if_due(self._retention)

    async def _first_outcome(self, request: Request) -> list[Any]:
        [rows] = await self._database.at("primary").read(_SQL["first_outcome"].bind(scope=request.scope, id=request.id))
        call, outcome = rows[0]
        if call != request.call:
            raise RequestIdReused(
                f"The request id {request.id!r} was used by another call within 24 hours.",
                next_step="give each call a request id of its own; repeat one only to retry the very same call.",
            )
        return json.loads(str(outcome))


class _Batch:
    """Statements of a batch, and which of them belong to which operation."""

    def __init__(self) -> None:
        self.statements: list[Statement] = []
        self.outcomes: list[int] = []

    def add(self, statements: Sequence[Statement]) -> None:
        self.statements.extend(statements)

    def add_change(self, change: Change, request: Request | None) -> None:
        self.add(change.statements)
        self.statements.append(_recorded(change.outcome, request) if request else change.outcome)
        self.outcomes.append(len(self.statements) - 1)

    def position_of(self, index: int) -> int:
        return sum(outcome < index for outcome in self.outcomes)


def _recorded(outcome: Statement, request: Request) -> Statement:
    """The same outcome, kept with its request in the batch that causes it."""
    record = _SQL["record_outcome"]
    # The record's two parameters go behind those of the outcome.
    first = len(outcome.args) + 1
    # The second one first: the first one's new number may be the second one's old one.
    sql = record.sql.replace("?2", f"?{first + 1}").replace("?1", f"?{first}").replace("{outcome}", outcome.sql)
    return Statement(outcome.name, sql, (*outcome.args, request.scope, request.id))


def _outcome(rows: list[Row]) -> Any:
    return json.loads(str(rows[0][0]))
