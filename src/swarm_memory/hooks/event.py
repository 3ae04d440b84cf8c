"""What Claude Code writes to a hook's stdin, as far as it is used here."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

MOST_BYTES: Final = 4_000_000
_MOST_PROMPT: Final = 2_000  # characters
_MOST_NAME: Final = 128  # characters


@dataclass(frozen=True, slots=True)
class Event:
    """One call of a hook. What is missing or no text is empty.

    Attributes:
        session: Id of the session.
        transcript: Path of the session's transcript, one JSON object a line.
        directory: Where the client works.
        prompt: The beginning of what the user has sent.
        cause: Why: ``source`` of a start, ``trigger`` of a compaction, ``reason`` of an end.
    """

    session: str = ""
    transcript: str = ""
    directory: str = ""
    prompt: str = ""
    cause: str = ""


def read_event() -> Event:
    """The event on stdin; an empty one where stdin is a terminal.

    Raises:
        ValueError: It is no JSON object, or longer than 4 MB.
    """
    if sys.stdin is None or sys.stdin.isatty():
        return Event()
    data = sys.stdin.buffer.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise ValueError("the event on stdin is longer than 4 MB")
    return parse_event(data)


def parse_event(data: bytes) -> Event:
    """The event that is in these bytes.

    Raises:
        ValueError: They are no JSON object.
    """
    if not data.strip():
        return Event()
    try:
        given: Any = json.loads(data)
    except RecursionError:
        raise ValueError("the event on stdin is nested too deeply") from None
    fields = cast("dict[str, Any]", given) if isinstance(given, dict) else None
    if fields is None:
        raise ValueError("the event on stdin is no JSON object")

    def text(*names: str, most: int = 4_096) -> str:
        found = next((fields[name] for name in names if isinstance(fields.get(name), str)), "")
        return found[:most]

    return Event(
        session=text("session_id", most=_MOST_NAME),
        transcript=text("transcript_path"),
        directory=text("cwd"),
        prompt=text("prompt", most=_MOST_PROMPT),
        cause=text("source", "trigger", "reason", most=40),
    )


def directory_of(event: Event) -> Path:
    """Where the client works, else where this process does; never raises."""
    if event.directory and Path(event.directory).is_absolute():
        return Path(event.directory)
    try:
        return Path.cwd()
    except FileNotFoundError:
        return Path("/")
