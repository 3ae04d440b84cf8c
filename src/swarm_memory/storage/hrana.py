"""Hrana 2 over HTTP, the protocol of Turso and sqld: a batch as the body of one request, and its answer as rows.

Nothing here is sent or received; ``primary.py`` does that. Source: libsql's ``docs/HRANA_2_SPEC.md``.
"""

import base64
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

from swarm_memory.errors import (
    PrimaryRefused,
    StorageBusy,
    StorageFull,
    StorageReadOnly,
    StorageUnavailable,
    SwarmMemoryError,
    TooLarge,
)
from swarm_memory.storage.driver import GuardRaised, Refused, translate
from swarm_memory.storage.queries import Row, SqlValue, Statement

READ: Final = "BEGIN"
"""Begins one snapshot for all reads of a batch."""
WRITE: Final = "BEGIN IMMEDIATE"

_LAST_CHARACTERS: Final = 200  # of a server's own words that a message repeats

# Codes that name what the text of the error does not tell reliably.
_CODES: Final[dict[str, tuple[type[PrimaryRefused | StorageReadOnly | StorageFull | StorageBusy], str, str]]] = {
    "BLOCKED": (
        StorageReadOnly,
        "The primary takes no writes now: it blocks them for this database.",
        "look at the database's state and quota (turso db show), then try again.",
    ),
    "SQLITE_BUSY": (StorageBusy, "Another writer holds the primary.", "try again."),
    "SQLITE_FULL": (StorageFull, "The primary's disk or quota is full; nothing was written.", "free space there."),
    "SQLITE_AUTH": (
        StorageReadOnly,
        "The token for the primary may only read.",
        "set a token with full access (turso db tokens create NAME).",
    ),
}

_UNAUTHORIZED: Final = 401
_FORBIDDEN: Final = 403
_NO_SUCH_PLACE: Final = (400, 404, 405)
_MOVED: Final = range(300, 400)
_STATUSES: Final[dict[int, tuple[type[SwarmMemoryError], str, str]]] = {
    413: (TooLarge, "The primary refuses a request of this size.", "store it in smaller parts."),
    429: (StorageBusy, "The primary asks for fewer requests (HTTP 429).", "try again in a while."),
    503: (StorageUnavailable, "The primary does not serve now (HTTP 503).", "try again in a while."),
}


class StreamLost(Exception):
    """The server forgot the transaction while the batch ran; whether it was committed is not known."""


def encode(begin: str, statements: Sequence[Statement]) -> str:
    """One request of a pipeline: the statements in one transaction, or none of them.

    Each step runs only if the one before it did; COMMIT likewise, and ROLLBACK if COMMIT did not.
    """
    steps: list[dict[str, Any]] = [{"stmt": _plain(begin)}]
    for statement in statements:
        stmt = {"sql": statement.sql, "args": [_to_wire(value) for value in statement.args], "want_rows": True}
        steps.append({"condition": _ok(len(steps) - 1), "stmt": stmt})
    last = len(steps) - 1
    steps.append({"condition": _ok(last), "stmt": _plain("COMMIT")})
    steps.append({"condition": {"type": "not", "cond": _ok(last + 1)}, "stmt": _plain("ROLLBACK")})
    return json.dumps({"type": "batch", "batch": {"steps": steps}}, separators=(",", ":"), allow_nan=False)


def pipeline(requests: Sequence[str]) -> bytes:
    """The body that has these requests, each as ``encode`` gave it, run one after the other."""
    return f'{{"baton":null,"requests":[{",".join(requests)},{{"type":"close"}}]}}'.encode()


def answers(body: bytes, count: int) -> list[Any]:
    """The answers to so many requests of one pipeline, in their order.

    Raises:
        PrimaryRefused: The body is not of this protocol.
    """
    try:
        results: Any = json.loads(body)["results"]
        if isinstance(results, list) and len(cast("list[Any]", results)) >= count:
            return cast("list[Any]", results)[:count]
    except (ValueError, KeyError, TypeError, RecursionError):
        pass
    raise _no_answer() from None


