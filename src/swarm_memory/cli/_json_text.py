"""Changes one place of a JSON text, and leaves every other character of it as it is.

The files of clients are edited by people: their layout, the order of their members and what this program does not know
must survive. Whoever calls has parsed the whole text with ``json`` before, so what is read here is JSON.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

Path = Sequence[str | int]
"""Names of members and numbers of items, from the outermost value inwards."""

_BLANK: Final = re.compile(r"[ \t\r\n]*")
_DECODER: Final = json.JSONDecoder()
_UNIT: Final = re.compile(r"\n([ \t]+)\S")


@dataclass(frozen=True, slots=True)
class _Item:
    """A member of an object, from its name on, or an item of an array: positions in the text."""

    name: str | int
    begin: int
    value: int
    end: int


def put(text: str, path: Path, value: Any) -> str:
    """The text with this value at that place; objects on the way there are made where they are missing.

    Args:
        text: A JSON object.
        path: A number means an item that is there, or one more behind the last.
        value: Any JSON value.

    Raises:
        ValueError: Something on the way is neither an object nor an array.
    """
    place = _skip(text, 0)
    for depth, name in enumerate(path):
        found = _find(text, place, name)
        if found is None:
            for missing in reversed(path[depth + 1 :]):
                value = {missing: value} if isinstance(missing, str) else [value]
            return _insert(text, place, name, value)
        place = found.value
    return text[:place] + _rendered(text, value, _indentation(text, place)) + text[_end(text, place) :]


def remove(text: str, path: Path) -> str:
    """The text without what is at this place, and without the containers around it that are empty then.

    Raises:
        ValueError: There is no such place.
    """
    place = _skip(text, 0)
    *outer, last = path
    for name in outer:
        place = _must(text, place, name).value
    items = _items(text, place)
    gone = items.index(_must(text, place, last))
    if len(items) == 1:
        return remove(text, outer) if outer else text[: place + 1] + text[_end(text, place) - 1 :]
    if gone == 0:
        return text[: items[0].begin] + text[items[1].begin :]
    return text[: items[gone - 1].end] + text[items[gone].end :]


def _insert(text: str, container: int, name: str | int, value: Any) -> str:
    """One more member or item behind the last, laid out as that one is."""
    head = f"{json.dumps(name, ensure_ascii=False)}: " if isinstance(name, str) else ""
    items = _items(text, container)
    if not items:
        return _fill(text, container, head, value)
    first = _skip(text, container + 1)
    lead = text[container + 1 : first] if len(items) == 1 else text[items[-2].end : items[-1].begin].rpartition(",")[2]
    if "\n" not in lead:
        new = f", {head}{json.dumps(value, ensure_ascii=False)}"
    else:
        new = f",{lead}{head}{_rendered(text, value, lead.rpartition(chr(10))[2])}"
    return text[: items[-1].end] + new + text[items[-1].end :]


def _fill(text: str, container: int, head: str, value: Any) -> str:
    """The first item of an empty container."""
    outer = _indentation(text, container)
    inner = outer + _unit(text)
    line = _line_end(text)
    new = f"{line}{inner}{head}{_rendered(text, value, inner)}{line}{outer}"
    return text[: container + 1] + new + text[_end(text, container) - 1 :]


def _rendered(text: str, value: Any, indentation: str) -> str:
    """The value as JSON over several lines, in the layout of the text."""
    lines = json.dumps(value, ensure_ascii=False, indent=_unit(text)).split("\n")
    return (_line_end(text) + indentation).join(lines)


def _unit(text: str) -> str:
    found = _UNIT.search(text)
    return found[1] if found else "  "


def _line_end(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _indentation(text: str, place: int) -> str:
    """Of the line that this place is in."""
    line = text[text.rfind("\n", 0, place) + 1 : place]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _must(text: str, container: int, name: str | int) -> _Item:
    found = _find(text, container, name)
    if found is None:
        raise ValueError(f"there is no {name!r}")
    return found


def _find(text: str, container: int, name: str | int) -> _Item | None:
    """The member or item of this name; of several members of one name the last one counts, as for every parser."""
    if text[container] != ("{" if isinstance(name, str) else "["):
        raise ValueError(f"what should hold {name!r} cannot")
    return next((item for item in reversed(_items(text, container)) if item.name == name), None)


def _items(text: str, container: int) -> list[_Item]:
    named = text[container] == "{"
    items: list[_Item] = []
    place = _skip(text, container + 1)
    while text[place] not in "}]":
        begin, name = place, len(items)
        if named:
            name, place = _DECODER.raw_decode(text, place)
            place = _skip(text, _skip(text, place) + 1)  # over the colon
        end = _end(text, place)
        items.append(_Item(name, begin, place, end))
        place = _skip(text, end)
        if text[place] == ",":
            place = _skip(text, place + 1)
    return items


def _end(text: str, value: int) -> int:
    return _DECODER.raw_decode(text, value)[1]


def _skip(text: str, place: int) -> int:
    found = _BLANK.match(text, place)
    return found.end() if found else place
