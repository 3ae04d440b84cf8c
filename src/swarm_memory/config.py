"""Settings: the only reader of the environment."""

import ipaddress
import os
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from platformdirs import user_data_path
from pydantic import AliasChoices, Field, SecretStr, StringConstraints, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from swarm_memory.errors import ConfigurationError
from swarm_memory.models.assessment import Thresholds
from swarm_memory.models.retention import Retention

PREFIX = "SWARM_MEMORY_"
_DAY: Final = 86_400_000  # milliseconds
DATABASE_NAME = "memory.db"

ProjectName = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=r"^[^\x00-\x1f]+$")]
AgentName = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f]+$")]


_AUTO: Final = Thresholds()
_SCHEMES: Final = {"libsql": "https", "wss": "https", "https": "https", "ws": "http", "http": "http"}
_URL_VARIABLES: Final = "TURSO_DB_URL, TURSO_DATABASE_URL or LIBSQL_URL"
_TOKEN_VARIABLES: Final = "TURSO_DB_AUTH_TOKEN, TURSO_AUTH_TOKEN or LIBSQL_AUTH_TOKEN"  # noqa: S105 - names of variables


class Toolset(StrEnum):
    """Which tools ``tools/list`` offers."""

    MEMORY = "memory"
    DEFAULT = "default"
    ALL = "all"


class Settings(BaseSettings):
    """Every setting, its environment variable and its default.

    Values given to the constructor win over the environment; there is no settings file.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", env_ignore_empty=True)

    home: Path = Field(
        default_factory=lambda: user_data_path("swarm-memory", appauthor=False),
        description="Directory of the store. Absolute; made if missing.",
    )
    project: ProjectName | None = Field(
        default=None, description="Project of every call that names none. Default: found from the git repository."
    )
    agent: AgentName | None = Field(
        default=None, description="Who writes when a call names no agent. Default: a name made for the session."
    )
    mode: Literal["auto", "local", "replica", "remote"] = Field(
        default="auto",
        description="Storage mode. auto is local without a primary, else replica, or remote where libsql has no wheel.",
    )
    tools: Toolset = Field(default=Toolset.DEFAULT, description="Toolset: memory, default or all.")
    engine: Literal["auto", "sqlite3", "libsql"] = Field(
        default="auto",
        description="What runs the local file's SQL. auto: Python's sqlite3 if it has what is needed, else libsql.",
    )
    embedder: str = Field(
        default="auto",
        max_length=64,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        description="Model of search by meaning: auto (the chosen one, else static), none, static, or a pulled one.",
    )
    durability: Literal["normal", "full"] = Field(
        default="normal",
        description="normal: an acknowledged write survives a killed process; full: power loss too, and is slower.",
    )
    busy_timeout: float = Field(
        default=30.0, ge=0.1, le=300.0, description="Seconds a write waits for other writers before storage_busy."
    )
    kept_changes: int = Field(
        default=500_000,
        ge=1_000,
        le=100_000_000,
        description="Newest changes that stay in the store, for wait_for_changes and as its audit trail.",
    )
    history_days: float | None = Field(
        default=None,
        ge=1,
        le=36_500,
        description="Days that a past version stays after it was replaced. Default: while it is one of the last 200.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="warning", description="Least severe level that is logged to stderr."
    )
    log_format: Literal["console", "json"] = Field(default="console", description="Form of the log lines on stderr.")
    primary_url: str | None = Field(
        default=None,
        validation_alias=AliasChoices("TURSO_DB_URL", "TURSO_DATABASE_URL", "LIBSQL_URL"),
        description="URL of the Turso or sqld primary.",
    )
    primary_token: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("TURSO_DB_AUTH_TOKEN", "TURSO_AUTH_TOKEN", "LIBSQL_AUTH_TOKEN"),
        description="Token for the primary. Never logged, never answered.",
    )
    primary_timeout: float = Field(
        default=6.0,
        ge=0.5,
        le=60.0,
        description="Seconds a call waits for the primary in all, with every read and retry.",
    )
    allow_insecure: bool = Field(
        default=False, description="Let the token leave this machine over plain http. Only for a network you trust."
    )
    auto_gain: Annotated[float, Field(gt=0, lt=1)] = Field(
        default=_AUTO.gain, description="Topology auto: share of the time that further agents must save to be worth it."
    )
    auto_speedup: Annotated[float, Field(ge=1, le=64)] = Field(
        default=_AUTO.speedup, description="Topology auto: best possible speed-up under which one agent is best."
    )
    auto_busy: Annotated[float, Field(gt=0, le=1)] = Field(
        default=_AUTO.busy, description="Topology auto: share of the time that each agent must be able to work."
    )
    auto_mesh_agents: Annotated[int, Field(ge=1, le=64)] = Field(
        default=_AUTO.mesh_agents, description="Topology auto: most agents of a mesh, where all work is reading."
    )
    auto_star_agents: Annotated[int, Field(ge=1, le=64)] = Field(
        default=_AUTO.star_agents, description="Topology auto: most agents under one coordinator."
    )
    auto_ring_items: Annotated[int, Field(ge=2, le=1_000)] = Field(
        default=_AUTO.ring_items, description="Topology auto: fewest items through a chain of roles that make a ring."
    )
    claude_project_dir: Path | None = Field(
        default=None, validation_alias="CLAUDE_PROJECT_DIR", description="Set by Claude Code: where the project is."
    )
    claude_session_id: str | None = Field(
        default=None,
        validation_alias="CLAUDE_CODE_SESSION_ID",
        max_length=128,
        description="Set by Claude Code: names the session in the provenance of what it writes.",
    )

    @property
    def thresholds(self) -> Thresholds:
        """Where one rule of ``auto`` gives way to the next."""
        return Thresholds(
            gain=self.auto_gain,
            speedup=self.auto_speedup,
            busy=self.auto_busy,
            mesh_agents=self.auto_mesh_agents,
            star_agents=self.auto_star_agents,
            ring_items=self.auto_ring_items,
        )

    @property
    def database_path(self) -> Path:
        """Absolute path of the database file."""
        return self.home / DATABASE_NAME

    @property
    def models(self) -> Path:
        """Directory of the models that were pulled; absolute."""
        return self.home / "models"

    @property
    def primary(self) -> str | None:
        """``http://`` or ``https://`` address of the primary, without a slash at its end; None in local mode."""
        if self.mode == "local" or self.primary_url is None:
            return None
        return _http_address(self.primary_url)

    @property
    def retention(self) -> Retention:
        """What writes leave in the store."""
        return Retention(self.kept_changes, None if self.history_days is None else round(self.history_days * _DAY))

    @property
    def token(self) -> str | None:
        """The token for the primary."""
        return self.primary_token.get_secret_value().strip() if self.primary_token else None


