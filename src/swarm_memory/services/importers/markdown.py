"""Markdown: Claude's memory files, ``CLAUDE.md``, and folders of notes.

A file with front matter is one memory, named as that says. Any other one is cut at its headings of the first and second
level: each part is found by itself.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from swarm_memory.errors import InvalidArgument
from swarm_memory.services.importers.pieces import Piece
from swarm_memory.services.intake import Untaken

_SUFFIXES: Final = (".md", ".markdown")
_MAX_FILES: Final = 20_000
_MAX_BYTES: Final = 5_000_000
_FRONT: Final = re.compile(r"\A---\r?\n(.*?)\r?\n---\r?\n", re.DOTALL)
_FIELD: Final = re.compile(r"^\s*(name|title|description|type):\s*[\"']?(.*?)[\"']?\s*$", re.MULTILINE)
_HEADING: Final = re.compile(r"(#{1,2}) +(.+?) *#* *$")
_FENCE: Final = re.compile(r" {0,3}(`{3,}|~{3,})")


def is_markdown(path: Path) -> bool:
    """Whether it is such a file, or a folder that has one."""
    return path.suffix.lower() in _SUFFIXES if path.is_file() else any(_files(path))


def read(path: Path) -> Iterator[Piece | Untaken]:
    """All parts of a file, or of the files below a folder.

    Raises:
        InvalidArgument: The folder has the memories of several projects, or too many files.
    """
    if path.is_file():
        yield from _read_file(path, path.name)
        return
    _refuse_several_projects(path)
    for number, file in enumerate(_files(path)):
        if number == _MAX_FILES:
            raise InvalidArgument(f"{path} has more than {_MAX_FILES:,} files.", next_step="import parts of it.")
        yield from _read_file(file, file.relative_to(path).as_posix())


def _files(folder: Path) -> Iterator[Path]:
    """Files below a folder, in order; links are not followed, and hidden folders are not entered."""
    for at, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != "node_modules")
        for name in sorted(names):
            file = Path(at, name)
            if file.suffix.lower() in _SUFFIXES and file.is_file() and not file.is_symlink():
                yield file


def _refuse_several_projects(folder: Path) -> None:
    """Claude's ``projects`` folder has one folder per project, each with a folder ``memory``."""
    if len({one.parent for one in folder.glob("*/memory/*.md")}) > 1:
        raise InvalidArgument(
            f"{folder} has the memories of several projects.",
            next_step="import each folder memory by itself, and name its project with --project.",
        )


def _read_file(file: Path, name: str) -> Iterator[Piece | Untaken]:
    told = file.stat()
    if told.st_size > _MAX_BYTES:
        yield Untaken(name, "it has more than 5,000,000 bytes")
        return
    text = file.read_text("utf-8", errors="replace").replace("\r\n", "\n").lstrip("\ufeff")
    modified = told.st_mtime_ns // 1_000_000
    front = _FRONT.match(text)
    fields = dict(_FIELD.findall(front[1])) if front else {}
    body = text[front.end() :] if front else text
    if topic := fields.get("name") or fields.get("title"):
        parts = [(topic, "\n\n".join(part for part in (fields.get("description"), body.strip()) if part))]
    else:
        parts = list(_sections(body, Path(name).stem))
    seen: dict[str, int] = {}
    for title, content in parts:
        seen[title] = seen.get(title, 0) + 1
        yield Piece(
            ident=f"{name} {title} {seen[title]}",
            where=f"{name}: {title}",
            topic=title,
            value=content,
            tags=(fields["type"],) if fields.get("type") else (),
            attributes={"path": name},
            source=name,
            created=modified,
        )


def _sections(text: str, title: str) -> Iterator[tuple[str, str]]:
    """Title and text of each part that has any; a part of the second level is named with the first one's title."""
    first, second, lines = title, "", list[str]()
    fence = ""
    for line in [*text.split("\n"), "# "]:
        heading = None if fence else _HEADING.match(line)
        fence = _fence_behind(line, fence)
        if heading is None and line != "# ":
            lines.append(line)
            continue
        content = "\n".join(lines).strip()
        if content:
            yield (f"{first} > {second}" if second else first), content
        lines = []
        if heading is not None:
            first, second = (heading[2], "") if heading[1] == "#" else (first, heading[2])


def _fence_behind(line: str, fence: str) -> str:
    """The fence of a code block that is open behind a line: ``#`` is no heading inside one."""
    found = _FENCE.match(line)
    if found is None:
        return fence
    if not fence:
        return found[1]
    return "" if found[1].startswith(fence) and not line.strip().strip(fence[0]) else fence
