"""Reads a git repository's own files: no subprocess, no exception, every read bounded.

What git writes is described in gitrepository-layout(5), git-config(1) and git-worktree(1). A repository is input from
strangers: a file that is too large, is no regular file or makes no sense is treated as if it were not there.
"""

import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from swarm_memory.models.project import Revision

_POINTER_LIMIT = 8 * 1024  # HEAD, gitdir, commondir and loose refs hold one path or one id
_CONFIG_LIMIT = 1024 * 1024
_PACKED_REFS_LIMIT = 16 * 1024 * 1024
_BRANCH_LIMIT = 256  # characters kept of a branch's name
_SYMBOLIC_DEPTH = 5  # as deep as git itself follows a reference to a reference

# O_NONBLOCK: opening a named pipe must not wait for its writer. O_BINARY: Windows would translate line ends.
_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)

_BRANCH_PREFIX = b"refs/heads/"
_REFERENCE = re.compile(rb"refs/[^\x00-\x20\x7f~^:?*\[\\]+")
_COMMIT = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?")

_HEADER = re.compile(r'\[([A-Za-z0-9.-]+)(?:[ \t]+"((?:[^"\\\n]|\\[^\n])*+)")?\]')
_NAME = re.compile(r"([A-Za-z][A-Za-z0-9-]*+)[ \t]*+")
_VALUE = re.compile(r'=[ \t]*+((?:[^"\\\n#;]|\\[\s\S]|"(?:[^"\\\n]|\\[\s\S])*+")*+)')
_REST_OF_LINE = re.compile(r"[^\n]*+\n?")
_BLANK = re.compile(r"[ \t\n\v\f\r]*+")
_PIECE = re.compile(r'"((?:[^"\\]|\\[\s\S])*+)"|(\\[\s\S])|([^"\\]++)')
_ESCAPE = re.compile(r"\\([\s\S])")
_ESCAPES = {"n": "\n", "t": "\t", "b": "\b", "\n": ""}


@dataclass(frozen=True, slots=True)
class Repository:
    """Where a repository's parts lie; absolute paths.

    Attributes:
        top: Top level of the checkout, or the repository itself if it is bare.
        git_dir: Holds this checkout's HEAD. It may be missing, as when a worktree is mounted without its repository.
        common_dir: Holds config and references; differs from ``git_dir`` in a linked worktree only.
    """

    top: str
    git_dir: str
    common_dir: str


def find_repository(directory: Path) -> Repository | None:
    """The repository around a directory, as git finds it; None if there is none."""
    top = _real(directory)
    if top is None:
        return None
    while True:
        if found := _repository_at(top):
            return found
        parent = os.path.dirname(top)  # noqa: PTH120 - a Path for each level costs more than the look-up itself
        if parent == top:
            return None
        top = parent


def main_folder(repository: Repository) -> str:
    """Name of the main checkout's folder, the same from every linked worktree; may be empty."""
    if repository.git_dir == repository.common_dir != repository.top:
        return Path(repository.top).name
    common = Path(repository.common_dir)
    if worktree := config_value(repository, "core", None, "worktree"):
        return Path(os.path.normpath(common / worktree)).name
    # repo/.git and project/.bare lie inside what a person calls the folder; a bare repository is that folder.
    return common.parent.name if common.name.startswith(".") else common.name.removesuffix(".git")


def config_value(repository: Repository, section: str, subsection: str | None, name: str) -> str | None:
    """First value that is not empty of one variable of the repository's own config; ``include.path`` is not followed.

    Args:
        repository: Whose config is read.
        section: In lower case.
        subsection: As written, or None.
        name: In lower case.
    """
    data = _read(_join(repository.common_dir, "config"), _CONFIG_LIMIT)
    wanted = (section, subsection, name)
    found = (value for *variable, value in parse_config(data or b"") if tuple(variable) == wanted and value)
    return next(found, None)


def read_revision(directory: Path) -> Revision:
    """Branch and commit of the checkout around a directory; never raises. Takes about 50 microseconds."""
    repository = find_repository(directory)
    if repository is None:
        return Revision(branch=None, commit=None)
    head = _read(_join(repository.git_dir, "HEAD"), _POINTER_LIMIT) or b""
    reference = _target(head)
    if reference is None:
        return Revision(branch=None, commit=_commit(head))
    return Revision(branch=_branch(reference), commit=_resolve(repository.common_dir, reference))


def parse_config(data: bytes) -> Iterator[tuple[str, str | None, str, str]]:
    """Every variable of a git config file as (section, subsection, name, value), in the file's order.

    Section and name come in lower case; a name without ``=`` has the value ``true``. A line that git would refuse is
    passed over, since the rest may still tell the remote.
    """
    text = data.decode("utf-8", errors="replace").removeprefix("\ufeff").replace("\r\n", "\n") + "\n"
    section: str | None = None
    subsection: str | None = None
    at = _end(_BLANK, text, 0)
    while at < len(text):
        if header := _HEADER.match(text, at):
            section, subsection = _section(header)
            at = header.end()
        elif section is not None and (variable := _NAME.match(text, at)):
            value = _VALUE.match(text, variable.end())
            at = value.end() if value else variable.end()
            if at == len(text) or text[at] in "\n#;":
                yield section, subsection, variable[1].lower(), _unquote(value[1]) if value else "true"
            at = _end(_REST_OF_LINE, text, at)
        else:
            at = _end(_REST_OF_LINE, text, at)
        at = _end(_BLANK, text, at)


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def _section(header: re.Match[str]) -> tuple[str, str | None]:
    name, quoted = header[1].lower(), header[2]
    if quoted is not None:
        return name, _ESCAPE.sub(r"\1", quoted)
    section, dot, subsection = name.partition(".")  # the old form [section.subsection]
    return section, subsection if dot else None


