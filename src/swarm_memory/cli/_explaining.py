"""What ``why`` runs. Its imports are expensive: import it inside the command."""

from swarm_memory.app import App
from swarm_memory.cli._calling import with_app
from swarm_memory.models.search import Filters
from swarm_memory.services.explaining import Explanation


def explained(query: str, id_: str, project: str | None) -> Explanation:
    """The numbers of one memory for a query.

    Raises:
        NotFound: No memory has this id.
        StorageError: The store cannot be read.
    """

    async def work(app: App) -> Explanation:
        filters = Filters(project or app.project.name, only_project=project is not None)
        return await app.search.at("auto").explain(query, filters, id_)

    return with_app(work)
