"""The part of a text that answers a query, and how many tokens an answer costs."""

import re
from collections.abc import Sequence
from typing import Any, Final

from swarm_memory.models.values import to_json

_WORD: Final = re.compile(r"[^\W_]+")
_SCAN: Final = 200_000
"""Characters of a text that are looked through for the query's words."""


def tokens_of(text: str) -> int:
    """An estimate of a language model's tokens: four ASCII characters are one, each other character is one."""
    if text.isascii():
        return (len(text) + 3) // 4
    ascii_count = len(text.encode("ascii", "ignore"))
    return (ascii_count + 3) // 4 + len(text) - ascii_count


def cost_of(value: Any) -> int:
    """Tokens of a JSON value in an answer."""
    return tokens_of(to_json(value))


def matched(text: str, terms: Sequence[str]) -> list[tuple[int, str]]:
    """Where words of the text match terms, as the index does: positions and the terms, in order of the text."""
    wanted = {_stem(term): term for term in terms}
    found: list[tuple[int, str]] = []
    for word in _WORD.finditer(text[:_SCAN]):
        term = wanted.get(_stem(word[0].lower()))
        if term is not None:
            found.append((word.start(), term))
    return found


def excerpt(text: str, terms: Sequence[str], length: int) -> tuple[str, bool]:
    """At most ``length`` characters around the densest place of the terms; True where something was left out."""
    if len(text) <= length:
        return text, False
    places = matched(text, terms)
    start = _densest(places, length) if places else 0
    begin = max(0, min(start - length // 6, len(text) - length))
    return _cut(text, begin, begin + length), True


def _densest(places: Sequence[tuple[int, str]], length: int) -> int:
    """Where the window begins that holds the most different terms."""
    best, best_count, first = places[0][0], 0, 0
    counts: dict[str, int] = {}
    for position, term in places:
        counts[term] = counts.get(term, 0) + 1
        while position - places[first][0] > length * 2 // 3:
            left = places[first][1]
            counts[left] -= 1
            if not counts[left]:
                del counts[left]
            first += 1
        if len(counts) > best_count:
            best, best_count = places[first][0], len(counts)
    return best


def _cut(text: str, begin: int, end: int) -> str:
    """A window without torn words at its edges, marked where it is cut."""
    window = text[begin:end]
    if begin:
        blank = window.find(" ", 0, 30)
        window = "…" + window[blank + 1 :]
    if end < len(text):
        blank = window.rfind(" ", max(0, len(window) - 30))
        window = (window[:blank] if blank > 0 else window) + "…"
    return window


def _stem(word: str) -> str:
    """A rough stem, near enough to the index's Porter stemmer to show why something matched."""
    for ending in ("ations", "ation", "ings", "ing", "edly", "ed", "ies", "es", "ly", "s", "e", "y"):
        if len(word) - len(ending) >= 3 and word.endswith(ending):
            return word[: -len(ending)]
    return word
