"""What ``models`` runs. Its imports are expensive: import it inside the command."""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from swarm_memory.cli._progress import progress
from swarm_memory.config import load_settings
from swarm_memory.services.embedding.catalog import KNOWN, STATIC
from swarm_memory.services.embedding.choice import choose_embedding
from swarm_memory.services.embedding.library import choose, is_pulled, pull

_STATIC = "the default: 256 numbers, English, 0.1 ms a question, shared by all processes"
_NONE = "search by words only"


def listed() -> list[dict[str, Any]]:
    """Every model, whether it is here, and which one is used."""
    settings = load_settings()
    present = choose_embedding(settings.embedder, settings.models).name
    told = [
        {
            "name": "static",
            "here": find_spec("wordllama") is not None,
            "used": present == STATIC,
            "about": _STATIC,
        },
        {"name": "none", "here": True, "used": present is None, "about": _NONE},
    ]
    return told + [
        {"name": name, "here": is_pulled(settings.models, name), "used": present == name, "about": spec.about}
        for name, spec in KNOWN.items()
    ]


def pulled(name: str, source: Path | None) -> Path:
    """Bring a model; its folder.

    Raises:
        InvalidArgument: There is no such model.
        ModelUnavailable: Its files cannot be had.
    """
    with progress(f"bringing {name}") as tell:
        return pull(load_settings().models, name, source, lambda done: tell(done, None))


def used(name: str) -> None:
    """Choose a model.

    Raises:
        InvalidArgument: There is no such model.
        ModelUnavailable: It is not here.
    """
    choose(load_settings().models, name)
