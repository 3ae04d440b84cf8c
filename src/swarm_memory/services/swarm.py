"""swarm_init and swarm_status: durable swarms that sessions create and join."""

from dataclasses import dataclass
from typing import Final

from swarm_memory.errors import NoPrimary, NotFound
from swarm_memory.models.assessment import Thresholds
from swarm_memory.models.caller import Caller
from swarm_memory.models.swarm import DEFAULT_MAX_AGENTS, Swarm, SwarmEvent, SwarmWish
from swarm_memory.services.presence import Presence
from swarm_memory.services.topology import choose
from swarm_memory.storage.swarms import SwarmStore, join_or_create
from swarm_memory.storage.writer import Writer

CURRENT: Final = "current"
MAX_REMEMBERED: Final = 1_000
"""Sessions whose current swarm is known; for older ones it is the project's newest."""


@dataclass(frozen=True, slots=True)
class Joined:
    """The swarm, whether it was there before, and the change sequence behind the call (None: nothing was written)."""

    swarm: Swarm
    joined: bool
    seq: int | None


class SwarmService:
    """Swarms of all projects of the store."""

    def __init__(
        self, swarms: SwarmStore, presence: Presence, writer: Writer, *, mode: str, thresholds: Thresholds
    ) -> None:
        """Use this store and its writer.

        Args:
            swarms: The reads.
            presence: The sessions of this process.
            writer: Of the same store.
            mode: The storage mode, for the truth about persistence.
            thresholds: Of the choice of a topology.
        """
        self._thresholds = thresholds
        self._swarms = swarms
        self._presence = presence
        self._writer = writer
        self._mode = mode
        self._current: dict[tuple[str, str | None], str] = {}
        self._known: dict[str, Swarm] = {}

    @property
    def persistence(self) -> str:
        """Where swarms are kept: ``local`` or ``turso``."""
        return "local" if self._mode == "local" else "turso"

    async def init(self, wish: SwarmWish, persistence: str | None, caller: Caller) -> Joined:
        """Join the project's newest active swarm that fits the wish, else create one.

        Raises:
            NoPrimary: Persistence on Turso was asked for and no primary is configured; never a silent local swarm.
            InvalidArgument: Too many globs of the tasks' writes begin alike to be compared.
        """
        self._check_persistence(persistence)
        max_agents = wish.max_agents or DEFAULT_MAX_AGENTS
        choice = choose(wish.asked_topology or "auto", max_agents, wish.plan, self._thresholds)
        change = join_or_create(wish, choice, self._presence.life_of(caller), caller)
        [outcome] = await self._writer.apply([change], caller.request)
        self._remember(outcome["id"], caller)
        return Joined(await self._get(outcome["id"]), outcome["joined"], outcome["seq"])

    async def join(self, id_: str, persistence: str | None, caller: Caller) -> Joined:
        """Join the swarm with this id; doing it again changes nothing.

        Raises:
            NotFound: No swarm has the id.
            NoPrimary: As for ``init``.
        """
        self._check_persistence(persistence)
        swarm = await self._get(id_)
        self._presence.life_of(caller)
        self._remember(swarm.id, caller)
        return Joined(swarm, joined=True, seq=None)

    async def find(self, id_: str, caller: Caller) -> Swarm:
        """One swarm; ``current`` is the one this session last made or joined, else the project's newest active one.

        Raises:
            NotFound: No swarm has the id, or there is no current one.
        """
        if id_ != CURRENT:
            return await self._get(id_)
        remembered = self._current.get((caller.project, caller.origin.session))
        if remembered:
            return await self._get(remembered)
        active = await self._swarms.active(caller.project, 1)
        if not active:
            raise NotFound(f"Project {caller.project} has no active swarm.", next_step="call swarm_init to create one.")
        return active[0]

    async def active(self, project: str, limit: int) -> list[Swarm]:
        """The project's active swarms, newest first."""
        return await self._swarms.active(project, limit)

    async def entered(self, id_: str, caller: Caller) -> Swarm:
        """As ``find``, for a caller who acts in it: one that it has made or joined is not read again.

        What may have changed of it meanwhile, its end, is for the guards of the write to say.
        """
        wanted = self._current.get((caller.project, caller.origin.session)) if id_ == CURRENT else id_
        known = self._known.get(wanted or "")
        if known is None:
            known = await self.find(id_, caller)
            self._keep(known)
        return known

    async def events(self, swarm: Swarm, after: int, limit: int) -> list[SwarmEvent]:
        """The last events of a swarm behind a number of the change sequence, oldest first."""
        return await self._swarms.events(swarm.num, after, limit)

    async def by_num(self, num: int) -> Swarm:
        """The swarm with this row number, which some row names."""
        swarm = await self._swarms.by_num(num)
        if swarm is None:
            raise NotFound("The swarm is gone.", next_step="call swarm_init to make one.")
        return swarm

    async def of_handle(self, handle: str) -> Swarm | None:
        """The swarm that the agent with this handle is in."""
        return await self._swarms.of_handle(handle)

    def _check_persistence(self, wanted: str | None) -> None:
        if wanted == "turso" and self._mode == "local":
            raise NoPrimary(
                "persistence is 'turso', and no primary is configured: this server keeps everything in a local file.",
                next_step="set TURSO_DB_URL and TURSO_DB_AUTH_TOKEN for the server, or leave persistence out.",
            )

    async def _get(self, id_: str) -> Swarm:
        swarm = await self._swarms.by_id(id_)
        if swarm is None:
            raise NotFound(
                f"No swarm has the id {id_!r}.",
                next_step="call swarm_init without swarmId to join or create one.",
            )
        return swarm

    def _remember(self, id_: str, caller: Caller) -> None:
        who = (caller.project, caller.origin.session)
        self._current.pop(who, None)  # so that it becomes the newest
        self._current[who] = id_
        if len(self._current) > MAX_REMEMBERED:
            del self._current[next(iter(self._current))]

    def _keep(self, swarm: Swarm) -> None:
        self._known[swarm.id] = swarm
        if len(self._known) > MAX_REMEMBERED:
            del self._known[next(iter(self._known))]
