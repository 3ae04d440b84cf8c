"""The model that this process uses: loaded when it is first needed, beside whatever else is going on."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

import anyio
import anyio.to_thread

from swarm_memory.errors import SwarmMemoryError

if TYPE_CHECKING:  # numpy is loaded with the model, and not before
    from swarm_memory.services.embedding.model import Bytes, Floats, Model

_T = TypeVar("_T")


class Embedding:
    """One model, or none. Loading it takes a thread some 200 ms and does not stop the event loop."""

    def __init__(self, name: str | None, load: "Callable[[], Model] | None") -> None:
        """Use the model of this name; None for both means that search is by words."""
        self.name = name
        self.fault: SwarmMemoryError | None = None
        self._load = load
        self._model: Model | None = None
        self._loading: asyncio.Task[None] | None = None
        self._one_text = anyio.Lock()

    @property
    def model(self) -> "Model | None":
        """The model, if it is loaded."""
        return self._model

    def warm(self) -> None:
        """Begin to load it, if nobody has."""
        if self._load is not None and self._model is None and self._loading is None and self.fault is None:
            self._loading = asyncio.get_running_loop().create_task(self._bring())

    async def loaded(self, seconds: float) -> "Model | None":
        """The model, waited for at most so long; None where it is not there then, or there is none."""
        self.warm()
        if self._loading is not None and self._model is None:
            await asyncio.wait([self._loading], timeout=seconds)
        return self._model

    async def passages(self, texts: Sequence[str]) -> "Bytes | None":
        """Vectors of passages as they are stored; None while the model is not loaded."""
        model = self._model
        if model is None or not texts:
            return None
        return await self._run(model, lambda: model.passages(texts))

    async def question(self, text: str) -> "Floats | None":
        """The vector of a question; None while the model is not loaded, and for a text it knows nothing of."""
        model = self._model
        if model is None:
            return None
        vector = await self._run(model, lambda: model.question(text))
        return vector if vector.any() else None

    async def _run(self, model: "Model", work: Callable[[], _T]) -> _T:
        if model.is_quick:
            return work()
        async with self._one_text:
            return await anyio.to_thread.run_sync(work)

    async def _bring(self) -> None:
        if self._load is None:
            return
        try:
            self._model = await anyio.to_thread.run_sync(self._load)
        except SwarmMemoryError as error:
            self.fault = error
