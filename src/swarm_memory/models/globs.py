"""Globs over keys: ``*`` and ``?`` within a segment, ``**`` across the slashes between them."""

import re
from dataclasses import dataclass
from typing import Final

from swarm_memory.errors import InvalidArgument

MAX_WILDCARDS: Final = 16

_WILDCARD: Final = re.compile(r"\*\*|\*|\?")
_ACROSS: Final = r"(?s:.*?)"
_WITHIN: Final = r"[^/]*?"


@dataclass(frozen=True, slots=True)
class Glob:
    """A compiled glob.

    Attributes:
        prefix: What every match begins with, literally; bounds the range of an index.
        prefix_only: The prefix alone decides, as in ``swarm/**``.
    """

    pattern: str
    prefix: str
    prefix_only: bool
    _regex: re.Pattern[str]

    def matches(self, key: str) -> bool:
        """Whether the whole key matches."""
        return key.startswith(self.prefix) if self.prefix_only else self._regex.fullmatch(key) is not None


def compile_glob(pattern: str) -> Glob:
    """Compile a glob.

    Raises:
        InvalidArgument: More than 16 wildcards: nobody needs them, and matching must stay cheap.
    """
    wildcards = _WILDCARD.findall(pattern)
    if len(wildcards) > MAX_WILDCARDS:
        raise InvalidArgument(
            f"pattern has {len(wildcards)} wildcards; the limit is {MAX_WILDCARDS}.",
            next_step="use ** for any part of a key, as in swarm/**.",
        )
    prefix = _WILDCARD.split(pattern, maxsplit=1)[0]
    groups = [_group(group, last=False) for group in pattern.split("**")[:-1]]
    last = _group(pattern.rsplit("**", maxsplit=1)[-1], last=True)
    return Glob(pattern, prefix, pattern == f"{prefix}**", re.compile(_join(groups, last)))


def _join(groups: list[str], last: str) -> str:
    """The whole expression. It cannot backtrack far.

    What stands between two ``**`` is taken at its first place for good (an atomic group): a later place could only
    leave less for what follows. Only the last group must reach the end, so only its place is searched for.
    """
    if not groups:
        return last
    first, *middle = groups
    return f"(?>{first})" + "".join(f"(?>{_ACROSS}{group})" for group in middle) + _ACROSS + last


def _group(group: str, *, last: bool) -> str:
    """What stands between two ``**``. For the same reason each part between two ``*`` is taken at its first place."""
    first, *rest = (re.escape(part).replace(r"\?", "[^/]") for part in group.split("*"))
    if not rest:
        return first
    *middle, end = rest
    ending = f"{_WITHIN}{end}" if last else f"(?>{_WITHIN}{end})"
    return first + "".join(f"(?>{_WITHIN}{part})" for part in middle) + ending
