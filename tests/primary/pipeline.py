"""A plain Hrana client for tests: one request to ``/v2/pipeline`` on a connection of its own, and nothing hidden."""

import base64
import http.client
import json
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlsplit

Value = None | int | float | str | bytes
Condition = dict[str, Any]

CLOSE: dict[str, Any] = {"type": "close"}


@dataclass(frozen=True)
class Answer:
    """What the server said: the HTTP status, and its body as JSON, or as text where it is none."""

    status: int
    body: Any

    @property
    def results(self) -> list[dict[str, Any]]:
        """One for each request: ``{"type": "ok", "response": …}`` or ``{"type": "error", "error": …}``."""
        assert self.status == http.HTTPStatus.OK, self
        return self.body["results"]

    def rows(self, request: int = 0) -> list[list[Value]]:
        """Rows of an ``execute``, its place among the requests given."""
        result = self.results[request]
        assert result["type"] == "ok", result
        return decoded(result["response"]["result"]["rows"])


def execute(sql: str, *values: Value) -> dict[str, Any]:
    """A request that runs one statement."""
    return {"type": "execute", "stmt": statement(sql, *values)}


def batch(*steps: tuple[str, Condition | None]) -> dict[str, Any]:
    """A request that runs statements, each if its condition holds; None always holds."""
    return {
        "type": "batch",
        "batch": {
            "steps": [
                {"stmt": statement(sql), **({} if condition is None else {"condition": condition})}
                for sql, condition in steps
            ]
        },
    }


def ok(step: int) -> Condition:
    """The condition that a step has succeeded; it is counted from 0."""
    return {"type": "ok", "step": step}


def error(step: int) -> Condition:
    """The condition that a step has failed."""
    return {"type": "error", "step": step}


def negated(condition: Condition) -> Condition:
    """The condition that another does not hold."""
    return {"type": "not", "cond": condition}


def statement(sql: str, *values: Value) -> dict[str, Any]:
    """A statement with its positional values, as Hrana writes it."""
    return {"sql": sql, "args": [encoded(value) for value in values]}


def encoded(value: Value) -> dict[str, Any]:
    """A value as Hrana writes it: integers as text, for JSON's numbers are too small for them."""
    match value:
        case None:
            return {"type": "null"}
        case int():
            return {"type": "integer", "value": str(value)}
        case float():
            return {"type": "float", "value": value}
        case str():
            return {"type": "text", "value": value}
        case bytes():
            return {"type": "blob", "base64": base64.b64encode(value).decode()}


def decoded(rows: list[list[dict[str, Any]]]) -> list[list[Value]]:
    """Rows of Hrana values as Python's."""
    return [[_decoded(value) for value in row] for row in rows]


def _decoded(value: dict[str, Any]) -> Value:
    match value["type"]:
        case "null":
            return None
        case "integer":
            return int(value["value"])
        case "blob":
            # sqld leaves the padding out.
            return base64.b64decode(value["base64"] + "=" * (-len(value["base64"]) % 4))
        case _:
            return cast("Value", value["value"])


def ask(url: str, *requests: dict[str, Any], token: str | None = None, timeout: float = 10) -> Answer:
    """Send requests in one POST and close the stream behind them.

    Args:
        url: ``http://HOST:PORT``.
        requests: Made by ``execute`` or ``batch``.
        token: Sent as a bearer token.
        timeout: Seconds for each wait on the socket.

    Raises:
        OSError: No connection, or it broke, or the time is over.
        http.client.HTTPException: The server closed the connection without an answer.
    """
    place = urlsplit(url)
    headers = {"content-type": "application/json"}
    if token is not None:
        headers["authorization"] = f"Bearer {token}"
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=timeout)
    try:
        connection.request("POST", "/v2/pipeline", json.dumps({"requests": [*requests, CLOSE]}), headers)
        response = connection.getresponse()
        text = response.read().decode()
        is_json = response.headers.get_content_type() == "application/json"
        return Answer(response.status, json.loads(text) if is_json else text)
    finally:
        connection.close()
