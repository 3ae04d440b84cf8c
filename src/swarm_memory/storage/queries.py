"""Named SQL: blocks of a ``.sql`` file that stands beside its store.

A block begins with ``-- name: some_name``; its parameters are written ``:word``. libSQL's binding takes positional
parameters only, so each ``:word`` becomes ``?1``, ``?2``, … here, once, at import.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

SqlValue = str | int | float | bytes | None
Row = tuple[SqlValue, ...]

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
_COMMENT = re.compile(r"--[^\n]*")
_LITERAL_OR_PARAMETER = re.compile(r"'(?:[^']|'')*'|:([a-z_]\w*)")


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL with its arguments, ready to run; ``name`` is the block it came from."""

    name: str
    sql: str
    args: tuple[SqlValue, ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """One named block: ``sql`` with ``?n`` parameters, ``params`` their names in that order."""

    name: str
    sql: str
    params: tuple[str, ...]

    def bind(self, **values: SqlValue) -> Statement:
        """Give each parameter its value.

        Raises:
            TypeError: A parameter has no value, or a value no parameter.
        """
        if len(values) != len(self.params) or not values.keys() >= set(self.params):
            raise TypeError(f"{self.name} takes {sorted(self.params)}, got {sorted(values)}")
        return Statement(self.name, self.sql, tuple(values[name] for name in self.params))


def parse_query(name: str, text: str) -> Query:
    """Turn one block's text into a query."""
    params: dict[str, int] = {}

    def number(found: re.Match[str]) -> str:
        return f"?{params.setdefault(found[1], len(params) + 1)}" if found[1] else found[0]

    sql = _LITERAL_OR_PARAMETER.sub(number, _COMMENT.sub("", text)).strip().rstrip(";")
    return Query(name, sql, tuple(params))


def load_queries(module: str) -> Mapping[str, Query]:
    """Read ``<module>.sql`` of the storage package: block name → query."""
    parts = _NAME.split((Path(__file__).parent / f"{module}.sql").read_text("utf-8"))
    return MappingProxyType(
        {name: parse_query(name, text) for name, text in zip(parts[1::2], parts[2::2], strict=True)}
    )