def _unquote(raw: str) -> str:
    value = ""
    for piece in _PIECE.finditer(raw):
        quoted, escape, plain = piece.groups()
        if plain is None:
            value += _ESCAPE.sub(_unescape, quoted if escape is None else escape)
        else:
            # Blanks at the end of a value do not belong to it, unless quoted.
            value += plain.rstrip(" \t\r") if piece.end() == len(raw) else plain
    return value


def _unescape(escape: re.Match[str]) -> str:
    return _ESCAPES.get(escape[1], escape[1])


@lru_cache(maxsize=8)  # a third of read_revision's time, and a session's directories do not move
def _real(directory: Path) -> str | None:
    try:
        return os.path.realpath(directory)
    except (OSError, ValueError):
        return None


def _repository_at(top: str) -> Repository | None:
    """The repository whose top level is exactly here."""
    dot_git = _join(top, ".git")
    kind = _kind(dot_git)
    if kind == stat.S_IFREG:
        git_dir = _linked(dot_git, top)
        return Repository(top, git_dir, _common(git_dir))
    if kind == stat.S_IFDIR and _kind(_join(dot_git, "HEAD")):
        return Repository(top, dot_git, _common(dot_git))
    if _kind(_join(top, "HEAD")) and _kind(_join(top, "objects")) == stat.S_IFDIR == _kind(_join(top, "refs")):
        return Repository(top, top, top)
    return None


def _linked(dot_git: str, top: str) -> str:
    """Where a ``.git`` file (worktree, submodule, separate git dir) points; the file itself if it makes no sense."""
    path = _line(_read(dot_git, _POINTER_LIMIT)).removeprefix("gitdir:").strip()
    return os.path.normpath(_join(top, path)) if path else dot_git


def _common(git_dir: str) -> str:
    if path := _line(_read(_join(git_dir, "commondir"), _POINTER_LIMIT)):
        return os.path.normpath(_join(git_dir, path))
    parts = Path(git_dir).parts
    if len(parts) > 3 and parts[-3:-1] == (".git", "worktrees"):
        return str(Path(git_dir).parents[1])  # the repository is out of sight (a container), its place is not
    return git_dir


def _target(data: bytes) -> bytes | None:
    """The reference that a symbolic reference names, if it is one and safe to use as a path."""
    if not data.startswith(b"ref:"):
        return None
    reference = data[4:].strip()
    safe = _REFERENCE.fullmatch(reference) and b".." not in reference and b"//" not in reference
    return reference if safe else b""


def _branch(reference: bytes) -> str | None:
    if not reference.startswith(_BRANCH_PREFIX):
        return None
    name = reference.removeprefix(_BRANCH_PREFIX).decode("utf-8", errors="replace")
    return None if name == ".invalid" else name[:_BRANCH_LIMIT]  # .invalid: HEAD's place holder in a reftable store


def _resolve(common_dir: str, reference: bytes) -> str | None:
    """The commit a reference stands for: a loose file first, then packed-refs, as git looks."""
    for _ in range(_SYMBOLIC_DEPTH):
        if not reference:
            return None
        loose = _read(_join(common_dir, os.fsdecode(reference)), _POINTER_LIMIT)
        if loose is None:
            return _packed(common_dir, reference)
        following = _target(loose)
        if following is None:
            return _commit(loose)
        reference = following
    return None


def _packed(common_dir: str, reference: bytes) -> str | None:
    path = _join(common_dir, "packed-refs")
    try:
        status = os.stat(path)  # noqa: PTH116 - a Path costs more than the call
    except (OSError, ValueError):
        return None
    return _packed_commit(path, reference, (status.st_ino, status.st_size, status.st_mtime_ns))


@lru_cache(maxsize=8)  # the file can have megabytes; git replaces it whole, so its identity tells whether it changed
def _packed_commit(path: str, reference: bytes, _identity: tuple[int, int, int]) -> str | None:
    data = _read(path, _PACKED_REFS_LIMIT) or b""
    end = data.find(b" " + reference + b"\n")
    return _commit(data[data.rfind(b"\n", 0, end) + 1 : end]) if end >= 0 else None


def _commit(data: bytes) -> str | None:
    commit = data.strip()
    return commit.decode("ascii") if _COMMIT.fullmatch(commit) else None


def _line(data: bytes | None) -> str:
    return os.fsdecode(data).rstrip("\r\n") if data else ""


def _join(directory: str, name: str) -> str:
    return os.path.join(directory, name)  # noqa: PTH118 - read_revision runs at each write; Path doubles its time


def _kind(path: str) -> int:
    """The file's type as of ``stat.S_IFMT``; 0 if there is none."""
    try:
        return stat.S_IFMT(os.stat(path).st_mode)  # noqa: PTH116 - as in _join
    except (OSError, ValueError):
        return 0


def _read(path: str, limit: int) -> bytes | None:
    """The whole of a regular file of at most ``limit`` bytes; None for anything else."""
    try:
        descriptor = os.open(path, _OPEN_FLAGS)
    except (OSError, ValueError):
        return None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > limit:
            return None
        data = os.read(descriptor, limit + 1)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return data if len(data) <= limit else None
