"""What a tool is, and the one place where errors become answers."""

import hashlib
import json
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import mcp_types as types

from swarm_memory.app import App
from swarm_memory.config import Toolset
from swarm_memory.errors import InternalError, InvalidArgument, SwarmMemoryError, TooLarge
from swarm_memory.logs import log
from swarm_memory.models.caller import Caller
from swarm_memory.models.values import check_text, to_json
from swarm_memory.services.health import one_call
from swarm_memory.services.secrets import refuse_secrets
from swarm_memory.tools._arguments import Arguments, CommonArguments, parse, schema_of

REQUEST_ID: Final = "swarm-memory/requestId"
"""Key of a caller's own request id in the call's ``_meta``."""

MAX_ANSWER_BYTES: Final = 900_000
_MAX_REQUEST_ID: Final = 128
_ERROR_CHARACTERS: Final = 4_000


@dataclass(frozen=True, slots=True)
class Call:
    """One call with its arguments checked: what a tool's function gets."""

    app: App
    caller: Caller


@dataclass(frozen=True, slots=True)
class Tool:
    """A row of the tool tables.

    Attributes:
        run: Calls one service method and shapes its answer.
        toolset: The smallest toolset that has it.
        always_load: Worth its tokens in every session of a client that loads tools on demand.
    """

    name: str
    description: str
    arguments: type[CommonArguments]
    run: Callable[[Call, Any], Awaitable[dict[str, Any]]]
    toolset: Toolset
    read_only: bool = False
    destructive: bool = False
    idempotent: bool = False
    always_load: bool = False

    def published(self) -> types.Tool:
        """As ``tools/list`` tells it."""
        return types.Tool(
            name=self.name,
            description=self.description,
            input_schema=schema_of(self.arguments),
            annotations=types.ToolAnnotations(
                read_only_hint=self.read_only,
                destructive_hint=self.destructive,
                idempotent_hint=self.idempotent,
                open_world_hint=False,
            ),
            _meta={"anthropic/alwaysLoad": True} if self.always_load else None,
        )


async def answer(
    app: App, tool: Tool, raw: Mapping[str, Any], *, meta: Mapping[str, Any] | None, session: str | None
) -> types.CallToolResult:
    """Run one call to its end; every error becomes an ``isError`` answer with a code and a next step.

    Args:
        app: The services.
        tool: The row of the tool table.
        raw: The arguments as they came.
        meta: The request's ``_meta``.
        session: Of the connection, where it is not the process's own.
    """
    try:
        arguments = parse(tool.arguments, raw)
        caller = app.caller(
            project=arguments.project,
            agent=arguments.agent,
            session=session,
            request=_request(tool.name, arguments, meta or {}),
        )
        app.presence.saw(caller.origin.session, arguments.agent)
        with one_call():
            content = await run(app, tool, arguments, caller)
            if "unread" not in content and (unread := await app.mail.unread(caller, arguments.agent)):
                content["unread"] = unread
            return success(content, tool.name)
    except SwarmMemoryError as error:
        return refusal(error)
    except Exception:  # noqa: BLE001 - the boundary: a fault must not reach the client raw, nor end the server
        reference = secrets.token_hex(4)
        log.error("a call failed", tool=tool.name, reference=reference)
        return refusal(
            InternalError(
                f"{tool.name} failed by a fault of the server (reference {reference}).",
                next_step="read the store before you repeat a write; report the reference with the server's log.",
            )
        )


async def run(app: App, tool: Tool, arguments: CommonArguments, caller: Caller) -> dict[str, Any]:
    """Run a tool on arguments that are checked; of those that would be stored, none holds a secret.

    Raises:
        LooksLikeSecret: One does, and the call does not say that it may.
        SwarmMemoryError: What the tool refuses.
    """
    if not tool.read_only and not getattr(arguments, "allow_secret", None):
        override = "allow_secret: true" if "allow_secret" in type(arguments).model_fields else None
        await refuse_secrets(arguments.stored(), override=override)
    return await tool.run(Call(app, caller), arguments)


def success(content: dict[str, Any], tool: str) -> types.CallToolResult:
    """One compact JSON object, structured and as text.

    Raises:
        TooLarge: Both together have more than 900,000 bytes. Never for a write, whose answers are small: each tool
            bounds its own answers, and this is only the last guard.
    """
    text = to_json(content)
    # On the wire the text is a JSON string in JSON.
    size = len(text.encode()) + len(to_json(text).encode())
    if size > MAX_ANSWER_BYTES:
        log.error("an answer was too large", tool=tool, bytes=size)
        raise TooLarge(
            f"The answer of {tool} would have {size:,} bytes; the limit is {MAX_ANSWER_BYTES:,}.",
            next_step="ask for less: a smaller limit or max_tokens, or one key at a time.",
        )
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], structured_content=content)


def refusal(error: SwarmMemoryError) -> types.CallToolResult:
    """An error as an answer, in the one form of all errors."""
    text = str(error)
    if len(text) > _ERROR_CHARACTERS:
        text = f"[{error.code}] {error.message[: _ERROR_CHARACTERS - 500]}… Next: {error.next_step[:400]}"
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)], is_error=True)


def _request(tool: str, arguments: Arguments, meta: Mapping[str, Any]) -> tuple[str, str] | None:
    """The caller's request id and a hash of the call, where an id came with it."""
    given = meta.get(REQUEST_ID)
    if given is None:
        return None
    if not isinstance(given, str) or not 1 <= len(given) <= _MAX_REQUEST_ID:
        raise InvalidArgument(
            f"_meta {REQUEST_ID} is not text of 1 to {_MAX_REQUEST_ID} characters.", next_step="send a UUID."
        )
    check_text(given, REQUEST_ID)
    try:
        # Not as they came: a retry may spell a name the other way.
        call = json.dumps([tool, arguments], sort_keys=True, default=_content)
    except (ValueError, RecursionError):
        raise InvalidArgument(
            "The arguments hold an integer too long or a nesting too deep for JSON.", next_step="send simpler ones."
        ) from None
    return given, hashlib.sha256(call.encode("utf-8", "surrogatepass")).hexdigest()


def _content(arguments: Arguments) -> dict[str, Any]:
    return {name: getattr(arguments, name) for name in arguments.given()}
