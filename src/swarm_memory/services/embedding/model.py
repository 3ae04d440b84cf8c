"""What every model is: texts in, vectors of signed bytes out."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bytes = NDArray[np.int8]


class Model(Protocol):
    """A model in memory. Its methods may be called from any thread, one at a time."""

    @property
    def name(self) -> str:
        """Under which its vectors are kept; another name means other vectors."""
        ...

    @property
    def dimensions(self) -> int:
        """Numbers of a vector; a multiple of 64."""
        ...

    @property
    def weight(self) -> float:
        """How much its likeness counts beside words, from 0 to 1: measured, see docs/decisions/0011."""
        ...

    @property
    def baseline(self) -> float:
        """Cosine that texts have which share nothing: it counts as no likeness at all."""
        ...

    @property
    def is_quick(self) -> bool:
        """A text takes well under a millisecond, so it may be embedded on the event loop."""
        ...

    def passages(self, texts: Sequence[str]) -> Bytes:
        """Vectors as they are stored, ``(texts, dimensions)``; zeros where the model knows nothing of a text."""
        ...

    def question(self, text: str) -> Floats:
        """The vector of a question, ``(dimensions,)``, of length 1 or 0."""
        ...


def quantised(vectors: Floats) -> Bytes:
    """Each vector as signed bytes, its largest number at 127: free in quality, a quarter of the size."""
    peaks = np.abs(vectors).max(axis=1, keepdims=True)
    return np.rint(vectors * (127.0 / np.where(peaks > 0, peaks, 1.0))).astype(np.int8)


def normalised(vectors: Floats) -> Floats:
    """Each vector at length 1; one of zeros stays."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors / np.where(lengths > 0, lengths, 1.0)).astype(np.float32)
