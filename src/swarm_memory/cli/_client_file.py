"""The entry for this server in a client's file. That may be shared, so it names variables, never values."""

import json
from typing import Any, Final

from swarm_memory.cli import _json_text
from swarm_memory.cli._files import unfit
from swarm_memory.cli._program import NAME

URL_VARIABLE: Final = "TURSO_DB_URL"
TOKEN_VARIABLE: Final = "TURSO_DB_AUTH_TOKEN"  # noqa: S105 - the name of a variable
OF_OTHER_TRANSPORTS: Final = ("url", "headers", "http_headers", "bearer_token_env_var")
THE_FILE: Final = "the file"


def merged(text: str | None, entry: dict[str, Any], servers: str = "mcpServers", file: str = THE_FILE) -> str | None:
    """A JSON file's text with the entry in it; every other character of it stays.

    Args:
        text: What the file holds; None: there is none.
        entry: The members of the entry. What one of this name has besides stays, its other variables too.
        servers: The member of the file that holds the servers.
        file: What a refusal calls it.

    Returns:
        The new text; None where the entry is there already.

    Raises:
        InvalidArgument: The text is no JSON object, or its servers are none.
    """
    config = parsed_json(text, file)
    present = as_object(as_object(config.get(servers, {}), servers, file).get(NAME, {}), NAME, file)
    new = {name: item for name, item in present.items() if name not in OF_OTHER_TRANSPORTS} | entry
    if variables := as_object(present.get("env", {}), "env", file) | entry.get("env", {}):
        new["env"] = variables
    if new == config.get(servers, {}).get(NAME):
        return None
    if text is None or not text.strip():
        return json.dumps({servers: {NAME: new}}, ensure_ascii=False, indent=2) + "\n"
    return _json_text.put(text, (servers, NAME), new)


def without(text: str, servers: str = "mcpServers", file: str = THE_FILE) -> str | None:
    """A JSON file's text without the entry; None where nothing else is left in it.

    Raises:
        InvalidArgument: The text is no JSON object, or its servers are none.
    """
    config = parsed_json(text, file)
    if NAME not in as_object(config.get(servers, {}), servers, file):
        return text
    text = _json_text.remove(text, (servers, NAME))
    return text if parsed_json(text, file) else None


def parsed_json(text: str | None, file: str = THE_FILE) -> dict[str, Any]:
    """The object that a file's text is; an empty one where there is no file.

    Raises:
        InvalidArgument: It is no JSON object. JSON has no comments.
    """
    if text is None or not text.strip():
        return {}
    try:
        return as_object(json.loads(text), "its content", file)
    except (ValueError, RecursionError):
        raise unfit(file, "it is not JSON (comments and trailing commas are none)") from None


def as_object(value: Any, what: str, file: str) -> dict[str, Any]:
    """The value, which must be an object.

    Raises:
        InvalidArgument: It is none.
    """
    if not isinstance(value, dict):
        raise unfit(file, f"{what} is not an object")
    return value  # pyright: ignore[reportUnknownVariableType] - their keys are texts
