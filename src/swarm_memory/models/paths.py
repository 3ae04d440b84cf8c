"""Globs over paths of files: which files a task writes, and whether two of them have a path in common. Pure.

``?`` is one character of a name, ``*`` any run of them, ``**`` any run across slashes. A ``**`` that is a whole segment
also stands for no directory at all: ``src/**/a.py`` has ``src/a.py``. A glob whose last segment has neither a wildcard
nor a dot inside, such as ``src/api``, may name a directory, so it has everything below it too; ``src/api/`` does for
certain. There are no other wildcards: ``app/[id]/page.tsx`` is a file.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from swarm_memory.errors import InvalidArgument

MAX_GLOB: Final = 512
"""Bytes of one glob."""
MAX_STEPS: Final = 300_000
"""Tokens that one call compares, about a microsecond each."""

_ONE: Final = "?"
_WITHIN: Final = "*"
_ACROSS: Final = "**"
_TOKEN: Final = re.compile(r"\*\*|[\s\S]")
_CHOICE: Final = re.compile(r"\{[^{}]*,[^{}]*\}")


@dataclass(frozen=True)
class PathGlob:
    """A glob in its normal form; made by ``path_glob``.

    Attributes:
        text: The normal form.
    """

    text: str

    @cached_property
    def tokens(self) -> tuple[str, ...]:
        """Single characters and wildcards; ``/**`` behind what may be a directory."""
        own = tuple(_TOKEN.findall(self.text))
        return (*own, "/", _ACROSS) if self._may_be_directory else own

    @cached_property
    def ends(self) -> int:
        """Set of the numbers of tokens that may be all of them: ``/**`` behind a directory need not be met."""
        whole = 1 << len(self.tokens)
        return whole | whole >> 2 if self._may_be_directory else whole

    @cached_property
    def skips(self) -> int:
        """Set of the places of a ``**/`` that may stand for nothing."""
        tokens = ("/", *self.tokens)
        places = range(len(tokens) - 2)
        return sum(1 << place for place in places if tokens[place : place + 3] == ("/", _ACROSS, "/"))

    @cached_property
    def places(self) -> dict[str, int]:
        """For each token the set of its places; a set of small numbers is an integer with these bits."""
        places: defaultdict[str, int] = defaultdict(int)
        for place, token in enumerate(self.tokens):
            places[token] |= 1 << place
        return dict(places)

    @cached_property
    def prefix(self) -> str:
        """What every path that it has begins with."""
        return re.split(r"[*?]", self.text, maxsplit=1)[0]

    @cached_property
    def _may_be_directory(self) -> bool:
        return not re.search(r"[*?][^/]*\Z|[^/]\.[^/]*\Z", self.text)


def path_glob(text: str) -> PathGlob:
    """A glob as a caller wrote it, in its normal form: without ``./``, empty segments, and with ``src/`` as ``src/**``.

    Raises:
        InvalidArgument: It is too long or empty, leaves the project, or would silently mean something else.
    """
    if not 1 <= len(text.encode()) <= MAX_GLOB:
        raise InvalidArgument(f"a path has {len(text.encode())} bytes; 1 to {MAX_GLOB} are allowed.", next_step=_REMEDY)
    if text.startswith(("/", "~")) or "\\" in text or re.match(r"[A-Za-z]:", text):
        raise InvalidArgument(f"{text[:100]!r} is not relative to the project, with slashes.", next_step=_REMEDY)
    if _CHOICE.search(text):
        raise InvalidArgument(f"{text[:100]!r} has a choice in braces.", next_step="send one glob for each choice.")
    segments = [segment for segment in re.sub(r"\*{3,}", _ACROSS, text).split("/") if segment not in ("", ".")]
    if ".." in segments:
        raise InvalidArgument(f"{text[:100]!r} goes upwards.", next_step=_REMEDY)
    if not segments or text.endswith("/"):
        segments.append(_ACROSS)
    return _normal("/".join(segments))


_REMEDY: Final = "name files and globs from the root of the project, as in src/api/*.py."


@lru_cache(maxsize=4_096)
def _normal(text: str) -> PathGlob:
    return PathGlob(text)


def overlap(one: PathGlob, other: PathGlob) -> bool:
    """Whether a path exists that both have. Exact."""
    if not (one.prefix.startswith(other.prefix) or other.prefix.startswith(one.prefix)):
        return False
    short, long = sorted((one, other), key=lambda glob: len(glob.tokens))
    return _meet(short, long, long.ends)


def covers(one: PathGlob, other: PathGlob) -> bool:
    """Whether ``one`` has a path that stands for ``other``: its text, with a name of its own for each wildcard."""
    example = _normal(re.sub(r"\*+|\?", "\uffff", other.text))  # no other glob has this noncharacter
    return _meet(one, example, 1 << len(example.text))


def overlapping(globs: Sequence[PathGlob]) -> Iterator[tuple[int, int]]:
    """Positions of each two globs that have a path in common, each pair once.

    Args:
        globs: Each different from the others.

    Raises:
        InvalidArgument: Too many of them begin alike to be compared.
    """
    order = sorted(range(len(globs)), key=lambda position: globs[position].prefix)
    above: list[int] = []  # those whose prefix the present one continues
    steps = 0
    for position in order:
        glob = globs[position]
        above = [earlier for earlier in above if glob.prefix.startswith(globs[earlier].prefix)]
        steps += len(above) * len(glob.tokens)
        if steps > MAX_STEPS:
            raise InvalidArgument(
                "too many globs of writes begin alike to be compared.",
                next_step="begin them with different directories, as in src/api/**, or name the files.",
            )
        yield from (
            (min(earlier, position), max(earlier, position)) for earlier in above if overlap(globs[earlier], glob)
        )
        above.append(position)


def _meet(one: PathGlob, other: PathGlob, ends: int) -> bool:
    """Whether one path leads through all tokens of both.

    For each place in ``one``, the set of the places in ``other`` that a common path can reach; places only grow.
    """
    reached = [0] * (len(one.tokens) + 2)
    _arrive(reached, 0, _skipping(1, other.skips), one.skips)
    for place, token in enumerate((*one.tokens, "")):
        here = _spread(reached[place], _passable(token, other))
        if one.ends >> place & 1 and here & ends:
            return True
        if token in (_WITHIN, _ACROSS):
            reached[place + 1] |= here
        else:
            _arrive(reached, place + 1, _step(here, token, other), one.skips)
    return False


def _arrive(reached: list[int], place: int, there: int, skips: int) -> None:
    """Come to a place of ``one`` from the character before it, and at once behind a ``**/`` that begins there."""
    reached[place] |= there
    while skips >> place & 1:
        place += 2
        reached[place] |= there


def _skipping(arrived: int, skips: int) -> int:
    """The same for places of the other: they and those behind each ``**/`` that begins there."""
    while beyond := (arrived & skips) << 2 & ~arrived:
        arrived |= beyond
    return arrived


def _step(here: int, sign: str, other: PathGlob) -> int:
    """Where the other is behind one character of ``sign``."""
    places = other.places
    if sign == "/":
        return _skipping((here & places.get("/", 0)) << 1, other.skips) | here & places.get(_ACROSS, 0)
    stars = places.get(_WITHIN, 0) | places.get(_ACROSS, 0)
    same = _all(other) & ~places.get("/", 0) if sign == _ONE else places.get(sign, 0)
    return (here & (same | places.get(_ONE, 0)) & ~stars) << 1 | here & stars


def _passable(sign: str, other: PathGlob) -> int:
    """The places that the other can leave while ``one`` stays: its stars, and what a star of ``one`` takes."""
    if sign == _ACROSS:
        return _all(other)
    if sign == _WITHIN:
        return _all(other) & ~other.places.get("/", 0)
    return other.places.get(_WITHIN, 0) | other.places.get(_ACROSS, 0)


def _spread(reached: int, passable: int) -> int:
    """The set, and what its passable places lead on to.

    The carry of the addition runs through each run of passable places, from the first one that is reached.
    """
    return reached | ((reached & passable) + passable) ^ passable


def _all(glob: PathGlob) -> int:
    return (1 << len(glob.tokens)) - 1
