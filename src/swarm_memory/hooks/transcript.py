"""What a checkpoint keeps of a session: what was asked, what was said last, which files were changed.

Nothing is summarised: that would take a model. The last part of the transcript is read, and what is taken is cut.
"""

import json
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

TAIL_BYTES: Final = 1_000_000
"""So much of a transcript is looked at, from its end."""
MOST_PROMPTS: Final = 8
MOST_FILES: Final = 20
PROMPT_LENGTH: Final = 400
ANSWER_LENGTH: Final = 1_500
_OF_THE_CLIENT: Final = ("isMeta", "isSidechain", "isCompactSummary")
"""Marks of what no person typed: of the client, of a subagent, of a compaction."""
_NOT_TYPED: Final = ("<command-", "<local-command", "<system-reminder", "<bash-", "<task-notification", "[Request ")
"""Beginnings of what the client itself puts where a person's words are."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The last things of a session, oldest first; texts are cut."""

    asked: tuple[str, ...]
    said: str
    files: tuple[str, ...]


def read_tail(path: str) -> bytes:
    """The last megabyte of a regular file, from the beginning of a line; empty for anything else.

    Raises:
        OSError: It cannot be read.
    """
    if not path:
        return b""
    # Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return b""
        begin = max(0, status.st_size - TAIL_BYTES)
        os.lseek(descriptor, begin, os.SEEK_SET)
        data = os.read(descriptor, TAIL_BYTES)
    finally:
        os.close(descriptor)
    return data.partition(b"\n")[2] if begin else data


def checkpoint_of(data: bytes, directory: Path) -> Checkpoint | None:
    """What to keep of these lines of a transcript; None where nobody has asked anything.

    Args:
        data: Lines of JSON; what is none, or not as expected, is passed over.
        directory: Files in it are named from there.
    """
    asked: list[str] = []
    said = ""
    files: dict[str, None] = {}
    for role, content in _messages(data):
        if role == "user":
            asked += [_cut(text, PROMPT_LENGTH) for text in _texts(content) if not text.startswith(_NOT_TYPED)]
            continue
        said = " ".join(_texts(content)) or said
        for path in _changed_files(content):
            files.pop(path, None)  # the last ones are kept
            files[path] = None
    if not asked:
        return None
    names = [_within(path, directory) for path in files]
    return Checkpoint(tuple(asked[-MOST_PROMPTS:]), _cut(said, ANSWER_LENGTH), tuple(names[-MOST_FILES:]))


def _messages(data: bytes) -> Iterator[tuple[str, list[Any]]]:
    """Role and content of what the person and the main agent said, in order."""
    for line in data.splitlines():
        try:
            entry = json.loads(line)
        except (ValueError, RecursionError):
            continue
        # Besides what was said, a transcript has the client's own records, with whole requests in them.
        role = _field(entry, "type")
        if role not in ("user", "assistant") or any(_field(entry, mark) for mark in _OF_THE_CLIENT):
            continue
        content = _field(_field(entry, "message"), "content")
        yield role, [content] if isinstance(content, str) else _list(content)


def _texts(content: Iterable[Any]) -> Iterator[str]:
    for block in content:
        text = block if isinstance(block, str) else _field(block, "text") if _field(block, "type") == "text" else None
        if isinstance(text, str) and text.strip():
            yield text.strip()


def _changed_files(content: Iterable[Any]) -> Iterator[str]:
    for block in content:
        if _field(block, "type") == "tool_use" and _field(block, "name") in (
            "Edit",
            "MultiEdit",
            "Write",
            "NotebookEdit",
        ):
            path = _field(_field(block, "input"), "file_path") or _field(_field(block, "input"), "notebook_path")
            if isinstance(path, str) and path:
                yield path[:300]


def _field(value: Any, name: str) -> Any:
    return cast("dict[str, Any]", value).get(name) if isinstance(value, dict) else None


def _list(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []


def _within(path: str, directory: Path) -> str:
    return path.removeprefix(f"{directory}{os.sep}")


def _cut(text: str, length: int) -> str:
    # JSON can say halves of characters, and NUL, which the store takes for damage.
    text = " ".join(text.encode("utf-8", "ignore").decode().replace("\0", " ").split())
    return text if len(text) <= length else text[: length - 1] + "…"
