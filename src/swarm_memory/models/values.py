"""JSON values: what may be stored, and the form in which it is."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, cast

from swarm_memory.errors import InvalidArgument, TooLarge

MAX_VALUE_BYTES: Final = 1_000_000
WHOLE_VALUE_BYTES: Final = 40_000
"""Up to which an answer holds a value whole."""
MAX_DEPTH: Final = 64
MAX_INTEGER_BITS: Final = 13_000
"""Python refuses to read or write integers of more than 4,300 digits."""

_LONG_NUMBER: Final = 3_900
"""Characters below which no number has too many bits."""


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
    text = _json_text(value, name)
    # Before anything that takes longer than a pass in C.
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_VALUE_BYTES:
        raise TooLarge(
            f"{name} has {size} bytes of JSON; the limit is {MAX_VALUE_BYTES}.",
            next_step="store it in parts under several keys, or store a path or URL to it.",
        )
    if isinstance(value, str):
        check_text(value, name)
        return Encoded(value, "text", None, size)
    if not isinstance(value, dict | list):
        _check_length(text, name)
        return Encoded(text, "json", None, size)
    body = "\n".join(_words(cast("dict[str, Any] | list[Any]", value), name))
    check_text(body, name)
    return Encoded(text, "json", body, size)


def decode(content: str, form: str) -> Any:
    """The value that ``encode`` was given."""
    return content if form == "text" else json.loads(content)


def _json_text(value: Any, name: str) -> str:
    try:
        return to_json(value)
    except RecursionError:
        raise _too_deep(name) from None
    except ValueError:
        pass
    try:
        json.dumps(value)  # which takes NaN
    except ValueError:
        raise _too_long(name) from None
    raise InvalidArgument(
        f"{name} holds NaN or an infinity, which JSON cannot say.", next_step="send null or a string instead."
    )


def _words(value: dict[str, Any] | list[Any], name: str) -> list[str]:
    """Keys, strings and numbers in a value, as they stand in its JSON; not true, false and null.

    One loop for all levels: a generator in a generator for each level is ten times slower.
    """
    words: list[str] = []
    levels = [_enter(value, 0, name)]
    while levels:
        for item in levels[-1]:
            if isinstance(item, str):
                words.append(item)
            elif isinstance(item, (dict, list)):
                if item:
                    levels.append(_enter(cast("dict[str, Any] | list[Any]", item), len(levels), name))
                    break
            elif item is not None and item is not True and item is not False:
                number = str(item)
                if len(number) > _LONG_NUMBER:
                    _check_length(number, name)
                words.append(number)
        else:
            levels.pop()
    return words


def _enter(value: dict[str, Any] | list[Any], above: int, name: str) -> Iterator[Any]:
    if value and above == MAX_DEPTH - 1:
        raise _too_deep(name)
    return chain.from_iterable(value.items()) if isinstance(value, dict) else iter(value)


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


def _check_length(number: str, name: str) -> None:
    if len(number) > _LONG_NUMBER and int(number).bit_length() > MAX_INTEGER_BITS:
        raise _too_long(name)


def _too_long(name: str) -> InvalidArgument:
    return InvalidArgument(
        f"{name} holds an integer of more than {MAX_INTEGER_BITS:,} bits.", next_step="send it as a string."
    )


def _too_deep(name: str) -> InvalidArgument:
    return InvalidArgument(f"{name} is nested deeper than {MAX_DEPTH} levels.", next_step="flatten it.")
