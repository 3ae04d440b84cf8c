"""The entry for this server in Codex's ``config.toml``, which people write and comment: it is edited line by line.

What comes of it is parsed and compared with what was meant, so that an edit that hits anything else is refused.
"""

import json
import re
import tomllib
from typing import Any, Final

from swarm_memory.cli._client_file import OF_OTHER_TRANSPORTS, THE_FILE, as_object
from swarm_memory.cli._files import unfit
from swarm_memory.cli._program import NAME
from swarm_memory.errors import InvalidArgument

_HEADER: Final = re.compile(r"[ \t]*\[")
_OURS: Final = re.compile(r"""[ \t]*\[[ \t]*mcp_servers[ \t]*\.[ \t]*(["']?)swarm-memory\1[ \t]*(\]|\.)""")
_KEY: Final = re.compile(r"[ \t]*([A-Za-z_]+)[ \t]*=")


def merged(text: str | None, entry: dict[str, Any], file: str = THE_FILE) -> str | None:
    """A TOML file's text with the table ``mcp_servers.swarm-memory`` in it; every other line of it stays.

    The table goes to the end, where TOML takes one whatever comes before; one that is there is changed in its place.

    Returns:
        The new text; None where the table is there already.

    Raises:
        InvalidArgument: The text is no TOML, or is such that the table cannot be put there without changing more.
    """
    config = _parsed(text, file)
    servers = as_object(config.get("mcp_servers", {}), "mcp_servers", file)
    present = as_object(servers.get(NAME, {}), NAME, file)
    kept = {name: item for name, item in present.items() if name not in OF_OTHER_TRANSPORTS}
    # A table of variables that is there is kept as it is: it may have lines of its own.
    wanted = kept | {name: item for name, item in entry.items() if name != "env" or "env" not in kept}
    if wanted == present:
        return None
    ours = {name: item for name, item in wanted.items() if name not in kept or (name in entry and name != "env")}
    lines = [f"{name} = {_toml(item)}" for name, item in ours.items()]
    end = "\r\n" if text and "\r\n" in text else "\n"
    if not present:
        block = end.join([f"[mcp_servers.{NAME}]", *lines, ""])
        new = text + end + block if text else block
    else:
        new = _with_table_lines(text or "", lines, end)
    expected = config | {"mcp_servers": servers | {NAME: wanted}}
    return _checked(new, file, expected)


def without(text: str, file: str = THE_FILE) -> str | None:
    """A TOML file's text without the table; None where nothing else is left in it.

    Raises:
        InvalidArgument: The text is no TOML, or the table cannot be told from what is around it.
    """
    config = _parsed(text, file)
    servers = as_object(config.get("mcp_servers", {}), "mcp_servers", file)
    if NAME not in servers:
        return text
    left = {name: item for name, item in servers.items() if name != NAME}
    expected = {name: item for name, item in config.items() if name != "mcp_servers"}
    new = _checked(_without_table(text), file, *([] if left else [expected]), expected | {"mcp_servers": left})
    return new if new.strip() else None


def _with_table_lines(text: str, lines: list[str], end: str) -> str:
    """The text with these lines in the table that is there, instead of those of the same keys."""
    names = {line.partition(" =")[0] for line in lines} | set(OF_OTHER_TRANSPORTS)
    result: list[str] = []
    inside = False
    for line in text.splitlines(keepends=True):
        if _HEADER.match(line):
            inside = False
            if (found := _OURS.match(line)) and found[2] == "]":
                inside = True
                result += [line, *(f"{one}{end}" for one in lines)]
                continue
        key = _KEY.match(line)
        if not (inside and key and key[1] in names):
            result.append(line)
    return "".join(result)


def _without_table(text: str) -> str:
    """The text without our table and its inner ones; the line end before the table goes with it."""
    kept: list[str] = []
    inside = False
    pending: list[str] = []  # blank lines and comments, which may belong to the table behind them
    for line in text.splitlines(keepends=True):
        if _HEADER.match(line):
            begins = _OURS.match(line) is not None
            if begins and not inside and kept:
                kept[-1] = _without_line_end(kept[-1])
            if inside and not begins:
                kept += pending
                pending = []
            inside = begins
        if inside and not line.strip().startswith("#") and line.strip():
            pending = []
        elif inside:
            pending.append(line)
        else:
            kept.append(line)
    return "".join([*kept, *pending])


def _without_line_end(line: str) -> str:
    return line.removesuffix("\n").removesuffix("\r")


def _toml(value: Any) -> str:
    """A text, a number, a list or a flat table as TOML. JSON's texts are TOML's too."""
    if isinstance(value, dict):
        pairs = as_object(value, "a table", THE_FILE)
        return "{ " + ", ".join(f"{name} = {_toml(item)}" for name, item in pairs.items()) + " }"
    return json.dumps(value, ensure_ascii=False)


def _parsed(text: str | None, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text or "")
    except tomllib.TOMLDecodeError:
        raise unfit(file, "it is not TOML") from None


def _checked(text: str, file: str, *expected: dict[str, Any]) -> str:
    """The text, if it says what it should: an edit by lines must not have hit anything else."""
    try:
        if tomllib.loads(text) in expected:
            return text
    except tomllib.TOMLDecodeError:
        pass
    raise InvalidArgument(
        f"{file} is left as it is, because [mcp_servers.{NAME}] is written there in a way that is not understood.",
        next_step="change that table by hand.",
    )
