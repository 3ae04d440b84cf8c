"""The clients that ``init`` knows: where each keeps its servers, and in which form."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from platformdirs import user_config_path

from swarm_memory.cli import _client_file, _toml_file
from swarm_memory.cli._files import Edit, read
from swarm_memory.cli._program import program
from swarm_memory.errors import ConfigurationError

_AGENT: Final = "SWARM_MEMORY_AGENT"
_PROJECT_DIRECTORY: Final = "CLAUDE_PROJECT_DIR"


@dataclass(frozen=True, slots=True)
class Client:
    """One client.

    Attributes:
        place: Its file, below the directory of the project; below that of the user's settings where ``of_user``.
        servers: The member of the file that holds the servers.
        variable: How the file names a variable of the environment; None where it cannot.
        env: Variables that the server gets there, with their values.
        typed: Whether an entry says that it is on stdio.
    """

    name: str
    place: str
    servers: str = "mcpServers"
    variable: str | None = "${%s}"
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    typed: bool = True
    form: Literal["json", "toml"] = "json"
    of_user: bool = False

    def path(self, directory: Path) -> Path:
        """The client's file for a project."""
        return (
            user_config_path("Claude", appauthor=False, roaming=True) / self.place
            if self.of_user
            else (directory / self.place)
        )

    def add(self, directory: Path, variables: tuple[str, ...]) -> Edit:
        """The entry in, with these variables passed on from the environment of the client.

        Raises:
            InvalidArgument: The file cannot be read, or is such that nothing can be added.
            ConfigurationError: The client's file cannot name variables.
        """
        path = self.path(directory)
        before = read(path)
        if self.form == "toml":
            after = _toml_file.merged(before, self._toml_entry(variables), str(path))
        else:
            after = _client_file.merged(before, self._entry(variables), self.servers, str(path))
        return Edit(path, before, before if after is None else after)

    def remove(self, directory: Path) -> Edit:
        """The entry out; a file that holds nothing else then goes.

        Raises:
            InvalidArgument: The file cannot be read, or is such that nothing can be taken out.
        """
        path = self.path(directory)
        before = read(path)
        if before is None:
            return Edit(path, None, None)
        if self.form == "toml":
            return Edit(path, before, _toml_file.without(before, str(path)))
        return Edit(path, before, _client_file.without(before, self.servers, str(path)))

    def _entry(self, variables: tuple[str, ...]) -> dict[str, Any]:
        command, *arguments = program()
        entry: dict[str, Any] = {"type": "stdio"} if self.typed else {}
        entry |= {"command": command, "args": arguments}
        if env := {**self.env, **{name: self._named(name) for name in variables}}:
            entry["env"] = env
        return entry

    def _toml_entry(self, variables: tuple[str, ...]) -> dict[str, Any]:
        command, *arguments = program()
        entry: dict[str, Any] = {"command": command, "args": arguments, "startup_timeout_sec": 30}
        if variables:
            entry["env_vars"] = list(variables)
        return entry | ({"env": dict(self.env)} if self.env else {})

    def _named(self, variable: str) -> str:
        if self.variable is None:
            raise ConfigurationError(
                f"The file of {self.name} cannot name variables: it would hold the token itself.",
                next_step=f"run init without --with-turso, and put {variable} and what else it needs there by hand.",
            )
        return self.variable % variable


def _editor(agent: str) -> dict[str, str]:
    """Of an editor: who writes, and where the project is, which such clients do not tell a server otherwise."""
    return {_AGENT: agent, _PROJECT_DIRECTORY: "${workspaceFolder}"}


CLIENTS: Final = {
    one.name: one
    for one in (
        Client("claude", ".mcp.json"),
        Client("cursor", ".cursor/mcp.json", variable="${env:%s}", env=_editor("cursor")),
        Client("vscode", ".vscode/mcp.json", servers="servers", variable="${env:%s}", env=_editor("copilot")),
        Client("codex", ".codex/config.toml", form="toml", env={_AGENT: "codex"}),
        Client(
            "claude-desktop",
            "claude_desktop_config.json",
            variable=None,
            env={_AGENT: "claude-desktop"},
            typed=False,
            of_user=True,
        ),
    )
}
"""By the name that ``--client`` takes."""
