"""Which model a process uses, by its settings; the models are loaded when they are needed."""

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from swarm_memory.services.embedding.active import Embedding
from swarm_memory.services.embedding.catalog import STATIC
from swarm_memory.services.embedding.library import chosen

if TYPE_CHECKING:
    from swarm_memory.services.embedding.model import Model


def choose_embedding(wanted: str, models: Path) -> Embedding:
    """The model that ``SWARM_MEMORY_EMBEDDER`` names.

    Args:
        wanted: auto (what ``models use`` was told, else static, where it is installed), none, static, or the name of a
            model that was pulled.
        models: Directory of the pulled models.
    """
    if wanted == "auto":
        wanted = chosen(models) or ("none" if find_spec("wordllama") is None else "static")
    if wanted == "none":
        return Embedding(None, None)
    if wanted in ("static", STATIC):
        return Embedding(STATIC, _static)
    return Embedding(wanted, lambda: _onnx(models / wanted, wanted))


def _static() -> "Model":
    from swarm_memory.services.embedding.static import load_static  # noqa: PLC0415 - brings numpy

    return load_static()


def _onnx(folder: Path, name: str) -> "Model":
    from swarm_memory.services.embedding.onnx import load_onnx  # noqa: PLC0415 - brings onnxruntime

    return load_onnx(folder, name)
