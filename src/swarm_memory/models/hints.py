"""Words that the index's tokenizer does not see: parts of camelCase names, characters of scripts without blanks.

The tokenizer (FTS5's unicode61) cuts a text where something stands that is neither letter nor digit. ``snake_case`` and
paths are cut by that; ``parseConfig`` is one word to it, and so is a whole sentence of Chinese, Japanese, Thai, Lao,
Khmer or Burmese. Korean has blanks, and glues its particles to the words. So such a text gets hints: the parts of the
names, and the characters one by one. A query then looks for two neighbouring characters as a phrase.
"""

import re
from typing import Final

from swarm_memory.models.words import composed, names_in

_UNSPACED: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
_RUN: Final = re.compile(f"[{_UNSPACED}]+")
_MARK: Final = re.compile(
    "[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ecd\u102b-\u103e\u17b4-\u17d3\u3099\u309a]"
)
"""Vowels and tones that stand above, below or beside a letter: the tokenizer drops them or joins them to it."""
_MOST_PARTS: Final = 5_000
"""Parts of names in one memory that become hints; a megabyte of minified code has more than anyone looks for."""


def hints_of(*texts: str | None) -> str | None:
    """What the index should know besides the texts themselves; None where that is nothing."""
    parts: dict[str, None] = {}
    runs: list[str] = []
    for text in texts:
        if not text:
            continue
        if len(parts) < _MOST_PARTS:
            for name in names_in(text):
                parts.update(dict.fromkeys(name))
                if len(parts) >= _MOST_PARTS:
                    break
        if not text.isascii():
            runs += [" ".join(letters_of(run[0])) for run in _RUN.finditer(composed(text))]
    return " ".join([*parts, *runs]) or None


def letters_of(run: str) -> list[str]:
    """The letters of a run of such a script, apart from the marks that belong to them."""
    return list(_MARK.sub("", run))


def unspaced_runs(word: str) -> list[str]:
    """The runs of such scripts in a word; none in a word of another script."""
    return [] if word.isascii() else _RUN.findall(word)


def spaced_rest(word: str) -> list[str]:
    """What a word has besides such runs."""
    return [word] if word.isascii() else [rest for rest in _RUN.split(word) if rest]
