"""JSON values: what may be stored, and the form in which it is."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from swarm_memory.errors import InvalidArgument, TooLarge

MAX_VALUE_BYTES: Final = 1_000_000
MAX_DEPTH: Final = 64
MAX_INTEGER_BITS: Final = 13_000
"""Python refuses to read or write integers of more than 4,300 digits."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A value ready for the store.

    Attributes:
        content: A string as it is, or the JSON text of anything else.
        format: ``text`` or ``json``, which of the two.
        body: The words of an object or list for the search index; None where the content itself is searched.
        size: Bytes of the value's JSON text.
    """

    content: str
    format: str
    body: str | None
    size: int


def to_json(value: Any) -> str:
    """Compact JSON; numbers and text keep their exact value."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def encode(value: Any, *, name: str = "value") -> Encoded:
    """Check a JSON value and give it the store's form.

    Args:
        value: Anything that JSON can say.
        name: The argument's name, for errors.

    Raises:
        InvalidArgument: NUL, a lone surrogate, NaN, an infinity or an integer of more than 13,000 bits in it, or
            nesting deeper than 64.
        TooLarge: More than 1,000,000 bytes of JSON.
    """
    words: list[str] = []
    for atom in walk(value, name):
        check_text(atom, name) if isinstance(atom, str) else _check_number(atom, name)
        words.append(str(atom))
    text = to_json(value)
    size = len(text.encode())
    if size > MAX_VALUE_BYTES:
        raise TooLarge(
            f"{name} has {size} bytes of JSON; the limit is {MAX_VALUE_BYTES}.",
            next_step="store it in parts under several keys, or store a path or URL to it.",
        )
    if isinstance(value, str):
        return Encoded(value, "text", None, size)
    return Encoded(text, "json", "\n".join(words) if isinstance(value, dict | list) else None, size)


def decode(content: str, form: str) -> Any:
    """The value that ``encode`` was given."""
    return content if form == "text" else json.loads(content)


def walk(value: Any, name: str, depth: int = 1) -> Iterator[str | int | float]:
    """Keys, strings and numbers in a value, outside in; what else JSON has (true, false, null) needs no check.

    Raises:
        InvalidArgument: Nesting deeper than 64.
    """
    if depth > MAX_DEPTH:
        raise InvalidArgument(f"{name} is nested deeper than {MAX_DEPTH} levels.", next_step="flatten it.")
    if isinstance(value, dict):
        for key, item in value.items():  # pyright: ignore[reportUnknownVariableType] - any JSON
            yield key
            yield from walk(item, name, depth + 1)
    elif isinstance(value, list):
        for item in value:  # pyright: ignore[reportUnknownVariableType] - any JSON
            yield from walk(item, name, depth + 1)
    elif value is not None and not isinstance(value, bool):
        yield value


def check_text(text: str, name: str) -> None:
    """Refuse what no database or wire carries faithfully.

    Raises:
        InvalidArgument: NUL or a lone surrogate.
    """
    if "\0" in text:
        raise InvalidArgument(f"{name} holds a NUL character.", next_step="remove it, or encode the data as base64.")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise InvalidArgument(
                f"{name} holds a lone surrogate, which is no character.", next_step="send well-formed Unicode."
            ) from None


def _check_number(number: float, name: str) -> None:
    if isinstance(number, float) and not math.isfinite(number):
        raise InvalidArgument(
            f"{name} holds NaN or an infinity, which JSON cannot say.", next_step="send null or a string instead."
        )
    if isinstance(number, int) and number.bit_length() > MAX_INTEGER_BITS:
        raise InvalidArgument(
            f"{name} holds an integer of {number.bit_length()} bits; {MAX_INTEGER_BITS:,} are allowed.",
            next_step="send it as a string.",
        )
