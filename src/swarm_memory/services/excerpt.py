"""The part of a text that answers a query, and how many tokens an answer costs."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, Final

from swarm_memory.models.search import Places
from swarm_memory.models.values import to_json
from swarm_memory.models.words import composed

_BEGINNING: Final = 16
"""Letters of a stem that the pattern looks for; a word that has them is then compared as a whole."""
_ANY_WORD: Final = re.compile(r"[a-z0-9]+")
_MOST_PLACES: Final = 100
"""Places of one term that are told, so that a word on every line costs no more than a rare one."""


def tokens_of(text: str) -> int:
    """An estimate of a language model's tokens: four ASCII characters are one, each other character is one."""
    if text.isascii():
        return (len(text) + 3) // 4
    ascii_count = len(text.encode("ascii", "ignore"))
    return (ascii_count + 3) // 4 + len(text) - ascii_count


def cost_of(value: Any) -> int:
    """Tokens of a JSON value in an answer."""
    return tokens_of(to_json(value))


class Matcher:
    """Finds the words of a query in texts, as the index does: apart from case and ending."""

    def __init__(self, terms: Sequence[str]) -> None:
        """Look for these terms: single words, lower case, composed."""
        self._wanted = {_stem(term): term for term in terms}

    @cached_property
    def _beginning(self) -> re.Pattern[str]:
        return _beginnings(self._wanted)

    def places(self, text: str, scan: int) -> Places:
        """Where the first ``scan`` characters of a text match, in order; each term at most 100 times."""
        found: list[tuple[int, str]] = []
        if not self._wanted:
            return ()
        if text.isascii():
            return self._places_in_ascii(text[:scan].lower())
        counts: dict[str, int] = {}
        for word in self._beginning.finditer(text, 0, scan):
            term = self._wanted.get(_stem(composed(word[0]).lower()))
            if term is not None and counts.get(term, 0) < _MOST_PLACES:
                counts[term] = counts.get(term, 0) + 1
                found.append((word.start(), term))
        return tuple(found)

    def _places_in_ascii(self, text: str) -> Places:
        """The same in a text of lower case letters, stem by stem: no pattern need be made for it."""
        found: list[tuple[int, str]] = []
        for stem, term in self._wanted.items():
            count, at = 0, text.find(stem)
            while at >= 0 and count < _MOST_PLACES:
                word = _ANY_WORD.match(text, at) if not at or not text[at - 1].isalnum() else None
                if word is not None and _stem(word[0]) == stem:
                    found.append((at, term))
                    count += 1
                at = text.find(stem, at + 1)
        return tuple(sorted(found))


def _beginnings(stems: Iterable[str]) -> re.Pattern[str]:
    """Words that begin with one of the stems. One pattern for all, by first letters: it runs once over a text."""
    by_letter: dict[str, set[str]] = {}
    for stem in stems:
        for form in ("NFC", "NFD"):
            beginning = unicodedata.normalize(form, stem[:_BEGINNING])
            by_letter.setdefault(beginning[0], set()).add(re.escape(beginning[1:]))
    letters = [f"{re.escape(letter)}(?:{'|'.join(sorted(rest))})" for letter, rest in by_letter.items()]
    return re.compile(rf"(?<![^\W_])(?:{'|'.join(letters)})(?:[^\W_]|[\u0300-\u036f])*", re.IGNORECASE)


def excerpt(text: str, places: Places, length: int) -> tuple[str, bool]:
    """At most ``length`` characters around the densest of the places; True where something was left out."""
    if len(text) <= length:
        return text, False
    start = _densest(places, length) if places else 0
    begin = max(0, min(start - length // 6, len(text) - length))
    return _cut(text, begin, begin + length), True


def _densest(places: Places, length: int) -> int:
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
