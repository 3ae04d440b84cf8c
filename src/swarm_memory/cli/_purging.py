"""What ``purge`` runs. Its imports are expensive: import it inside the command."""

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

import anyio
import click

from swarm_memory.cli._progress import progress
from swarm_memory.config import Settings, load_settings
from swarm_memory.logs import configure_logs
from swarm_memory.models.values import to_json
from swarm_memory.services.project import find_project
from swarm_memory.services.purge import Report, purge, survey
from swarm_memory.storage.opening import open_store
from swarm_memory.storage.purge import PurgeStore, Wish
from swarm_memory.storage.transfer import REQUEST_SECONDS

_EARLIER: Final = "Backups and exports made before still hold it, and so may the transcripts of clients."
_PRIMARY: Final = (
    "On the primary it is gone from everything that SQL can reach. What may still hold it there until it is "
    "overwritten or expires: free pages, the log, and what the provider keeps for point-in-time restore. "
    "Free pages of the copies on this and other machines may hold it too: delete the directory replicas in "
    "SWARM_MEMORY_HOME there, while no server runs."
)
_WAL: Final = (
    "A process reads the store all the time: the file memory.db-wal still holds it. Run the same command again."
)


class Purge:
    """One wish of a person: told first, then done."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        """Understand the command's options.

        Raises:
            UsageError: They do not say what is to go.
        """
        given = {name: value for name, value in options.items() if value}
        narrowing = given.keys() - {"all_projects", "project"}
        if given.get("all_projects") and "project" in given:
            raise click.UsageError("--project and --all-projects exclude each other.")
        if not narrowing and "project" not in given:
            raise click.UsageError(
                "Say what is to go: KEYS, --tag, --older-than, --agent, --id, --namespace or --project."
            )
        settings = load_settings()
        configure_logs(settings.log_level, settings.log_format)
        seconds = max(settings.primary_timeout, REQUEST_SECONDS)
        self._settings: Settings = settings.model_copy(update={"primary_timeout": seconds})
        self._options = given

    def survey(self) -> Report:
        """What would go."""
        return anyio.run(self._with_store, survey)

    def purge(self) -> Report:
        """Let it go."""

        async def run(store: PurgeStore, wish: Wish) -> Report:
            with progress("purging") as tell:
                return await purge(store, wish, lambda done: tell(done, None))

        return anyio.run(self._with_store, run)

    def remarks(self, report: Report) -> list[str]:
        """What may still hold it."""
        local = [] if report.is_scrubbed else [_WAL]
        return [*(local if self._settings.primary is None else [_PRIMARY]), _EARLIER]

    async def _with_store(self, work: Callable[[PurgeStore, Wish], Awaitable[Report]]) -> Report:
        opened = await open_store(self._settings, lasting=False)
        try:
            await opened.database.prepare()
            return await work(PurgeStore(opened.database), self._wish(opened.database.now()))
        finally:
            await opened.database.aclose()

    def _wish(self, now: int) -> Wish:
        given = self._options
        everywhere = given.get("all_projects") or "id_" in given
        project = given.get("project") or (None if everywhere else find_project(self._settings, Path.cwd()).name)
        age = given.get("older_than")
        return Wish(
            project=project,
            namespace=given.get("namespace"),
            keys=to_json(list(given["keys"])) if "keys" in given else None,
            id=given.get("id_"),
            tag=given.get("tag"),
            before=None if age is None else now - round(age * 1000),
            agent=given.get("agent"),
        )
