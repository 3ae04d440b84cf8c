"""A query in plain words: its terms, its quoted phrases, its ``field:value`` pairs."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

MAX_TERMS: Final = 256
MAX_FIELDS: Final = 16
MAX_PHRASES: Final = 32
MAX_PHRASE_WORDS: Final = 32
_MAX_PARTS: Final = 1_024
_MAX_WORDS: Final = 1_024
"""Words of one part that are looked at, those that repeat too."""

_STOP_WORDS: Final = """
    a about after all also am an and any are as at be because been before being but by can could did do does doing
    for from further get had has have having he her here hers him his how i if in into is it its itself just me
    more most my no nor not of off on once only or other our ours out over own same she should so some such than
    that the their theirs them then there these they this those through to too under until up us very was we were
    what when where which while who whom whose why will with would you your yours
    """
STOP_WORDS: Final = frozenset(_STOP_WORDS.split())
"""Words that carry no topic. Kept where a query has nothing else."""

_PART = re.compile(r'"(?P<phrase>[^"]*)"|(?P<field>[A-Za-z_][\w-]*):(?P<value>"[^"]*"|[^\s"]+)|(?P<rest>[^\s"]+)|"')
# With the marks of Indic and South-East Asian scripts, which are no letters to Python and stand inside words.
_WORD = re.compile("(?:[^\\W_]|[\u0300-\u036f\u0900-\u0963\u0966-\u0eff\u1000-\u109f\u1780-\u17ff])+")
_NAME: Final = re.compile(r"[A-Za-z0-9]+")
_INNER_CAPITAL: Final = re.compile(r"[a-z][A-Z]|[A-Z]{2}[a-z]")
_LONGEST_NAME: Final = 64
"""Characters of a name; what is longer is a key, a hash or an encoded file."""
_PART_OF_NAME: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


@dataclass(frozen=True, slots=True)
class Words:
    """A parsed query.

    Attributes:
        terms: Single words, lower case, distinct, stop words out; those of values and phrases too. At most 256.
        phrases: Quoted passages, and names that are written in one (``snake_case``, ``camelCase``, ``src/a.py``), as
            their words joined by blanks, distinct. At most 32, of at most 32 words.
        fields: (name, value) pairs, lower case, values as their words joined by blanks, distinct. At most 16, of at
            most 32 words.
        truncated: The query has more than that, or is longer than what is looked at; the rest is not used.
    """

    terms: tuple[str, ...]
    phrases: tuple[str, ...]
    fields: tuple[tuple[str, str], ...]
    truncated: bool


def words_of(text: str) -> list[str]:
    """The words of a text as the index sees them, before stemming: runs of letters and digits, composed, lower case."""
    return [word.lower() for word in _WORD.findall(composed(text))]


def composed(text: str) -> str:
    """The text with letters and their accents as one character each (NFC), where there is one."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def names_in(text: str) -> Iterator[list[str]]:
    """The parts of each camelCase name in a text, in lower case: ``parse``, ``config`` of ``parseConfig``."""
    if _INNER_CAPITAL.search(text) is None:
        return
    for name in _NAME.finditer(text):
        if name.end() - name.start() > _LONGEST_NAME or _INNER_CAPITAL.search(name[0]) is None:
            continue
        parts = [part.lower() for part in _PART_OF_NAME.findall(name[0])]
        if len(parts) > 1:
            yield parts


def parse_words(query: str) -> Words:
    """Take a query apart. No text can fail: what is no word is passed over."""
    terms: dict[str, None] = {}
    phrases: dict[str, None] = {}
    fields: dict[tuple[str, str], None] = {}
    truncated = False
    for number, part in enumerate(_PART.finditer(composed(query))):
        if len(terms) >= MAX_TERMS or number >= _MAX_PARTS:
            truncated = True
            break
        if part["field"] is not None and len(fields) >= MAX_FIELDS:
            truncated = True
            continue
        found, cut = _words_of_part(part)
        terms.update(dict.fromkeys(found))
        together = " ".join(found[:MAX_PHRASE_WORDS])
        if len(found) > 1 and part["field"] is None and "'" not in part[0] and "\u2019" not in part[0]:
            phrases[together] = None
        for name in islice(names_in(part[0]), MAX_PHRASES):
            terms.update(dict.fromkeys(name[:MAX_PHRASE_WORDS]))
            phrases[" ".join(name[:MAX_PHRASE_WORDS])] = None
        if part["field"] is not None and found:
            fields[part["field"].lower(), together] = None
        truncated |= cut or (part["rest"] is None and len(found) > MAX_PHRASE_WORDS)
    kept = [term for term in terms if term not in STOP_WORDS] or list(terms)
    truncated |= len(kept) > MAX_TERMS or len(phrases) > MAX_PHRASES or len(fields) > MAX_FIELDS
    return Words(
        tuple(kept[:MAX_TERMS]), tuple(islice(phrases, MAX_PHRASES)), tuple(islice(fields, MAX_FIELDS)), truncated
    )


def _words_of_part(part: re.Match[str]) -> tuple[list[str], bool]:
    """The first words of a part; True where it has more."""
    text = part["phrase"] or part["value"] or part["rest"] or ""
    found = [word[0].lower() for word in islice(_WORD.finditer(text), _MAX_WORDS + 1)]
    return found[:_MAX_WORDS], len(found) > _MAX_WORDS
