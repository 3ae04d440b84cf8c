"""Known shapes of credentials in what is to be stored: where they are, and never what they are.

The rules are those of gitleaks (``secret_rules.json``, made by ``scripts/secret_rules.py``): a regular expression,
words of which one must be near, and the entropy that the secret must have. It is a guard against accidents: whoever
wants to hide a secret can.
"""

import json
import math
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final, cast

import anyio.lowlevel

from swarm_memory.errors import LooksLikeSecret

_MOST_SEARCHED: Final = 2_000_000
"""Characters that regular expressions look at for one call, all rules together: far more than any text but one that is
made of the rules' own words has."""
_MOST_FOUND: Final = 100
_ENOUGH_FOR_A_TURN: Final = 100_000
"""Characters between two moments in which others have their turn."""
_LONGEST_PLACE: Final = 200


@dataclass(frozen=True, slots=True)
class Sighting:
    """Something that looks like a secret.

    Attributes:
        rule: Name of the rule that it meets.
        place: Which text it is in, such as ``value.database.password`` or ``operations[3].value``.
        offset: Characters of that text in front of it.
        line: Of that text, counted from 1.
    """

    rule: str
    place: str
    offset: int
    line: int

    @property
    def where(self) -> str:
        """The place for people."""
        line = f", line {self.line}" if self.line > 1 else ""
        return f"{self.place}{line}, behind {self.offset:,} characters" if self.offset else self.place


@dataclass(frozen=True)
class Rule:
    """The shape of one kind of credential.

    Attributes:
        keywords: In lower case; one of them is in a match, or near it.
        reach: Characters on either side of the keyword that a match may take.
        entropy: What the secret has at least, in bits for each character.
        allowed: Regular expressions of examples and of what stands for a secret.
    """

    id: str
    keywords: list[str]
    regex: str
    reach: int
    entropy: float
    allowed: list[str]

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The regular expression; its first group that is not empty is the secret, else all of it."""
        return re.compile(self.regex, re.ASCII | re.MULTILINE)  # a secret may end with its line


@dataclass(frozen=True)
class _Rules:
    by_keyword: dict[str, list[Rule]]
    allowed: list[str]
    stopwords: list[str]


@cache
def _rules() -> _Rules:
    told = json.loads(Path(__file__).with_name("secret_rules.json").read_text("utf-8"))
    by_keyword: dict[str, list[Rule]] = {}
    for one in told["rules"]:
        rule = Rule(**one)
        for keyword in rule.keywords:
            by_keyword.setdefault(keyword, []).append(rule)
    return _Rules(by_keyword, told["allowed"], told["stopwords"])


def known_rules() -> dict[str, Rule]:
    """Every rule by its name."""
    return {rule.id: rule for rules in _rules().by_keyword.values() for rule in rules}


async def refuse_secrets(stored: Mapping[str, Any], *, override: str | None) -> None:
    """Refuse a write that holds a secret.

    Args:
        stored: The arguments that would be stored, by their names: JSON values.
        override: The argument that lets it pass; None where there is none.

    Raises:
        LooksLikeSecret: The first one, and where it is.
    """
    for sighting in look(stored):
        if sighting is not None:
            unless = f", or repeat the call with {override} if it is none or must be there" if override else ""
            raise LooksLikeSecret(
                f"{sighting.where} looks like a secret (rule {sighting.rule}); nothing was written.",
                next_step=f"say where the secret is kept instead{unless}.",
            )
        await anyio.lowlevel.checkpoint()


def find_secrets(stored: Mapping[str, Any]) -> list[Sighting]:
    """All that looks like a secret, in no order; one that meets several rules is told for each."""
    return [one for one in look(stored) if one is not None]


def look(stored: Mapping[str, Any]) -> Iterator[Sighting | None]:
    """What looks like a secret, as it is found; None: nothing yet, and others may have their turn.

    Args:
        stored: JSON values by their names.
    """
    texts = _Texts(stored)
    lowered = _lower(texts.whole)
    found = searched = since = 0
    for rule, begin, end in _to_search(lowered):
        searched, since = searched + end - begin, since + max(end - begin, len(lowered) // 10)
        if rule is not None:
            for at in _secrets(rule, texts.whole, begin, end):
                found += 1
                yield texts.sighting(rule.id, at)
        if found > _MOST_FOUND or searched > _MOST_SEARCHED:
            return
        if since > _ENOUGH_FOR_A_TURN:
            since = 0
            yield None


def _to_search(lowered: str) -> Iterator[tuple[Rule | None, int, int]]:
    """Which rule to try in which part of the text; no rule and no part for a word that is not there."""
    for keyword, rules in _rules().by_keyword.items():
        yield None, 0, 0
        if keyword in lowered:
            yield from ((rule, *region) for rule in rules for region in _regions(lowered, keyword, rule.reach))


def _secrets(rule: Rule, text: str, begin: int, end: int) -> Iterator[int]:
    """Where secrets of this rule begin, in a part of a text."""
    for match in rule.pattern.finditer(text, begin, end):
        group = next((number for number, found in enumerate(match.groups(), 1) if found), 0)
        secret = match[group]
        if _entropy(secret) >= rule.entropy and not _is_allowed(secret, rule):
            yield match.start(group)


def _is_allowed(secret: str, rule: Rule) -> bool:
    """Whether it is a well-known example, or stands for a secret."""
    general = _rules()
    if any(word in secret.lower() for word in general.stopwords):
        return True
    return any(re.search(pattern, secret, re.ASCII) for pattern in (*rule.allowed, *general.allowed))


def _entropy(text: str) -> float:
    """Shannon's, in bits for each character."""
    counts = Counter(text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)


