"""memory_status: what the store is and holds."""

from typing import Any, Final

from swarm_memory import __version__
from swarm_memory.config import Toolset
from swarm_memory.tools._arguments import CommonArguments
from swarm_memory.tools._boundary import Call, Tool


class MemoryStatusArguments(CommonArguments):
    """Arguments of ``memory_status``."""

    sync: bool = False


async def store_status(call: Call, *, verbose: bool) -> dict[str, Any]:
    """Mode, engine, freshness, counts and size; with the path and epoch if verbose."""
    status = await call.app.health.status(call.caller.project)
    shown: dict[str, Any] = {
        "mode": status.mode,
        "engine": status.engine,
        "fresh_as_of": status.fresh_as_of,
        "entries": status.counts.entries,
        "knowledge": status.counts.knowledge,
        "all_projects": status.counts.all_projects,
        "active_swarms": status.counts.swarms,
        "bytes": status.bytes,
        "embedder": "none",
    }
    if verbose:
        shown |= {
            "seq": status.counts.seq,
            "epoch": status.counts.epoch,
            "schema": status.schema,
            "path": status.path,
            "version": __version__,
        }
    return shown


async def memory_status(call: Call, _arguments: MemoryStatusArguments) -> dict[str, Any]:
    """The whole status, and which project this is and why."""
    own = call.caller.project == call.app.project.name
    return {
        "project": call.caller.project,
        "project_reason": call.app.project.reason if own else "named by the call",
        **await store_status(call, verbose=True),
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