def decode(answer: Any, statements: Sequence[Statement]) -> list[list[Row]]:
    """Rows of each statement of a batch that was committed.

    Raises:
        Refused: A guard found its rule broken; nothing was written.
        AlreadyThere: A row with this unique name exists; nothing was written.
        StorageError: What the primary says of a batch that it rolled back, as in ``driver.translate``.
        StreamLost: It does not know what became of the batch.
        PrimaryRefused: The answer is not of this protocol.
    """
    result = _batch_result(answer)
    errors, results = result["step_errors"], result["step_results"]
    commit = len(statements) + 1
    if len(errors) <= commit or len(results) <= commit:
        raise _no_answer()
    for index, error in enumerate(errors[: commit + 1]):
        if error is not None:
            _fail(error, statements[index - 1] if 0 < index < commit else None, index - 1)
    if results[commit] is None:
        raise StreamLost
    try:
        return [_rows(one) for one in results[1:commit]]
    except (KeyError, TypeError, ValueError):
        raise _no_answer() from None


def failure(status: int, body: bytes) -> Exception:
    """What an answer with another status than 200 means.

    Returns:
        A storage error; ``StreamLost`` where whoever answered may have passed the batch on before.
    """
    said = _server_said(body)
    if status == _FORBIDDEN and "write permission" in said.lower():  # sqld's words for a read-only token
        kind, message, next_step = _CODES["SQLITE_AUTH"]
        return kind(message, next_step=next_step)
    if status in (_UNAUTHORIZED, _FORBIDDEN):
        return PrimaryRefused(
            f"The primary does not accept the token{said}",
            next_step="set a valid token (turso db tokens create NAME, or the key of your sqld), then start again.",
        )
    if status in _NO_SUCH_PLACE or status in _MOVED:
        return PrimaryRefused(
            f"What answers at the primary's URL is no libSQL server: HTTP {status} for /v2/pipeline{said}",
            next_step="correct the URL; a self-hosted sqld needs --http-listen-addr.",
        )
    if status in _STATUSES:
        kind, message, next_step = _STATUSES[status]
        return kind(message, next_step=next_step)
    return StreamLost()


def _plain(sql: str) -> dict[str, Any]:
    return {"sql": sql, "want_rows": False}


def _ok(step: int) -> dict[str, Any]:
    return {"type": "ok", "step": step}


def _to_wire(value: SqlValue) -> dict[str, Any]:
    match value:
        case None:
            return {"type": "null"}
        case int():
            return {"type": "integer", "value": str(int(value))}
        case float():
            return {"type": "float", "value": value}
        case str():
            return {"type": "text", "value": value}
        case bytes():
            return {"type": "blob", "base64": base64.b64encode(value).decode()}


def _from_wire(value: Mapping[str, Any]) -> SqlValue:
    match value["type"]:
        case "null":
            return None
        case "integer":
            return int(value["value"])
        case "float":
            return float(value["value"])
        case "text":
            return str(value["value"])
        case "blob":
            text = str(value["base64"])  # sqld leaves the padding out
            return base64.b64decode(text + "=" * (-len(text) % 4))
        case other:
            raise ValueError(other)


def _rows(result: Mapping[str, Any]) -> list[Row]:
    return [tuple(_from_wire(value) for value in row) for row in result["rows"]]


def _batch_result(first: Any) -> Mapping[str, Any]:
    try:
        if first["type"] == "error":
            error, result = first["error"], first
        else:
            error, result = None, first["response"]["result"]
            if not (isinstance(result["step_errors"], list) and isinstance(result["step_results"], list)):
                raise _no_answer()
    except (KeyError, TypeError):
        raise _no_answer() from None
    if error is not None:
        _fail(error, None, -1)
    return result


def _fail(error: Mapping[str, Any], statement: Statement | None, index: int) -> None:
    """Raise what a step's error, or the whole batch's, means."""
    code, text = str(error.get("code")), str(error.get("message"))
    if code.startswith(("STREAM_", "BATON_")) or "transaction timed-out" in text.lower():
        raise StreamLost
    if code in _CODES:
        kind, message, next_step = _CODES[code]
        raise kind(message, next_step=next_step)
    told = translate(ValueError(text))
    if isinstance(told, GuardRaised) and statement is not None:
        raise Refused(statement.name, index)
    raise told


def _no_answer() -> PrimaryRefused:
    return PrimaryRefused(
        "What answers at the primary's URL does not speak Hrana 2, libSQL's protocol.",
        next_step="correct the URL: it must be a Turso database's, or a sqld's HTTP address.",
    )


def _server_said(body: bytes) -> str:
    """The server's own words, where they are JSON; other texts are pages for people, or hostile."""
    try:
        error = json.loads(body)["error"]
        text = error if isinstance(error, str) else error["message"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return "."
    words = " ".join("".join(one if one.isprintable() else " " for one in str(text)).split())
    return f": {words[:_LAST_CHARACTERS].rstrip('.')}." if words else "."
