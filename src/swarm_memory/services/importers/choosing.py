"""Which importer reads a source."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from swarm_memory.errors import InvalidArgument
from swarm_memory.models.record import Record
from swarm_memory.services.importers import claude_flow, graphs, markdown, mcp_turso
from swarm_memory.services.importers.pieces import Piece, Place, record_of
from swarm_memory.services.intake import Untaken
from swarm_memory.services.lines import is_header
from swarm_memory.services.secrets import look
from swarm_memory.storage.foreign import ForeignDatabase, is_database, open_foreign

EXPORT: Final = "export"
READERS: Final[dict[str, Callable[[Path], Iterator[Piece | Untaken]]]] = {
    "claude-flow": claude_flow.read,
    "mcp-turso": mcp_turso.read,
    "server-memory": graphs.read_lines,
    "mcp-memory-libsql": graphs.read_libsql,
    "markdown": markdown.read,
}
_DATABASES: Final[dict[str, Callable[[ForeignDatabase], bool]]] = {
    "claude-flow": claude_flow.is_store,
    "mcp-memory-libsql": graphs.is_graph,
    "mcp-turso": mcp_turso.is_store,
}
_FIRST_LINE: Final = 1_000_000


def format_of(source: Path) -> str:
    """The name of the format: one of ``READERS``, or ``EXPORT``.

    Raises:
        InvalidArgument: It is none that is known.
    """
    found = _of_folder(source) if source.is_dir() else _of_file(source)
    if found is None:
        raise InvalidArgument(
            f"{source} is of no format that is known here.",
            next_step=f"name its format with --from: {', '.join((EXPORT, *READERS))}.",
        )
    return found


def read(source: Path, form: str, place: Place, *, allow_secrets: bool) -> Iterator[Record | Untaken]:
    """What a source of another program becomes here; what looks like a secret is left out, unless it is allowed.

    Raises:
        InvalidArgument: It is not of this format, or is damaged.
    """
    _check(source, form)
    for piece in READERS[form](source):
        made = piece if isinstance(piece, Untaken) else record_of(piece, form, place)
        yield made if allow_secrets or isinstance(made, Untaken) else _without_secret(made, piece)


def _without_secret(record: Record, piece: Piece | Untaken) -> Record | Untaken:
    texts = {"key": record.key, "topic": record.topic, "tags": record.tags, "attributes": record.attributes}
    sighting = next((one for one in look({**texts, "content": record.content}) if one is not None), None)
    if sighting is None or isinstance(piece, Untaken):
        return record
    where = "a memory" if sighting.place in ("key", "topic") else piece.where
    return Untaken(where, f"its {sighting.where} looks like a secret (rule {sighting.rule}); see --allow-secrets")


def _of_folder(folder: Path) -> str | None:
    if claude_flow.stores_in(folder):
        return "claude-flow"
    return "markdown" if markdown.is_markdown(folder) else None


def _of_file(file: Path) -> str | None:
    if is_database(file):
        return _of_database(file)
    if markdown.is_markdown(file):
        return "markdown"
    with file.open("rb") as opened:
        line = opened.readline(_FIRST_LINE)
    if is_header(line.decode(errors="replace")):
        return EXPORT
    if graphs.is_graph_line(line):
        return "server-memory"
    return "claude-flow" if file.name == "memory-store.json" else None


def _of_database(file: Path) -> str | None:
    with open_foreign(file) as database:
        if database.has("migrations") and database.has("memories"):
            raise InvalidArgument(
                f"{file} is a store of swarm-memory itself.",
                next_step="restore it with swarm-memory restore; or export it and import that.",
            )
        return next((name for name, fits in _DATABASES.items() if fits(database)), None)


def _check(source: Path, form: str) -> None:
    """Refuse a format that was named for something else, before anything is taken."""
    found = _of_folder(source) if source.is_dir() else _of_file(source)
    is_text = found is None and source.is_file() and not is_database(source)
    if found != form and not (is_text and form in ("markdown", "claude-flow")):
        raise InvalidArgument(
            f"{source} is not of the format {form}.", next_step="leave --from out, or name the right file."
        )
