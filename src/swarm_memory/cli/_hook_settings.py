"""The hooks in a ``settings.json`` of Claude Code: put in, found and taken out, everything else untouched."""

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from swarm_memory.cli import _json_text
from swarm_memory.cli._client_file import as_object, parsed_json
from swarm_memory.cli._files import Edit, read, unfit
from swarm_memory.cli._program import NAME, program
from swarm_memory.hooks import EVENTS

PLACES: Final = {
    "user": ".claude/settings.json",
    "project": ".claude/settings.json",
    "local": ".claude/settings.local.json",
}
_TIMEOUT: Final = 10  # seconds; a hook of ours ends by itself long before
_HOOKS: Final = "hooks"


def settings_file(scope: str, directory: Path) -> Path:
    """The file of a scope; the directory is the project's."""
    return (Path.home() if scope == "user" else directory) / PLACES[scope]


def command(event: str) -> str:
    """The line of the shell for an event. Whatever happens to the program, the client sees a success."""
    return f"{shlex.join([*program(), 'hook', EVENTS[event]])} || true"


def add(path: Path) -> Edit:
    """All hooks in; those of ours that are there already are brought up to date.

    Raises:
        InvalidArgument: The file is no JSON object, or its hooks are not as Claude Code has them.
    """
    before = read(path)
    text = _without(before, str(path), keep=True) if before and before.strip() else "{}\n"
    present = {event for event, _, _ in _ours(text, str(path))}
    for event in EVENTS:
        if event not in present:
            groups = as_object(parsed_json(text, str(path)).get(_HOOKS, {}), _HOOKS, str(path)).get(event, [])
            text = _json_text.put(text, (_HOOKS, event, len(groups)), {_HOOKS: [_hook(event)]})
    return Edit(path, before, text)


def remove(path: Path) -> Edit:
    """All hooks of ours out, and what is empty then; a file that holds nothing else goes.

    Raises:
        InvalidArgument: See ``add``.
    """
    before = read(path)
    if before is None or not before.strip():
        return Edit(path, before, before)
    text = _without(before, str(path), keep=False)
    return Edit(path, before, text if parsed_json(text, str(path)) or text == before else None)


def installed(path: Path) -> dict[str, str]:
    """The events that have a hook of ours in this file, and the lines of the shell.

    Raises:
        InvalidArgument: See ``add``.
    """
    text = read(path)
    if text is None or not text.strip():
        return {}
    hooks: dict[str, Any] = parsed_json(text, str(path)).get(_HOOKS, {})
    return {
        event: hooks[event][group][_HOOKS][position]["command"] for event, group, position in _ours(text, str(path))
    }


def _hook(event: str) -> dict[str, Any]:
    return {"type": "command", "command": command(event), "timeout": _TIMEOUT}


def _without(text: str, file: str, *, keep: bool) -> str:
    """The text without our hooks; ``keep``: without those only that are not as they would be written now."""
    while True:
        hooks = parsed_json(text, file).get(_HOOKS, {})
        surplus = [
            one for one in _ours(text, file) if not keep or hooks[one[0]][one[1]][_HOOKS][one[2]] != _hook(one[0])
        ]
        if not surplus:
            return text
        event, group, position = surplus[-1]
        inner = hooks[event][group][_HOOKS]
        # A group is ours as a whole where nothing else is in it.
        path = (_HOOKS, event, group) if len(inner) == 1 else (_HOOKS, event, group, _HOOKS, position)
        text = _json_text.remove(text, path)


def _ours(text: str, file: str) -> Iterator[tuple[str, int, int]]:
    """Event, group and position of every hook that runs this program."""
    hooks = as_object(parsed_json(text, file).get(_HOOKS, {}), _HOOKS, file)
    for event, word in EVENTS.items():
        for group, one in enumerate(_array(hooks.get(event, []), event, file)):
            inner = as_object(one, event, file).get(_HOOKS, [])
            for position, hook in enumerate(_array(inner, event, file)):
                line = str(as_object(hook, event, file).get("command", ""))
                if f"hook {word}" in line and (NAME in line or "swarm_memory" in line):
                    yield event, group, position


def _array(value: Any, what: str, file: str) -> list[Any]:
    if not isinstance(value, list):
        raise unfit(file, f"{what} is not an array")
    return value  # pyright: ignore[reportUnknownVariableType] - looked at one by one