def load_settings(**given: object) -> Settings:
    """Read the environment; values of ``given`` that are not None win.

    Raises:
        ConfigurationError: A variable has a bad value, the directory is relative, the primary's URL is none, or a mode
            is asked for that needs one. Never falls back to another mode.
    """
    try:
        settings = Settings.model_validate({name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        raise _explain(error) from None
    if not settings.home.is_absolute():
        raise ConfigurationError(
            f"{PREFIX}HOME is {str(settings.home)!r}, which is relative: each directory would have its own store.",
            next_step=f"set {PREFIX}HOME to an absolute path.",
        )
    _check_primary(settings)
    return settings


def unknown_variables() -> dict[str, str | None]:
    """Variables with this project's prefix that nothing reads, each with the known name it was probably meant to be."""
    known = {PREFIX + name.upper() for name, field in Settings.model_fields.items() if field.validation_alias is None}
    given = sorted(name for name in os.environ if name.upper().startswith(PREFIX) and name.upper() not in known)
    return {name: next(iter(get_close_matches(name.upper(), known, n=1)), None) for name in given}


def _check_primary(settings: Settings) -> None:
    if settings.mode in ("replica", "remote") and settings.primary_url is None:
        raise ConfigurationError(
            f"{PREFIX}MODE is {settings.mode}, and no primary is configured.",
            next_step=f"set {_URL_VARIABLES} to the primary's URL, or unset {PREFIX}MODE.",
        )
    address, token = settings.primary, settings.token
    if address is None or token is None:
        return
    if not token.isascii() or not token.isprintable() or " " in token:
        raise ConfigurationError(
            "The primary's token holds spaces or characters that no token has.",
            next_step=f"set {_TOKEN_VARIABLES} to the token alone.",
        )
    if settings.allow_insecure:
        return
    if address.startswith("http://") and not is_loopback(urlsplit(address).hostname or ""):
        raise ConfigurationError(
            "The primary's URL is plain http, and the token would be readable on the way.",
            next_step=f"use https:// or libsql://, or set {PREFIX}ALLOW_INSECURE=1 in a network that you trust.",
        )


def _http_address(url: str) -> str:
    """The address to send requests to.

    Raises:
        ConfigurationError: It is no such URL, or holds credentials. The text repeats none of it.
    """
    remedy = f"set {_URL_VARIABLES} to a URL such as libsql://name-org.turso.io or http://127.0.0.1:8080."
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise ConfigurationError("The primary's URL is no URL.", next_step=remedy) from None
    if parts.scheme.lower() not in _SCHEMES or not parts.hostname:
        raise ConfigurationError("The primary's URL has no known scheme, or no host.", next_step=remedy)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigurationError(
            "The primary's URL holds more than an address: URLs are told in status answers, so a secret must not be in "
            "one.",
            next_step=f"take what is before the host and behind a question mark out, and set {_TOKEN_VARIABLES}.",
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    place = f"{host}:{port}" if port is not None else host
    return f"{_SCHEMES[parts.scheme.lower()]}://{place}{parts.path.rstrip('/')}"


def is_loopback(host: str) -> bool:
    """Whether a host's name or address is this machine's own, which nobody else can reach."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _explain(error: ValidationError) -> ConfigurationError:
    """Name the variable and the rule, never the value: it may be a secret."""
    first = error.errors(include_input=False, include_url=False)[0]
    field = str(first["loc"][0]) if first["loc"] else "?"
    variable = field if field.isupper() else PREFIX + field.upper()
    return ConfigurationError(f"{variable}: {first['msg']}.", next_step=f"correct {variable} in the environment.")
