"""The models that are known: where their files come from, how they are used, and what they must be."""

from dataclasses import dataclass
from typing import Final, Literal

STATIC: Final = "static-256"
"""Name of the model that comes with the program; see ``static.py``."""


@dataclass(frozen=True, slots=True)
class Spec:
    """One model in ONNX form.

    Attributes:
        name: Under which it is kept, chosen, and named beside its vectors.
        files: Name in the model's folder: where it is downloaded from, and its SHA-256.
        pooling: Whether a text's vector is that of the first token, or the mean of all.
        dimensions: Numbers of a vector.
        weight: Beside words, see ``Model.weight``.
        baseline: See ``Model.baseline``.
        prefix: What stands before a question.
        tokens: At most so many of a text are read.
        about: For people, one line.
    """

    name: str
    files: dict[str, tuple[str, str]]
    pooling: Literal["first", "mean"]
    dimensions: int
    weight: float
    baseline: float
    prefix: str
    tokens: int
    about: str


_HUB: Final = "https://huggingface.co/Xenova/bge-small-en-v1.5/resolve/main"

KNOWN: Final = {
    spec.name: spec
    for spec in (
        Spec(
            name="bge-small",
            files={
                "model.onnx": (
                    f"{_HUB}/onnx/model_quantized.onnx",
                    "6c9c6101a956d62dfb5e7190c538226c0c5bb9cb27b651234b6df063ee7dbfe4",
                ),
                "tokenizer.json": (
                    f"{_HUB}/tokenizer.json",
                    "d241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66",
                ),
            },
            pooling="first",
            dimensions=384,
            weight=0.5,
            baseline=0.4,
            prefix="Represent this sentence for searching relevant passages: ",
            tokens=512,
            about="bge-small-en-v1.5 in 8 bits, MIT, 34 MB, English; about 5 ms a question, 60 texts a second",
        ),
    )
}
