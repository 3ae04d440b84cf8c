r"""JSON-RPC lines and bytes: split, parse, refuse, encode. Pure functions; no input or output happens here.

The SDK's own stdio transport drops, without an answer, every line that its parser cannot read. The sender then waits
for its time-out. Here every such line is answered:

* not JSON at all: ``-32700``;
* JSON, but no JSON-RPC message, or nested too deep, or too long: ``-32600``;
* JSON with lone surrogates (``"\ud800"``, which the fast parser refuses): read with the slow parser and handed on, so
  that the tool layer can refuse the one argument by its name.
"""

import json
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

from mcp import types
from pydantic import ValidationError

MAX_LINE = 8 * 1024 * 1024
"""Longest line on stdio, in bytes, without its newline."""

MAX_DEPTH = 200
"""Deepest nesting of arrays and objects in a message; the fast parser's own limit, kept by the slow one."""

# Clients write the id first or last, among scalar members only; a message that cannot be parsed has no better source.
_SCALAR = rb'(?:"[^"\\]*"|-?\d+)'
_SCALAR_MEMBER = rb'"(?!id")[^"\\]*"\s*:\s*' + _SCALAR
_ID_MEMBER = rb'"id"\s*:\s*("[^"\\]{0,256}"|-?\d{1,18})'
_ID_AT_HEAD = re.compile(rb"\s*\{\s*(?:" + _SCALAR_MEMBER + rb"\s*,\s*)*" + _ID_MEMBER + rb"\s*[,}]")
_ID_AT_TAIL = re.compile(rb",\s*" + _ID_MEMBER + rb"\s*(?:,\s*" + _SCALAR_MEMBER + rb"\s*)*\}\s*\Z")
_ENDS = 1024


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that is no message, with the answer that its sender gets."""

    answer: types.JSONRPCError


@dataclass(frozen=True, slots=True)
class TooLong:
    """What is kept of a line that broke the limit: its first bytes, which may hold the id."""

    head: bytes


def parse(line: bytes) -> types.JSONRPCMessage | Refused:
    """Read one message.

    Args:
        line: One JSON text in UTF-8, with or without its newline.

    Returns:
        The message, or the refusal to send back. Never raises.
    """
    try:
        message = types.jsonrpc_message_adapter.validate_json(line, by_name=False)
    except ValidationError:
        return _parse_slowly(line)
    # A request whose id is of a wrong type fits the notification model, which ignores the id: nobody would answer it.
    if isinstance(message, types.JSONRPCNotification) and b'"id"' in line and "id" in json.loads(line):
        return _refuse(types.INVALID_REQUEST, None, "The id of a request is a string or an integer.")
    return message


def refuse_too_long(line: TooLong) -> Refused:
    """The answer to a line over :data:`MAX_LINE`."""
    return _refuse(
        types.INVALID_REQUEST,
        _readable_id(line.head),
        f"A message is longer than {MAX_LINE} bytes and was not read. Next: send it in smaller parts.",
    )


def encode(message: types.JSONRPCMessage) -> bytes:
    """One line for the wire, newline included; never fails.

    An answer that JSON cannot hold (a lone surrogate, nesting beyond the serializer's limit) is a fault of the handler
    that made it: the request gets an internal error in its place. Other such messages have nobody waiting for them,
    and become an empty line.
    """
    try:
        return message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n"
    except ValueError:
        if not isinstance(message, types.JSONRPCResponse | types.JSONRPCError):
            return b"\n"
        text = "The answer cannot be written as JSON. Next: report this as a fault of the server."
        refused = _refuse(types.INTERNAL_ERROR, message.id, text)
        return refused.answer.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n"


class LineSplitter:
    """Cuts a stream of bytes into lines, and keeps no more than a limit of a line that does not end."""

    def __init__(self, limit: int = MAX_LINE) -> None:
        """Start with nothing pending.

        Args:
            limit: Longest line in bytes, without its newline.
        """
        self._limit = limit
        self._pending = bytearray()
        self._overlong: bytes | None = None

    def feed(self, chunk: bytes) -> list[bytes | TooLong]:
        """Take the next bytes of the stream and return the lines that they complete, but for blank ones."""
        *complete, rest = chunk.split(b"\n")
        lines: list[bytes | TooLong] = []
        for piece in complete:
            self._append(piece)
            lines += self.end()
        self._append(rest)
        return lines

    def end(self) -> list[bytes | TooLong]:
        """End the pending line here: return it unless it is blank."""
        line = bytes(self._pending) if self._overlong is None else TooLong(self._overlong)
        self._pending = bytearray()
        self._overlong = None
        return [line] if isinstance(line, TooLong) or line.strip() else []

    def _append(self, piece: bytes) -> None:
        if self._overlong is not None:
            return
        self._pending += piece
        if len(self._pending) > self._limit:
            self._overlong = bytes(self._pending[:_ENDS])
            self._pending = bytearray()


def has_lone_surrogate(text: str) -> bool:
    """Whether the text cannot be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _parse_slowly(line: bytes) -> types.JSONRPCMessage | Refused:
    try:
        decoded: object = json.loads(line.decode())
    except RecursionError:
        return _refuse_depth(_readable_id(line) or _id_at_tail(line))
    except ValueError as error:  # includes bytes that are not UTF-8 and integers of more than 4,300 digits
        return _refuse(types.PARSE_ERROR, _readable_id(line), f"This line is not readable as JSON: {error}.")
    if isinstance(decoded, dict):
        return _message_of(cast("dict[str, Any]", decoded))
    return _refuse(types.INVALID_REQUEST, None, "A message is one JSON object on one line; batches are not served.")


def _message_of(members: dict[str, Any]) -> types.JSONRPCMessage | Refused:
    request_id = _usable_id(members.get("id"))
    if _is_deeper_than(MAX_DEPTH, members):
        return _refuse_depth(request_id)
    # The id and the method come back in answers, which could not be written with a lone surrogate in them.
    if request_id == members.get("id") and not has_lone_surrogate(str(members.get("method"))):
        with suppress(ValidationError):
            return types.jsonrpc_message_adapter.validate_python(members, by_name=False)
    text = 'This is no JSON-RPC 2.0 message: "jsonrpc", "method", "id" or "params" is missing or of a wrong kind.'
    return _refuse(types.INVALID_REQUEST, request_id, text)


def _refuse_depth(request_id: types.RequestId | None) -> Refused:
    text = f"The message is nested deeper than {MAX_DEPTH} levels. Next: send it flatter, or as text."
    return _refuse(types.INVALID_REQUEST, request_id, text)


def _refuse(code: int, request_id: types.RequestId | None, text: str) -> Refused:
    error = types.ErrorData(code=code, message=text)
    return Refused(types.JSONRPCError(jsonrpc="2.0", id=request_id, error=error))


def _usable_id(value: object) -> types.RequestId | None:
    if isinstance(value, str) and not has_lone_surrogate(value):
        return value
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _readable_id(line: bytes) -> types.RequestId | None:
    return _id_in(_ID_AT_HEAD.match(line[:_ENDS]))


def _id_at_tail(line: bytes) -> types.RequestId | None:
    # Only where the brackets are known to match: else the last brace need not be the message's own.
    return _id_in(_ID_AT_TAIL.search(line[-_ENDS:]))


def _id_in(found: re.Match[bytes] | None) -> types.RequestId | None:
    if found is None:
        return None
    try:
        return _usable_id(json.loads(found[1].decode()))
    except ValueError:
        return None


def _is_deeper_than(limit: int, root: object) -> bool:
    level = [root]
    for _ in range(limit):
        level = [child for node in level for child in _children(node) if isinstance(child, dict | list)]
        if not level:
            return False
    return True


def _children(node: object) -> list[object]:
    if isinstance(node, dict):
        return list(cast("dict[str, object]", node).values())
    return cast("list[object]", node)
