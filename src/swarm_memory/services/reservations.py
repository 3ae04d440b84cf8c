"""file_reserve: files that are kept for one agent, beyond what its claim keeps."""

from collections.abc import Sequence
from typing import Any

from swarm_memory.errors import AlreadyReserved, SwarmMemoryError, TooLarge, WrongState
from swarm_memory.models.caller import Caller
from swarm_memory.models.memory import iso
from swarm_memory.models.reservations import Files, Holder
from swarm_memory.services.patterns import Patterns
from swarm_memory.services.refusals import explain
from swarm_memory.storage.globs import NewGlobs
from swarm_memory.storage.reservations import MAX_RESERVATIONS, ReservationReads, release, renew, reserve
from swarm_memory.storage.writer import Change, OperationRefused, Writer

_SHOWN = 20


class ReservationService:
    """Keeps files, all of a call or none."""

    def __init__(self, reads: ReservationReads, patterns: Patterns, writer: Writer) -> None:
        """Use this store, the patterns in it and its writer."""
        self._reads = reads
        self._patterns = patterns
        self._writer = writer

    async def reserve(self, files: Files, caller: Caller, *, shared: bool, ttl: int) -> dict[str, Any]:
        """Keep the files for ``ttl`` milliseconds; exclusive ones exclude everybody else, shared ones exclusive ones.

        Raises:
            AlreadyReserved: Another actor holds one of them, by a claim or a reservation.
            TooLarge: The actor would hold more than 200.
        """

        def change(globs: NewGlobs) -> Change:
            return reserve(files, globs, shared=shared, ttl=ttl)

        try:
            return await self._patterns.write(files.project, files.patterns, change, caller.request)
        except OperationRefused as refused:
            raise await self._explain(refused.guard, files) from None

    async def renew(self, files: Files, caller: Caller, ttl: int) -> dict[str, Any]:
        """Keep them ``ttl`` milliseconds from now.

        Raises:
            WrongState: One of them is not held any more.
        """
        return await self._apply(renew(files, ttl), files, caller)

    async def release(self, files: Files, caller: Caller) -> dict[str, Any]:
        """Give them back."""
        return await self._apply(release(files), files, caller)

    async def holders(self, files: Files) -> Sequence[Holder]:
        """Who else holds what has a path in common with them, at most twenty."""
        compared = await self._patterns.compare(files.project, files.patterns)
        related = {text for pair in compared.pairs for text in pair}
        return await self._reads.holders(files, sorted(related), _SHOWN)

    async def _apply(self, change: Change, files: Files, caller: Caller) -> dict[str, Any]:
        try:
            [outcome] = await self._writer.apply([change], caller.request)
        except OperationRefused as refused:
            raise await self._explain(refused.guard, files) from None
        return outcome

    async def _explain(self, guard: str, files: Files) -> SwarmMemoryError:
        if guard == "refuse_reserved":
            held = await self.holders(files)
            told = "; ".join(f"{one.pattern} by {one.holder} until {iso(one.until)}" for one in held[:3])
            return AlreadyReserved(
                f"Nothing was reserved. Held: {told or 'by somebody who has just let go'}.",
                next_step="take another task, or try again when the files are free.",
            )
        if guard == "refuse_many_reservations":
            return TooLarge(
                f"{files.actor.key} would hold more than {MAX_RESERVATIONS} reservations.",
                next_step="release some, or reserve a directory as one glob.",
            )
        if guard == "refuse_lost_reservation":
            return WrongState(
                "One of these is not reserved for you any more; nothing was renewed.",
                next_step="reserve them again before you write.",
            )
        return explain(guard, "", "")