def _lower(text: str) -> str:
    """The text in lower case with every character in its place: a few letters have two in lower case."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else "".join(one.lower() if one.isascii() else one for one in text)


def _regions(lowered: str, keyword: str, reach: int) -> Iterator[tuple[int, int]]:
    """Where a match can be that has the keyword, in ``reach`` characters: parts that do not overlap."""
    end = 0
    while (at := lowered.find(keyword, end)) >= 0:
        begin, last = max(end, at - reach), at
        while True:
            end = last + len(keyword) + reach
            further = lowered.rfind(keyword, last + 1, end)
            if further < 0:
                break
            last = further
        yield begin, min(end, len(lowered))


# A step on the way to a text: the one before it, and the name or number. A tuple, since there may be 100,000 of them.
_Place = tuple["_Place | None", str | int]


class _Texts:
    """All texts of some JSON values as one, each behind its name, and where each begins."""

    def __init__(self, stored: Mapping[str, Any]) -> None:
        self._parts: list[str] = []
        self._begins: list[int] = []
        self._places: list[_Place] = []
        self._length = 0
        for name, value in stored.items():
            self._gather((None, name), value)
        self.whole = "".join(self._parts)

    def sighting(self, rule: str, at: int) -> Sighting:
        """What was found behind so many characters of the whole."""
        number = bisect_right(self._begins, at) - 1
        line = self.whole.count("\n", self._begins[number], at) + 1
        return Sighting(rule, _shown(self._places[number]), at - self._begins[number], line)

    def _gather(self, place: _Place, value: Any) -> None:
        if isinstance(value, str):
            self._add(f"{value}\n", place)
        elif isinstance(value, dict):
            for name, item in cast("dict[str, Any]", value).items():
                inner = (place, name)
                self._add(f"{name}=", inner)
                self._gather(inner, item)
        elif isinstance(value, list | tuple):
            for number, item in enumerate(cast("list[Any]", value)):
                self._gather((place, number), item)

    def _add(self, text: str, place: _Place) -> None:
        self._parts.append(text)
        self._begins.append(self._length)
        self._places.append(place)
        self._length += len(text)


def _shown(place: _Place) -> str:
    """The way to a text; only its first step where a name on it is itself a secret, or it is very long."""
    steps: list[str] = []
    above: _Place | None = place
    while above is not None:
        above, step = above
        steps.insert(0, f"[{step}]" if isinstance(step, int) else f".{step}")
    shown = "".join(steps).removeprefix(".")
    if len(steps) > 1 and (len(shown) > _LONGEST_PLACE or any(look({"": shown}))):
        return f"{steps[0].removeprefix('.')} (somewhere in it)"
    return shown
