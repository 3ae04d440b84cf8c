"""The entry for this server in a client's ``.mcp.json``. That may be shared, so it names variables, never values."""

import json
import os
import secrets
import shutil
import sys
from pathlib import Path
from typing import Any, Final

from swarm_memory.errors import InvalidArgument

FILE_NAME: Final = ".mcp.json"
NAME: Final = "swarm-memory"
URL_VARIABLE: Final = "TURSO_DB_URL"
TOKEN_VARIABLE: Final = "TURSO_DB_AUTH_TOKEN"  # noqa: S105 - the name of a variable
_SERVERS: Final = "mcpServers"
_OF_OTHER_TRANSPORTS: Final = ("url", "headers")


def server_entry(*variables: str) -> dict[str, Any]:
    """How a client starts this server.

    Args:
        variables: Passed on from the environment of the client.
    """
    found = shutil.which(NAME) is not None
    entry: dict[str, Any] = {
        "type": "stdio",
        "command": NAME if found else sys.executable,
        "args": [] if found else ["-m", "swarm_memory"],
    }
    if variables:
        entry["env"] = {name: f"${{{name}}}" for name in variables}
    return entry


def merged(text: str | None, entry: dict[str, Any]) -> str | None:
    """The file's text with the entry in it, and with all else that it holds.

    Args:
        text: What the file holds; None: there is none.
        entry: See ``server_entry``. What an entry of this name has besides stays, its other variables too.

    Returns:
        The new text; None where the entry is there already.

    Raises:
        InvalidArgument: The text is no JSON object, or its servers are none.
    """
    config = _object(_parsed(text) if text is not None else {}, "the file")
    servers = _object(config.get(_SERVERS, {}), _SERVERS)
    present = _object(servers.get(NAME, {}), NAME)
    new = {name: item for name, item in present.items() if name not in _OF_OTHER_TRANSPORTS} | entry
    if variables := _object(present.get("env", {}), "env") | entry.get("env", {}):
        new["env"] = variables
    if new == servers.get(NAME):
        return None
    config = config | {_SERVERS: servers | {NAME: new}}
    return json.dumps(config, ensure_ascii=False, indent=2) + "\n"


def read(path: Path) -> str | None:
    """The file's text; None: there is no file.

    Raises:
        InvalidArgument: It cannot be read, or is not UTF-8.
    """
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise _unfit("the file is not UTF-8") from None
    except OSError as error:
        raise InvalidArgument(
            f"{path} cannot be read: {error.strerror}.", next_step="check the file's permissions."
        ) from None


def replace(path: Path, text: str) -> None:
    """Write the whole file or none of it; one that is there keeps its permissions, and a link its target.

    Raises:
        InvalidArgument: It cannot be written.
    """
    target = path.resolve()
    fresh = target.with_name(f"{target.name}.{secrets.token_hex(4)}")
    try:
        with fresh.open("x", encoding="utf-8") as file:
            if target.exists():
                fresh.chmod(target.stat().st_mode & 0o777)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(target)
    except OSError as error:
        raise InvalidArgument(
            f"{path} cannot be written: {error.strerror}.", next_step="check the permissions of its directory."
        ) from None
    finally:
        fresh.unlink(missing_ok=True)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise _unfit("the file is not JSON") from None


def _object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _unfit(f"{what} is not a JSON object")
    return value  # pyright: ignore[reportUnknownVariableType] - JSON objects have text keys


def _unfit(what: str) -> InvalidArgument:
    return InvalidArgument(
        f"{FILE_NAME} is left as it is, because {what}.", next_step="correct it or move it away, then try again."
    )
