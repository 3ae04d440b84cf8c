"""Finds the project a session works in.

A project is a repository, whatever machine, folder, protocol or worktree it is seen from: the same name everywhere is
what lets agents on different machines find each other's memories.
"""

import hashlib
import re
import unicodedata
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote

from swarm_memory.models.project import Project
from swarm_memory.services.repository import Repository, config_value, find_repository, main_folder

NAME_LIMIT = 256
_DIGEST_LENGTH = 12  # hexadecimal digits that keep two long names apart

_URL = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<authority>[^/?#]*)/(?P<path>[^?#]*)")
_SCP = re.compile(r"(?P<authority>(?:[^/:@\[]*@)?(?:\[[^\]/]*\]|[^/:@\[\]]{2,})):(?P<path>(?!:|//).*)", re.DOTALL)
_HOST = re.compile(
    r"(?P<ipv6>\[[0-9a-f]*:[0-9a-f:.]*:[0-9a-f:.]*\])(?::[0-9]*)?|\[?(?P<host>[^\s:\[\]\\]+)(?::[0-9]*)?\]?"
)
# Each forge's second door for networks that block port 22; what is behind it is the same repository.
_SAME_HOST = {
    "ssh.github.com": "github.com",
    "altssh.gitlab.com": "gitlab.com",
    "altssh.bitbucket.org": "bitbucket.org",
}


class NamesProject(Protocol):
    """What is taken of the settings. Not ``config.Settings``: a hook does without importing pydantic."""

    @property
    def project(self) -> str | None:
        """A name that wins over all others."""
        ...

    @property
    def claude_project_dir(self) -> Path | None:
        """Where the client says that the project is."""
        ...


def find_project(settings: NamesProject, working_directory: Path) -> Project:
    """The project of every call that names none; never raises.

    First found wins: ``SWARM_MEMORY_PROJECT``; the remote ``origin`` of the git repository around
    ``CLAUDE_PROJECT_DIR`` (the working directory if that is unset or no directory); ``local/`` and the name of the main
    checkout's folder, or of the directory itself.

    Args:
        settings: Gives the first two.
        working_directory: Absolute; where the process was started.
    """
    if settings.project is not None:
        return Project(settings.project, "set by SWARM_MEMORY_PROJECT")
    directory = project_directory(settings, working_directory)
    repository = find_repository(directory)
    if repository is None:
        return Project(_local(_folder(directory)), "folder name, outside any git repository")
    remote = config_value(repository, "remote", "origin", "url")
    if remote is None:
        return _by_folder(repository, "its git repository has no remote named origin")
    name = normalise_remote(remote)
    if name is None:
        return _by_folder(repository, "its git remote origin is a path or not a URL that other machines share")
    return Project(name, "git remote origin")


def project_directory(settings: NamesProject, working_directory: Path) -> Path:
    """``CLAUDE_PROJECT_DIR`` if it is a directory, else the working directory; what a write's revision is read from."""
    if settings.claude_project_dir is None:
        return working_directory
    try:
        directory = working_directory / settings.claude_project_dir
        return directory if directory.is_dir() else working_directory
    except (OSError, ValueError):
        return working_directory


def normalise_remote(url: str) -> str | None:
    """``host/owner/name`` in lower case, equal for every form of a remote's URL.

    Credentials, scheme, port, query, ``.git`` and surplus slashes are dropped, nested groups stay.

    Returns:
        None for what names nothing on another machine (a path, ``file://``, a transport helper), for a path with
        ``..``, and where an ``@`` after the host lets fear that a part of a password would become public.
    """
    found = _split(url.strip().lower())
    if found is None:
        return None
    host, path = found
    segments = [segment for segment in _plain(path).split("/") if segment.strip() not in ("", ".")]
    if segments:
        segments[-1] = segments[-1].removesuffix(".git")
    segments = [segment.strip() for segment in segments if segment]
    if not segments or ".." in segments or any("@" in segment for segment in segments):
        return None
    return _bounded("/".join([_SAME_HOST.get(host, host), *segments]))


def _split(url: str) -> tuple[str, str] | None:
    """Host and path of a URL or of ssh's ``user@host:path``; None if it is neither."""
    if found := _URL.fullmatch(url.partition("#")[0].partition("?")[0]):
        if found["scheme"] == "file":
            return None
        path = unquote(found["path"], errors="replace")
    elif "://" not in url and (found := _SCP.fullmatch(url)):
        path = found["path"]
    else:
        return None
    found = _HOST.fullmatch(_plain(found["authority"].rpartition("@")[2]))
    host = (found["ipv6"] or found["host"]).strip(".") if found else ""
    return (host, path) if host else None


def _by_folder(repository: Repository, why: str) -> Project:
    return Project(_local(main_folder(repository)), f"folder name, since {why}")


def _folder(directory: Path) -> str:
    try:
        return directory.resolve().name
    except (OSError, ValueError, RuntimeError):  # RuntimeError: Path.resolve on a loop of links before Python 3.13
        return directory.name


def _local(folder: str) -> str:
    name = _plain(folder).strip()
    # Only the root directory, or a folder of invisible characters, has no name.
    return _bounded(f"local/{name.replace('/', '')}" if name.strip("/.") else "local/unnamed")


def _plain(text: str) -> str:
    """Composed (NFC) as every system but old macOS writes it; no control, format, surrogate or line-break character."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(
        c for c in composed if unicodedata.category(c)[0] != "C" and unicodedata.category(c) not in ("Zl", "Zp")
    )


def _bounded(name: str) -> str:
    if len(name) <= NAME_LIMIT:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:_DIGEST_LENGTH]
    return f"{name[: NAME_LIMIT - _DIGEST_LENGTH - 1]}~{digest}"
