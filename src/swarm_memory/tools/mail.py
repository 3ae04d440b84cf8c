"""message_send and inbox: mail between agents."""

import re
from typing import Annotated, Any, Final

from pydantic import Field

from swarm_memory.config import Toolset
from swarm_memory.errors import InvalidArgument
from swarm_memory.models.mail import Letter
from swarm_memory.models.memory import iso
from swarm_memory.services.swarm import CURRENT
from swarm_memory.tools._arguments import CommonArguments, Id, bounded, plain
from swarm_memory.tools._boundary import Call, Tool
from swarm_memory.tools._shape import without_none

_THIRTY_DAYS: Final = 2_592_000
_ID: Final = re.compile(r"m([1-9]\d{0,15})")

Recipient = Annotated[str, bounded("to", 1, 130)]
Body = Annotated[str, bounded("body", 1, 4_096)]
Subject = Annotated[str, bounded("subject", 1, 200)]
MessageId = Annotated[str, bounded("id", 2, 20)]


class MessageSendArguments(CommonArguments):
    """Arguments of ``message_send``."""

    to: Recipient | Annotated[list[Recipient], Field(min_length=1, max_length=64)] | None = Field(
        None, description="Handles or names, coordinator, or * for all."
    )
    body: Body
    subject: Subject | None = None
    reply_to: MessageId | None = None
    thread: MessageId | None = None
    ack: bool = Field(False, description="It stays until acknowledged, and you hear of that.")
    ttl: Annotated[float, Field(ge=1, le=_THIRTY_DAYS, allow_inf_nan=False)] = _THIRTY_DAYS
    swarm_id: Id = Field(CURRENT, alias="swarmId")


class InboxArguments(CommonArguments):
    """Arguments of ``inbox``."""

    ack_ids: Annotated[list[MessageId], Field(max_length=200)] | None = None
    limit: Annotated[int, Field(ge=1, le=20)] = 10
    swarm_id: Id = Field(CURRENT, alias="swarmId")


async def message_send(call: Call, arguments: MessageSendArguments) -> dict[str, Any]:
    """Send a message to agents of the swarm."""
    to = [arguments.to] if isinstance(arguments.to, str) else arguments.to
    if to is None and arguments.reply_to is None:
        raise InvalidArgument("to is missing.", next_step="send to, or reply_to to answer a message.")
    if to is not None and "*" in to and len(to) > 1:
        raise InvalidArgument("to names * and others.", next_step="send * alone, or names.")
    letter = Letter(
        None if to is None else tuple(dict.fromkeys(to)),
        arguments.body,
        arguments.subject,
        None if arguments.thread is None else _number("thread", arguments.thread),
        None if arguments.reply_to is None else _number("reply_to", arguments.reply_to),
        arguments.ack,
        round(arguments.ttl * 1000),
    )
    sent, deliveries = await call.app.mail.send(arguments.swarm_id, letter, call.caller, arguments.agent)
    instead = [one for one in deliveries if one.wanted is not None]
    answer = {
        "success": True,
        "id": f"m{sent['message']}",
        "thread": f"m{sent['thread']}",
        "to": [one.recipient for one in deliveries[:20]],
        "recipients": len(deliveries),
        "seq": sent["seq"],
    }
    if instead:
        wanted = ", ".join(dict.fromkeys(str(one.wanted) for one in instead))
        answer["redirected"] = (
            f"the topology does not let you write to {wanted[:200]}; it went to {instead[0].recipient}"
        )
    return answer


async def inbox(call: Call, arguments: InboxArguments) -> dict[str, Any]:
    """Read the mail of an agent, and acknowledge what it has read before."""
    acknowledged = tuple(dict.fromkeys(_number("ack_ids", id_) for id_ in arguments.ack_ids or ()))
    found = await call.app.mail.inbox(arguments.swarm_id, acknowledged, arguments.limit, call.caller, arguments.agent)
    return without_none(
        {
            "messages": [_message(one) for one in found.messages],
            "unread": found.unread,
            "acked": found.acked or None,
            "more": True if found.unread else None,
        }
    )


def _message(told: dict[str, Any]) -> dict[str, Any]:
    return without_none(
        {
            "id": f"m{told['seq']}",
            "from": told["sender"],
            "subject": told["subject"],
            "body": told["body"],
            "at": iso(told["at"]),
            "thread": None if told["thread"] == told["seq"] else f"m{told['thread']}",
            "reply_to": told["reply_to"] and f"m{told['reply_to']}",
            "wanted": told["wanted"],
            "ack": True if told["ack"] else None,
            "again": True if told["again"] else None,
        }
    )


def _number(name: str, given: str) -> int:
    form = _ID.fullmatch(given)
    if form is None:
        raise InvalidArgument(
            f"{name} holds {plain(repr(given))}, which is no message.", next_step="send an id such as m7."
        )
    return int(form[1])


TOOLS: Final = (
    Tool(
        "message_send",
        "Write to other agents of the swarm. What the topology forbids goes to the coordinator or your lead instead, "
        "and the answer says so. What others need later belongs into the memory.",
        MessageSendArguments,
        message_send,
        Toolset.DEFAULT,
    ),
    Tool(
        "inbox",
        "Read your mail, unread first; unread on any answer says that there is some. Messages with ack come again "
        "until you send their ids as ack_ids.",
        InboxArguments,
        inbox,
        Toolset.DEFAULT,
    ),
)
