"""Where a search looks, as an expression of the index: a project, a namespace, a kind, tags.

The index narrows; ``SearchReads.passing`` decides. An expression may let more through than the filters do, never less.
"""

import re
from collections.abc import Sequence

from swarm_memory.models.search import Filters
from swarm_memory.models.words import Words

_PLAIN_TAG = re.compile(r"[^\W_][\w .:/+#-]*")
"""A tag that stands in its list's JSON as it is, so that its words stand in the index as they do in the tag."""


def scope_of(filters: Filters, *, own: bool) -> list[str]:
    """Clauses that hold for every result within the caller's project, or within any."""
    clauses = [place_of("p", filters.project)] if own else []
    if filters.namespace is not None:
        clauses.append(place_of("n", filters.namespace))
    if filters.kind is not None:
        clauses.append(f'place : "k{filters.kind}"')
    tags = [f'tags : "{tag}"' for tag in filters.tags if _PLAIN_TAG.fullmatch(tag)]
    if filters.all_tags:
        clauses += tags
    elif tags and len(tags) == len(filters.tags):
        clauses.append("(" + " OR ".join(tags) + ")")
    return clauses


def strict_clauses(words: Words, named: Sequence[str] | None) -> list[str]:
    """Clauses that demand every ``field:value`` pair of a query.

    Args:
        words: The query.
        named: The projects that its ``project:`` pairs name; None where it has none. Their words in a memory will do
            as well.
    """
    clauses = [all_of(value) for name, value in words.fields if name != "project"]
    if named is not None:
        values = [all_of(value) for name, value in words.fields if name == "project"]
        clauses.append("(" + " OR ".join([*(place_of("p", one) for one in named), f"({' AND '.join(values)})"]) + ")")
    return clauses


def place_of(kind: str, name: str) -> str:
    """A clause for a project (p) or a namespace (n), as the column ``place`` has it."""
    return f'place : "{kind}{name.encode().hex()}"'


def all_of(value: str) -> str:
    """All words of a value."""
    return "(" + " AND ".join(f'"{word}"' for word in value.split()) + ")"


def any_of(expressions: Sequence[str]) -> str:
    """Any of these; one at least."""
    return "(" + " OR ".join(f"({one})" for one in expressions) + ")"


def within(expression: str, clauses: Sequence[str]) -> str:
    """The expression, where the clauses hold."""
    return " AND ".join([*clauses, f"({expression})"])
