"""The models on this machine: which there are, how one is brought here, and which one is chosen."""

import hashlib
import os
import urllib.request
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import BinaryIO, Final

from swarm_memory.errors import InvalidArgument, ModelUnavailable
from swarm_memory.services.embedding.catalog import KNOWN, Spec

_CHOSEN: Final = "chosen"
_PART: Final = 1 << 20
_MOST_BYTES: Final = 200_000_000
_TIME_OUT: Final = 30.0
"""Seconds without a byte."""

Tell = Callable[[int], None]


def is_pulled(models: Path, name: str) -> bool:
    """Whether all files of a known model are there; their content is not looked at."""
    return name in KNOWN and all((models / name / file).is_file() for file in KNOWN[name].files)


def chosen(models: Path) -> str | None:
    """The model that ``choose`` was told; None where it was none."""
    try:
        return (models / _CHOSEN).read_text("utf-8").strip()[:64] or None
    except OSError:
        return None


def choose(models: Path, name: str) -> None:
    """Let every process of this machine use a model from its next start on.

    Raises:
        InvalidArgument: There is no such model.
        ModelUnavailable: It is not here.
    """
    if name not in ("static", "none"):
        spec_of(name)
        if not is_pulled(models, name):
            raise ModelUnavailable(f"The model {name} is not here.", next_step=f"run swarm-memory models pull {name}.")
        if find_spec("onnxruntime") is None or find_spec("tokenizers") is None:
            raise ModelUnavailable(
                f"The model {name} needs onnxruntime and tokenizers, which are not installed.",
                next_step="install swarm-memory[onnx].",
            )
    models.mkdir(mode=0o700, parents=True, exist_ok=True)
    whole = models / f"{_CHOSEN}.new"
    whole.write_text(f"{name}\n", "utf-8")
    whole.replace(models / _CHOSEN)


def spec_of(name: str) -> Spec:
    """What is known of a model.

    Raises:
        InvalidArgument: There is none of this name.
    """
    if name not in KNOWN:
        raise InvalidArgument(
            f"There is no model {name!r}.", next_step=f"take one of: static, none, {', '.join(KNOWN)}."
        )
    return KNOWN[name]


def pull(models: Path, name: str, source: Path | None, tell: Tell) -> Path:
    """Bring a model's files here, and keep them only if they are what they should be.

    Args:
        models: Directory of all models.
        name: A known one.
        source: A folder that has the files; None: download them.
        tell: Is told the bytes that have come so far.

    Returns:
        The model's folder.

    Raises:
        InvalidArgument: There is no such model.
        ModelUnavailable: A file cannot be had, or has another checksum.
    """
    spec = spec_of(name)
    folder = models / name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    done = 0
    for file, (address, checksum) in spec.files.items():
        target = folder / file
        if target.is_file() and _checksum(target) == checksum:
            continue
        new = folder / f"{file}.{os.getpid()}.new"
        try:
            done = _bring(address if source is None else source / file, new, done, tell)
            if _checksum(new) != checksum:
                raise ModelUnavailable(
                    f"{file} of {name} is another file than the one that was tested.",
                    next_step="take the files of the release that the address of models list names.",
                )
            new.replace(target)
        except OSError as error:
            raise ModelUnavailable(
                f"{file} of {name} cannot be had: {type(error).__name__}.",
                next_step="check the network, or bring the files another way and give their folder with --from.",
            ) from None
        finally:
            new.unlink(missing_ok=True)
    return folder


def _bring(source: str | Path, target: Path, done: int, tell: Tell) -> int:
    with _opened(source) as file, target.open("wb") as copy:
        while part := file.read(_PART):
            copy.write(part)
            done += len(part)
            if done > _MOST_BYTES:
                raise OSError(_MOST_BYTES)
            tell(done)
    return done


def _opened(source: str | Path) -> BinaryIO:
    if isinstance(source, Path):
        return source.open("rb")
    return urllib.request.urlopen(source, timeout=_TIME_OUT)  # noqa: S310 - an https address of the catalog


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
