"""How answers look: JSON for programs, tables for people at a terminal, tabs between columns in a pipe."""

import json
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any, Final

import click

# Memories are written by others: at a terminal, their control characters could do anything.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def at_terminal() -> bool:
    """Whether a person reads stdout."""
    return sys.stdout.isatty()


def visible(text: str) -> str:
    """The text with control characters, tabs and line ends aside, shown as ``�``."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def one_line(text: str) -> str:
    """The visible text on one line."""
    return " ".join(visible(text).split())


def print_json(answer: object) -> None:
    """One line of JSON."""
    click.echo(json.dumps(answer, ensure_ascii=False, separators=(",", ":"), allow_nan=False))


def print_value(value: Any) -> None:
    """Text as it is, anything else as indented JSON; control characters reach a pipe, not a terminal."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
    click.echo(visible(text) if at_terminal() else text)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Rows under column names; without names and lines, and with tabs, where no person reads."""
    shown = [[one_line(str(cell)) for cell in row] for row in rows]
    if not at_terminal():
        for row in shown:
            click.echo("\t".join(row))
        return
    from rich.console import Console  # noqa: PLC0415 - slow to import, and only needed at a terminal
    from rich.table import Table  # noqa: PLC0415 - see above
    from rich.text import Text  # noqa: PLC0415 - see above

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in shown:
        # Text, because a plain string would be read as markup.
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)


def print_facts(facts: Iterable[tuple[str, object]]) -> None:
    """Names and what they are, one a line."""
    shown = [(name, one_line(str(fact))) for name, fact in facts]
    width = max(len(name) for name, _ in shown)
    for name, fact in shown:
        click.echo(f"{name:<{width}}  {fact}")


def hint(text: str) -> None:
    """A remark to people, on stderr so that it is not taken for output."""
    click.echo(text, err=True)
