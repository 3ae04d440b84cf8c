"""A query in plain words: its terms, its quoted phrases, its ``field:value`` pairs."""

import re
from dataclasses import dataclass
from typing import Final

MAX_TERMS: Final = 256

# Words that carry no topic. Kept where a query has nothing else.
STOP_WORDS: Final = frozenset(
    [
        "a",
        "about",
        "after",
        "all",
        "also",
        "am",
        "an",
        "and",
        "any",
        "are",
        "as",
        "at",
        "be",
        "because",
        "been",
        "before",
        "being",
        "but",
        "by",
        "can",
        "could",
        "did",
        "do",
        "does",
        "doing",
        "for",
        "from",
        "further",
        "get",
        "had",
        "has",
        "have",
        "having",
        "he",
        "her",
        "here",
        "hers",
        "him",
        "his",
        "how",
        "i",
        "if",
        "in",
        "into",
        "is",
        "it",
        "its",
        "itself",
        "just",
        "me",
        "more",
        "most",
        "my",
        "no",
        "nor",
        "not",
        "of",
        "off",
        "on",
        "once",
        "only",
        "or",
        "other",
        "our",
        "ours",
        "out",
        "over",
        "own",
        "same",
        "she",
        "should",
        "so",
        "some",
        "such",
        "than",
        "that",
        "the",
        "their",
        "theirs",
        "them",
        "then",
        "there",
        "these",
        "they",
        "this",
        "those",
        "through",
        "to",
        "too",
        "under",
        "until",
        "up",
        "us",
        "very",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "while",
        "who",
        "whom",
        "whose",
        "why",
        "will",
        "with",
        "would",
        "you",
        "your",
        "yours",
    ]
)

_PART = re.compile(r'"(?P<phrase>[^"]*)"|(?P<field>[A-Za-z_][\w-]*):(?P<value>"[^"]*"|[^\s"]+)|(?P<rest>[^\s"]+)|"')
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Words:
    """A parsed query.

    Attributes:
        terms: Single words, lower case, distinct, stop words out; those of values and phrases too.
        phrases: Quoted passages, as their words joined by blanks.
        fields: (name, value) pairs, lower case, values as their words joined by blanks.
        truncated: More than 256 terms were given; the rest is not used.
    """

    terms: tuple[str, ...]
    phrases: tuple[str, ...]
    fields: tuple[tuple[str, str], ...]
    truncated: bool


def words_of(text: str) -> list[str]:
    """The words of a text as the index sees them, before stemming: runs of letters and digits, lower case."""
    return [word.lower() for word in _WORD.findall(text)]


def parse_words(query: str) -> Words:
    """Take a query apart. No text can fail: what is no word is passed over."""
    terms: dict[str, None] = {}
    phrases: list[str] = []
    fields: list[tuple[str, str]] = []
    truncated = False
    for part in _PART.finditer(query):
        if len(terms) >= MAX_TERMS:
            truncated = True
            break
        found = _words_of_part(part)
        if part["phrase"] is not None and len(found) > 1:
            phrases.append(" ".join(found))
        if part["field"] is not None and found:
            fields.append((part["field"].lower(), " ".join(found)))
        terms.update(dict.fromkeys(found))
    kept = [term for term in terms if term not in STOP_WORDS] or list(terms)
    return Words(
        tuple(kept[:MAX_TERMS]),
        tuple(phrases[:MAX_TERMS]),
        tuple(fields[:MAX_TERMS]),
        truncated or len(kept) > MAX_TERMS,
    )


def _words_of_part(part: re.Match[str]) -> list[str]:
    return words_of(part["phrase"] or part["value"] or part["rest"] or "")
