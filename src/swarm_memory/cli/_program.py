"""How another program starts this one, as it was started itself."""

import json
import shutil
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

NAME: Final = "swarm-memory"
UVX: Final = "uvx"


def program() -> list[str]:
    """By ``uvx`` where that runs it now, by its name where that is on the path, else by the path of its Python."""
    if is_passing(Path(sys.prefix)):
        return [UVX, *uvx_source(_direct_url()), NAME]
    return [NAME] if shutil.which(NAME) is not None else [sys.executable, "-m", "swarm_memory"]


def is_passing(prefix: Path) -> bool:
    """Whether an environment is one that ``uvx`` makes for a run and may throw away: it is in uv's cache.

    While it runs, the program is on the path; for the client that is to start it, it will not be.
    """
    return prefix.parent.name.startswith("archive-v")


def uvx_source(direct_url: str | None) -> list[str]:
    """The option that has ``uvx`` take the same source again; none for what came from an index.

    Args:
        direct_url: What the installer wrote down of the source, as of PEP 610.
    """
    if direct_url is None:
        return []
    told: dict[str, Any] = json.loads(direct_url)
    url = str(told["url"])
    if "vcs_info" in told:
        return ["--from", f"{told['vcs_info']['vcs']}+{url}@{told['vcs_info']['commit_id']}"]
    parts = urlsplit(url)
    return ["--from", unquote(parts.path) if parts.scheme == "file" else url]


def _direct_url() -> str | None:
    try:
        return distribution(NAME).read_text("direct_url.json")
    except PackageNotFoundError:
        return None
