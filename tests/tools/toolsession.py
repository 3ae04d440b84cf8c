"""An MCP client whose calls are checked against the rules that every answer keeps."""

import json
import os
import re
from pathlib import Path
from typing import Any, Protocol, cast

import anyio
import pytest
from mcp.types import CallToolResult

from swarm_memory.app import App
from swarm_memory.config import Settings
from swarm_memory.services.excerpt import tokens_of
from swarm_memory.tools._boundary import answer
from swarm_memory.tools.table import tools_of

ERROR_FORM = re.compile(r"\[(?P<code>[a-z_]+)\] (?P<what>.+) Next: (?P<next>.+\.)", re.DOTALL)
MAX_ANSWER_BYTES = 900_000
ONLY_LOCAL = pytest.mark.parametrize("store", ["local"])
"""For a test that looks into the local file, or whose answer names the mode."""


def make_settings(home: Path, mode: str = "local", url: str | None = None) -> Settings:
    """All tools on a store in ``home``, or on the primary at ``url``, whatever the developer's own environment says."""
    return Settings.model_validate(
        {
            "home": home,
            "project": "here",
            "agent": None,
            "tools": "all",
            "mode": mode,
            "busy_timeout": 10.0,
            "CLAUDE_CODE_SESSION_ID": "session-1",
            "CLAUDE_PROJECT_DIR": home.parent,
            "TURSO_DB_URL": url,
        }
    )


def environment(home: Path) -> dict[str, str]:
    """That of a server process: nothing of the developer's own settings."""
    foreign = ("SWARM_MEMORY_", "TURSO_", "LIBSQL_", "CLAUDE_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return kept | {"SWARM_MEMORY_HOME": str(home), "SWARM_MEMORY_PROJECT": "here"}


class Caller(Protocol):
    """What a session calls tools through."""

    async def call_tool(
        self,
        name: str,
        arguments: dict[str, Any] | None = None,
        read_timeout_seconds: float | None = None,
        *,
        meta: Any = None,
    ) -> CallToolResult: ...


class Door:
    """The server's own entry: takes arguments as some client might send them, NaN and lone surrogates included."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def call_tool(
        self,
        name: str,
        arguments: dict[str, Any] | None = None,
        read_timeout_seconds: float | None = None,
        *,
        meta: Any = None,
    ) -> CallToolResult:
        tool = tools_of(self._app.settings.tools)[name]
        with anyio.fail_after(read_timeout_seconds):
            return await answer(self._app, tool, arguments or {}, meta=meta, session=None)


class Session:
    """Calls tools in one project; keeps the last answer's text."""

    def __init__(self, client: Caller, project: str | None = None) -> None:
        self.client = client
        self.project = project
        self.text = ""

    @property
    def tokens(self) -> int:
        """Tokens of the last answer."""
        return tokens_of(self.text)

    async def call(self, tool: str, request_id: str | None = None, **arguments: Any) -> dict[str, Any]:
        """A call that must succeed: its content, the same as text and structured."""
        result = await self._call(tool, arguments, request_id)
        [block] = result.content
        assert block.type == "text"
        assert not result.is_error, block.text
        assert result.structured_content is not None
        assert json.loads(block.text) == result.structured_content
        self.text = block.text
        assert "\n" not in block.text
        assert len(block.text.encode()) + len(json.dumps(result.structured_content).encode()) < MAX_ANSWER_BYTES
        return result.structured_content

    async def refused(self, tool: str, request_id: str | None = None, **arguments: Any) -> re.Match[str]:
        """A call that must be refused: the parts of its error text, ``code``, ``what`` and ``next``."""
        result = await self._call(tool, arguments, request_id)
        [block] = result.content
        assert block.type == "text"
        assert result.is_error, block.text[:500]
        assert result.structured_content is None
        assert len(block.text) <= 4_000
        form = ERROR_FORM.fullmatch(block.text)
        assert form, block.text
        for inside in ("Traceback", "pydantic", "sqlite", "ValidationError", "swarm_memory."):
            assert inside not in block.text
        return form

    async def _call(self, tool: str, arguments: dict[str, Any], request_id: str | None) -> CallToolResult:
        if self.project is not None and "project" not in arguments:
            arguments = {**arguments, "project": self.project}
        meta: Any = None if request_id is None else {"swarm-memory/requestId": request_id}
        return await self.client.call_tool(tool, arguments, meta=meta, read_timeout_seconds=30)

    # The shortest ways to the three memory tools.

    async def usage(self, action: str, **arguments: Any) -> dict[str, Any]:
        return await self.call("memory_usage", action=action, **arguments)

    async def store(self, key: str, value: Any, **arguments: Any) -> dict[str, Any]:
        return await self.usage("store", key=key, value=value, **arguments)

    async def value(self, key: str, **arguments: Any) -> Any:
        answer = await self.usage("retrieve", key=key, **arguments)
        assert answer["found"], key
        return answer["value"]

    async def search(self, query: str | None = None, **arguments: Any) -> dict[str, Any]:
        words = {} if query is None else {"query": query}
        return await self.call("search_knowledge", **words, **arguments)

    async def add(self, topic: str, content: str, **arguments: Any) -> dict[str, Any]:
        return await self.call("add_knowledge", topic=topic, content=content, **arguments)


def same_json(one: Any, other: Any) -> bool:
    """Equal with equal types: 1 is not 1.0, nor True."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def topics(answer: dict[str, Any]) -> list[str]:
    """Topics of a search's results, best first."""
    return [one["topic"] for one in answer["results"]]


_MOVING = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"), "TIME"),
    (re.compile(r"[0-9a-z]{26,28}"), "ID"),
)


def still(answer: Any) -> Any:
    """An answer with what differs between two runs replaced: times, ids, the host, sequence numbers."""
    if isinstance(answer, dict):
        fixed = {"seq": "SEQ", "host": "HOST", "cursor": "CURSOR"}
        items = cast("dict[str, Any]", answer).items()
        return {name: fixed[name] if name in fixed else still(value) for name, value in items}
    if isinstance(answer, list):
        return [still(one) for one in cast("list[Any]", answer)]
    if isinstance(answer, str):
        for pattern, name in _MOVING:
            if pattern.fullmatch(answer):
                return name
    return answer
