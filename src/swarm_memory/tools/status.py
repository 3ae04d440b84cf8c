"""memory_status: what the store is and holds."""

from typing import Any, Final

from swarm_memory import __version__
from swarm_memory.config import Toolset
from swarm_memory.models.replication import Replication
from swarm_memory.tools._arguments import CommonArguments
from swarm_memory.tools._boundary import Call, Tool
from swarm_memory.tools._shape import freshness, without_none


class MemoryStatusArguments(CommonArguments):
    """Arguments of ``memory_status``."""

    sync: bool = False


async def store_status(call: Call, *, verbose: bool, sync: bool = False) -> dict[str, Any]:
    """Mode, engine, freshness, counts, size and the way to the primary; with the path and epoch if verbose."""
    status = await call.app.health.status(call.caller.project, sync=sync)
    shown: dict[str, Any] = {
        "mode": status.mode,
        "engine": status.engine,
        **freshness(call),
        "entries": status.counts.entries,
        "knowledge": status.counts.knowledge,
        "all_projects": status.counts.all_projects,
        "active_swarms": status.counts.swarms,
        "bytes": status.bytes,
        "embedder": call.app.search.embedding.name or "none",
    }
    if status.replication is not None:
        shown["replication"] = _replication(status.replication)
    if verbose:
        shown |= {
            "seq": status.counts.seq,
            "epoch": status.counts.epoch,
            "schema": status.schema,
            "path": status.path,
            "version": __version__,
        }
    return shown


def _replication(told: Replication) -> dict[str, Any]:
    return without_none(
        {
            "primary": told.primary,
            "reachable": told.reachable,
            "round_trip_ms": None if told.round_trip is None else round(told.round_trip * 1000, 1),
            "owner": told.owner,
            "is_owner": told.is_owner if told.owner is not None else None,
            "age_seconds": told.age,
            "lag_changes": told.lag,
            "syncs": told.syncs,
            "last_error": told.error,
            "remedy": told.remedy,
        }
    )


async def memory_status(call: Call, arguments: MemoryStatusArguments) -> dict[str, Any]:
    """The whole status, and which project this is and why."""
    own = call.caller.project == call.app.project.name
    return {
        "project": call.caller.project,
        "project_reason": call.app.project.reason if own else "named by the call",
        **await store_status(call, verbose=True, sync=arguments.sync),
    }


TOOLS: Final = (
    Tool(
        "memory_status",
        "What the memory is and holds: mode, engine, freshness, counts, size, project and why, version.",
        MemoryStatusArguments,
        memory_status,
        Toolset.ALL,
        read_only=True,
        idempotent=True,
    ),
)
