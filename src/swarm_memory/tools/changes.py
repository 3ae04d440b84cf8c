"""wait_for_changes: what has happened since, or the next thing that happens."""

import re
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from swarm_memory.config import Toolset
from swarm_memory.errors import InvalidArgument
from swarm_memory.models.events import KINDS, Cursor, Event, Interest
from swarm_memory.models.globs import compile_glob
from swarm_memory.services.changes import Happened
from swarm_memory.services.excerpt import tokens_of
from swarm_memory.tools._arguments import CommonArguments, Id, Pattern, bounded, plain
from swarm_memory.tools._boundary import Call, Tool
from swarm_memory.tools._shape import without_none

_TOKENS: Final = 300
_NAME: Final = 48
_CURSOR: Final = re.compile(r"([0-9a-f]{1,32}):(\d{1,18})")


class WaitArguments(CommonArguments):
    """Arguments of ``wait_for_changes``."""

    since: Annotated[str, bounded("since", 1, 64)] | None = Field(
        None, description="cursor of the last answer. Default: where your last wait ended, else now."
    )
    kinds: Annotated[list[Literal["memory", "swarm", "agent", "task", "message"]], Field(min_length=1)] | None = Field(
        None, description="Default all."
    )
    swarm_id: Id | None = Field(None, alias="swarmId", description="Default: all of the project.")
    keys: Annotated[list[Pattern], Field(min_length=1, max_length=16)] | None = Field(
        None, description="Globs; only such keys of memory."
    )
    timeout: Annotated[float, Field(ge=0, le=50, allow_inf_nan=False)] = 25


async def wait_for_changes(call: Call, arguments: WaitArguments) -> dict[str, Any]:
    """Events behind the cursor, at once or as soon as there are some."""
    actors = await call.app.mail.actors(call.caller, arguments.agent)
    interest = Interest(
        call.caller.project,
        tuple(arguments.kinds or KINDS),
        arguments.swarm_id,
        tuple(compile_glob(pattern) for pattern in arguments.keys or ()),
        but=actors if arguments.agent else (),
        mine=actors,
    )
    since = None if arguments.since is None else _cursor(arguments.since)
    if arguments.agent is None:
        return told(await call.app.changes.wait(interest, since, arguments.timeout))
    return told(await call.app.changes.wait_as(arguments.agent, interest, since, arguments.timeout))


def told(happened: Happened) -> dict[str, Any]:
    """The answer, of at most 300 tokens: what does not fit is told behind the cursor."""
    answer: dict[str, Any] = {"cursor": str(happened.cursor), "events": []}
    room = _TOKENS - tokens_of(str(happened.cursor)) - 20
    for place, event in enumerate(happened.events):
        line = one_line(event)
        room -= tokens_of(line) + 1
        if room < 0:
            cut = Cursor(happened.cursor.epoch, happened.events[place - 1].seq)
            return answer | {"cursor": str(cut), "more": True}
        answer["events"].append(line)
    return without_none(answer | {"more": happened.more or None, "reset": happened.reset or None})


def one_line(event: Event) -> str:
    """An event in a line, such as ``memory update default/plan v3 by coder``."""
    name = event.ref if event.name is None else event.name
    name = name if len(name) <= _NAME else f"{name[:_NAME]}…"
    by = f" by {event.actor[:_NAME]}" if event.actor else ""
    if event.kind == "memory":
        place = f"{event.namespace}/{name}" if event.keyed else f"{event.ref} {name!r}"
        return f"memory {event.op} {place}{f' v{event.version}' if event.version else ''}{by}"
    title = f" {name!r}" if event.name is not None else ""
    if event.kind == "message" and event.op == "undelivered":
        by = f" to {(event.actor or '')[:_NAME]}, who is gone"
    return f"{event.kind} {event.ref} {event.op}{title}{by}"


def _cursor(given: str) -> Cursor:
    form = _CURSOR.fullmatch(given)
    if form is None:
        raise InvalidArgument(
            f"since is {plain(repr(given))}, which is no cursor.",
            next_step="send the cursor of an earlier answer, or leave it out.",
        )
    return Cursor(form[1], int(form[2]))


TOOLS: Final = (
    Tool(
        "wait_for_changes",
        "What has happened since a cursor, else wait for the next thing: memory keys, tasks, agents, mail. Use it "
        "instead of polling; send the answer's cursor as since next time. reset: true means that events were missed.",
        WaitArguments,
        wait_for_changes,
        Toolset.DEFAULT,
    ),
)
