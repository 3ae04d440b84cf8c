"""What ``reindex`` runs. Its imports are expensive: import it inside the command."""

from swarm_memory.app import App
from swarm_memory.cli._calling import with_app
from swarm_memory.cli._progress import progress
from swarm_memory.errors import ModelUnavailable
from swarm_memory.services.indexing import Progress

_LOADING = 60.0


def fill(*, again: bool) -> tuple[str, Progress]:
    """Make the vectors that the store lacks; the model's name, and what was done.

    Raises:
        ModelUnavailable: There is no model.
        StorageError: The store cannot be read or written; what was made until then stays.
    """

    async def work(app: App) -> tuple[str, Progress]:
        embedding = app.search.embedding
        model = await embedding.loaded(_LOADING)
        if model is None:
            raise embedding.fault or ModelUnavailable(
                "There is no model to make vectors with.", next_step="choose one: swarm-memory models use static."
            )
        total = (await app.health.status(app.project.name)).counts.all_projects
        done = Progress(0, 0)
        with progress("making vectors") as tell:
            async for done in app.search.indexer.fill(again=again):
                tell(done.seen, max(total, done.seen))
        return model.name, done

    return with_app(work)
