"""Small transformer models by ONNX Runtime (the extra ``onnx``)."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, cast

import numpy as np

from swarm_memory.errors import ModelUnavailable
from swarm_memory.services.embedding.catalog import KNOWN, Spec
from swarm_memory.services.embedding.model import Bytes, Floats, normalised, quantised

_MOST_CHARACTERS: Final = 20_000
_THREADS: Final = 2


class OnnxModel:
    """One text a run: with dynamic 8-bit weights, a text's vector would depend on those it is run beside."""

    is_quick = False

    def __init__(self, spec: Spec, tokenizer: Any, session: Any) -> None:
        """Use ``load_onnx``."""
        self.name = spec.name
        self.dimensions = spec.dimensions
        self.weight = spec.weight
        self.baseline = spec.baseline
        self._spec = spec
        self._tokenizer = tokenizer
        self._session = session
        self._inputs = {one.name for one in session.get_inputs()}

    def passages(self, texts: Sequence[str]) -> Bytes:
        """See ``Model``."""
        return quantised(np.stack([self._vector(text) for text in texts]))

    def question(self, text: str) -> Floats:
        """See ``Model``."""
        return self._vector(self._spec.prefix + text)

    def _vector(self, text: str) -> Floats:
        encoded = self._tokenizer.encode(text[:_MOST_CHARACTERS])
        ids, mask = np.array([encoded.ids], np.int64), np.array([encoded.attention_mask], np.int64)
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        [states, *_] = self._session.run(None, {name: given[name] for name in self._inputs})
        state = cast("Floats", states[0])
        vector = state[0] if self._spec.pooling == "first" else state.mean(axis=0)
        return normalised(vector[None, :].astype(np.float32))[0]


def load_onnx(folder: Path, name: str) -> OnnxModel:
    """A model from its folder.

    Raises:
        ModelUnavailable: It is not known, not pulled, or onnxruntime is not installed.
    """
    spec = KNOWN.get(name)
    if spec is None:
        raise ModelUnavailable(
            f"There is no model {name!r}.", next_step=f"set SWARM_MEMORY_EMBEDDER to static or {', '.join(KNOWN)}."
        )
    try:
        import onnxruntime  # noqa: PLC0415 - an extra, and slow to import
        from tokenizers import Tokenizer  # noqa: PLC0415 - the same
    except ImportError:
        raise ModelUnavailable(
            f"The model {name} needs onnxruntime and tokenizers, which are not installed.",
            next_step="install swarm-memory[onnx].",
        ) from None
    if not all((folder / file).is_file() for file in spec.files):
        raise ModelUnavailable(f"The model {name} is not here.", next_step=f"run swarm-memory models pull {name}.")
    try:
        tokenizer = cast("Any", Tokenizer).from_file(str(folder / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.enable_truncation(spec.tokens)
        options = cast("Any", onnxruntime).SessionOptions()
        options.intra_op_num_threads = _THREADS
        session = cast("Any", onnxruntime).InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:
        raise ModelUnavailable(
            f"The model {name} cannot be read: {type(error).__name__}.", next_step=f"pull it again: models pull {name}."
        ) from error
    return OnnxModel(spec, tokenizer, session)
