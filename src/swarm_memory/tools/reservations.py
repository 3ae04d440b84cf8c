"""file_reserve: keep files for yourself."""

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from swarm_memory.config import Toolset
from swarm_memory.models.memory import iso
from swarm_memory.models.paths import path_glob
from swarm_memory.models.reservations import Files
from swarm_memory.tools._arguments import CommonArguments
from swarm_memory.tools._boundary import Call, Tool
from swarm_memory.tools._shape import without_none
from swarm_memory.tools._task_items import MAX_WRITES, Write

_DAY: Final = 86_400


class FileReserveArguments(CommonArguments):
    """Arguments of ``file_reserve``."""

    paths: Annotated[list[Write], Field(min_length=1, max_length=MAX_WRITES)] = Field(
        description="Globs from the project's root."
    )
    action: Literal["reserve", "renew", "release", "check"] = "reserve"
    mode: Literal["exclusive", "shared"] = "exclusive"
    ttl: Annotated[float, Field(ge=1, le=_DAY, allow_inf_nan=False)] = Field(1_800, description="Seconds.")


async def file_reserve(call: Call, arguments: FileReserveArguments) -> dict[str, Any]:
    """Keep files, all of them or none."""
    patterns = tuple(dict.fromkeys(path_glob(text).text for text in arguments.paths))
    life, actor = await call.app.crew.actor_anywhere(call.caller, arguments.agent)
    files = Files(call.caller.project, patterns, life, actor)
    reservations, ttl = call.app.reservations, round(arguments.ttl * 1_000)
    match arguments.action:
        case "check":
            held = [
                without_none(
                    {
                        "path": one.pattern,
                        "by": one.holder,
                        "task": f"t{one.task}" if one.task else None,
                        "shared": True if one.shared else None,
                        "until": iso(one.until),
                    }
                )
                for one in await reservations.holders(files)
            ]
            return {"success": True, "action": "check", "free": not held, "held": held}
        case "reserve":
            outcome = await reservations.reserve(files, call.caller, shared=arguments.mode == "shared", ttl=ttl)
        case "renew":
            outcome = await reservations.renew(files, call.caller, ttl)
        case "release":
            outcome = await reservations.release(files, call.caller)
    until = iso(outcome["until"]) if outcome["until"] else None
    told = {"success": True, "action": arguments.action, "paths": list(patterns), "until": until}
    return without_none({**told, "held": outcome["held"]})


TOOLS: Final = (
    Tool(
        "file_reserve",
        "Keep files for yourself, all or none: exclusive to write them, shared to read them unchanged. "
        "A claim keeps its task's writes by itself. check tells who holds what.",
        FileReserveArguments,
        file_reserve,
        Toolset.ALL,
    ),
)
