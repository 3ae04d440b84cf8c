"""Asks the primary whether it can be worked with. Its imports are expensive: import it inside the command."""

from typing import Final

import anyio

from swarm_memory.cli._client_file import TOKEN_VARIABLE, URL_VARIABLE
from swarm_memory.config import Settings, load_settings
from swarm_memory.errors import ConfigurationError
from swarm_memory.storage.primary import Primary
from swarm_memory.storage.transfer import check_writable, holds_store

_SECONDS: Final = 5.0
"""A person waits."""


def configured(url: str | None = None, token: str | None = None) -> Settings:
    """The settings with this URL and token; those of the environment where they are None.

    Raises:
        ConfigurationError: The URL is none, or the token is none.
    """
    given = {URL_VARIABLE: url, TOKEN_VARIABLE: token}
    # What the mode of this shell is says nothing of the servers that the file is for.
    return load_settings(mode="auto", **given)


def check(settings: Settings) -> tuple[str, bool]:
    """Ask the primary; its host, and whether it holds a store already. Nothing is written there.

    Raises:
        ConfigurationError: There is no URL.
        StorageError: It does not answer, or not to this token, or the token may only read.
    """
    if settings.primary is None:
        raise ConfigurationError(
            "There is no URL of a primary.", next_step=f"give it with --url, or set {URL_VARIABLE}."
        )
    primary = Primary(settings.primary, settings.token, _SECONDS)

    async def ask() -> bool:
        await check_writable(primary)
        return await holds_store(primary)

    return primary.host, anyio.run(ask)
