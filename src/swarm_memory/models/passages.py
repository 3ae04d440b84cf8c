"""What of a memory is embedded: its text in passages, each with who said it and what it is about."""

import re
from typing import Final

PASSAGE_WORDS: Final = 180
MOST_PASSAGES: Final = 64
"""Of one memory. Behind some 11,000 words a text is found by its words only."""
MOST_CHARACTERS: Final = 100_000
"""That are looked at."""

_WORD: Final = re.compile(r"\S{1,200}")
_HEAD: Final = 500


def passages_of(text: str, *about: str | None) -> list[str]:
    """Cut a text every 180 words; at least one passage, at most 64.

    Args:
        text: What the memory says; its first 100,000 characters count.
        about: Its writer, title and tags: they stand before each passage.
    """
    words = _WORD.findall(text[:MOST_CHARACTERS])
    head = " ".join(one for one in about if one)[:_HEAD]
    starts = range(0, max(1, min(len(words), PASSAGE_WORDS * MOST_PASSAGES)), PASSAGE_WORDS)
    return [f"{head} {' '.join(words[begin : begin + PASSAGE_WORDS])}".strip() for begin in starts]
