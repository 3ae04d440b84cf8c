"""The settings of a local store, read without pydantic, whose import would take longer than the rest of a hook.

``config.Settings`` remains the definition: whatever is set that this plain reading does not cover is left to it, and a
test holds both against each other.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from platformdirs import user_data_path

_PREFIX: Final = "SWARM_MEMORY_"
_NAME: Final = re.compile(r"[^\x00-\x1f]{1,256}")
_AGENT_LENGTH: Final = 128
_ENGINES: Final = ("auto", "sqlite3", "libsql")
_DURABILITIES: Final = ("normal", "full")
_PRIMARY: Final = ("TURSO_DB_URL", "TURSO_DATABASE_URL", "LIBSQL_URL")


@dataclass(frozen=True, slots=True)
class QuickSettings:
    """The settings that a hook needs on a local store; see ``config.Settings``."""

    home: Path
    project: str | None
    agent: str | None
    engine: Literal["auto", "sqlite3", "libsql"]
    durability: Literal["normal", "full"]
    claude_project_dir: Path | None

    @property
    def database_path(self) -> Path:
        """Absolute path of the database file."""
        return self.home / "memory.db"


def home_of(environment: Mapping[str, str] | None = None) -> Path:
    """Directory of the store: where the log is, also while the settings are wrong."""
    given = {name.upper(): value for name, value in (environment or os.environ).items() if value}
    home = Path(given.get(_PREFIX + "HOME", ""))
    return home if home.is_absolute() else user_data_path("swarm-memory", appauthor=False)


def quick_settings(environment: Mapping[str, str] | None = None) -> QuickSettings | None:
    """The settings of a local store; None where ``config.load_settings`` has to say what they are, or what is wrong.

    Args:
        environment: Its variables; those of the process unless given.
    """
    given = {name.upper(): value for name, value in (environment or os.environ).items() if value}
    mode = given.get(_PREFIX + "MODE", "auto")
    if mode not in ("auto", "local") or (mode == "auto" and any(name in given for name in _PRIMARY)):
        return None
    home, project, agent = (given.get(_PREFIX + name) for name in ("HOME", "PROJECT", "AGENT"))
    engine = given.get(_PREFIX + "ENGINE", "auto")
    durability = given.get(_PREFIX + "DURABILITY", "normal")
    names_fit = all(name is None or _NAME.fullmatch(name) for name in (project, agent))
    if not names_fit or len(agent or "") > _AGENT_LENGTH:
        return None
    if engine not in _ENGINES or durability not in _DURABILITIES or not Path(home or "/").is_absolute():
        return None
    directory = given.get("CLAUDE_PROJECT_DIR")
    return QuickSettings(
        home=home_of(environment),
        project=project,
        agent=agent,
        engine=engine,
        durability=durability,
        claude_project_dir=Path(directory) if directory else None,
    )
