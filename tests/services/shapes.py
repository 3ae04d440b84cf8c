"""Texts that look like the secrets of a rule: made at random from its regular expression."""

import random
import re
from importlib import import_module
from typing import Any, Final

# The parser of Python's own regular expressions; nothing public tells what one can match.
_parser: Any = import_module("re._parser")
_TEXT: Final = [chr(number) for number in range(33, 127)]
_SURPLUS: Final = 20
"""So many more than the least, where a repetition has no bound."""


def shaped(pattern: str, chance: random.Random) -> str:
    """A text that the pattern matches as a whole; its letters are chosen evenly from what is allowed in each place."""
    return _Maker(chance).sequence(_parser.parse(pattern, re.ASCII))


class _Maker:
    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def sequence(self, parsed: Any) -> str:
        return "".join(self._one(str(code).rpartition(".")[2], value) for code, value in parsed)

    def _one(self, code: str, value: Any) -> str:
        match code:
            case "AT":
                return ""
            case "BRANCH":
                return self.sequence(self._chance.choice(value[1]))
            case "SUBPATTERN":
                return self.sequence(value[-1])
            case "MAX_REPEAT" | "MIN_REPEAT":
                least, most, inner = value
                number = self._chance.randint(least, min(int(most), least + _SURPLUS))
                return "".join(self.sequence(inner) for _ in range(number))
            case _:
                return self._chance.choice(_characters(code, value))


def _characters(code: str, value: Any) -> list[str]:
    match code:
        case "LITERAL":
            return [chr(value)]
        case "ANY":
            return ["."]  # mostly meant as one
        case "IN":
            return _members(value)
        case other:
            raise NotImplementedError(other)


def _members(parts: Any) -> list[str]:
    """The characters of a class, printable ASCII of it."""
    found: set[str] = set()
    negated = False
    for code, value in parts:
        match str(code).rpartition(".")[2]:
            case "NEGATE":
                negated = True
            case "LITERAL":
                found.add(chr(value))
            case "RANGE":
                found |= {chr(number) for number in range(value[0], value[1] + 1)}
            case _:
                found |= _CATEGORIES[str(value).rpartition(".")[2]]
    return sorted(set(_TEXT) - found if negated else found)


_SPACE: Final = {" ", "\n"}
_WORD: Final = {one for one in _TEXT if one.isalnum() or one == "_"}
_CATEGORIES: Final = {
    "CATEGORY_DIGIT": set("0123456789"),
    "CATEGORY_WORD": _WORD,
    "CATEGORY_SPACE": _SPACE,
    "CATEGORY_NOT_SPACE": set(_TEXT),
}
