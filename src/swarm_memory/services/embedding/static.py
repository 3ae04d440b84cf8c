"""The default model: a table with a vector for each token, and a text is their mean.

The table is that of WordLlama (MIT; token embeddings of Llama 2 70B and others, distilled to 256 numbers), which its
package carries, so nothing is downloaded. It is mapped, not read: processes share its 16 MB, and take in only the
pages they touch. WordLlama's own loader is not used: it looks for the files on a hub, reads all of the table, and
keeps it as 32-bit floats.
"""

import json
import struct
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, cast

import numpy as np

from swarm_memory.errors import ModelUnavailable
from swarm_memory.services.embedding.catalog import STATIC
from swarm_memory.services.embedding.model import Bytes, Floats, normalised, quantised

_TABLE: Final = Path("weights", "l2_supercat_256.safetensors")
_TOKENIZER: Final = Path("tokenizers", "l2_supercat_tokenizer_config.json")
_MOST_CHARACTERS: Final = 20_000
_LONGEST_HEAD: Final = 10_000


class StaticTable:
    """The mean of the tokens' vectors."""

    name = STATIC
    dimensions = 256
    weight = 0.35
    baseline = 0.0
    is_quick = True

    def __init__(self, tokenizer: Any, table: np.memmap[Any, Any]) -> None:
        """Use ``load_static``."""
        self._tokenizer = tokenizer
        self._table = table

    def passages(self, texts: Sequence[str]) -> Bytes:
        """See ``Model``."""
        return quantised(self._means(texts))

    def question(self, text: str) -> Floats:
        """See ``Model``."""
        return normalised(self._means([text]))[0]

    def _means(self, texts: Sequence[str]) -> Floats:
        vectors = np.zeros((len(texts), self.dimensions), np.float32)
        for row, text in enumerate(texts):
            tokens = self._tokenizer.encode(text[:_MOST_CHARACTERS], add_special_tokens=False).ids
            if tokens:
                vectors[row] = self._table[tokens].astype(np.float32).mean(axis=0)
        return vectors


def load_static() -> StaticTable:
    """The model from the installed package ``wordllama``, which is not imported itself.

    Raises:
        ModelUnavailable: The package is not there, as on platforms that it has no wheel for, or holds something else.
    """
    found = find_spec("wordllama")
    if found is None or found.origin is None:
        raise ModelUnavailable(
            "The table of the static model is not installed: the package wordllama has no wheel for this platform.",
            next_step="search by words works without it; swarm-memory models list tells of other models.",
        )
    folder = Path(found.origin).parent
    try:
        from tokenizers import Tokenizer  # noqa: PLC0415 - not needed before the first meaning is asked for

        tokenizer = cast("Any", Tokenizer).from_file(str(folder / _TOKENIZER))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return StaticTable(tokenizer, _mapped(folder / _TABLE))
    except (OSError, ValueError, KeyError, ImportError) as error:
        raise ModelUnavailable(
            f"The static model cannot be read: {type(error).__name__}.",
            next_step="install swarm-memory again; search by words works meanwhile.",
        ) from error


def _mapped(path: Path) -> np.memmap[Any, Any]:
    """The one tensor of a safetensors file: 8 bytes of length, a JSON head, the numbers."""
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        if length > _LONGEST_HEAD:
            raise ValueError(path.name)
        head = json.loads(file.read(length))["embedding.weight"]
    if head["dtype"] != "F16" or head["shape"][1] != StaticTable.dimensions:
        raise ValueError(path.name)
    return np.memmap(path, np.float16, "r", offset=8 + length + head["data_offsets"][0], shape=tuple(head["shape"]))
