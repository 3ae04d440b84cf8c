"""How answers look: JSON for programs, tables for people at a terminal, tabs between columns in a pipe."""

import json
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any, Final

import click

# Memories are written by others: at a terminal, their control characters could do anything.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_GAP: Final = 2  # spaces that rich puts between two columns
_LEAST: Final = 12  # characters of the last column


def at_terminal() -> bool:
    """Whether a person reads stdout."""
    return sys.stdout.isatty()


def visible(text: str) -> str:
    """The text with control characters, tabs and line ends aside, shown as ``�``."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    """The visible text on one line."""
    return " ".join(visible(text).split())


def print_json(answer: object) -> None:
    """One line of JSON."""
    click.echo(json.dumps(answer, ensure_ascii=False, separators=(",", ":"), allow_nan=False))


def print_value(value: Any) -> None:
    """Text as it is, anything else as indented JSON; control characters reach a pipe, not a terminal."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=2)
    # color=True: click would take escape sequences out of what it writes to a pipe.
    click.echo(visible(text) if at_terminal() else text, color=True)


def print_tabs(rows: Iterable[Sequence[object]]) -> None:
    """Rows for programs: one a line, tabs between the cells, which hold none."""
    for row in rows:
        click.echo("\t".join(one_line(str(cell)) for cell in row))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Rows for people, under column names; the last column is cut where the line ends."""
    from rich.cells import cell_len  # noqa: PLC0415 - slow to import, and only needed at a terminal
    from rich.console import Console  # noqa: PLC0415 - see above
    from rich.table import Table  # noqa: PLC0415 - see above
    from rich.text import Text  # noqa: PLC0415 - see above

    console = Console()
    shown = [[one_line(str(cell)) for cell in row] for row in rows]
    taken = sum(max(cell_len(row[number]) for row in [columns, *shown]) + _GAP for number in range(len(columns) - 1))
    room = max(console.width - taken, _LEAST)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns[:-1]:
        table.add_column(column, overflow="fold")
    table.add_column(columns[-1], no_wrap=True)
    for *cells, last in shown:
        # Text, because a plain string would be read as markup.
        cut = Text(last)
        cut.truncate(room, overflow="ellipsis")
        table.add_row(*(Text(cell) for cell in cells), cut)
    console.print(table)


def print_facts(facts: Iterable[tuple[str, object]]) -> None:
    """Names and what they are, one a line."""
    shown = [(name, one_line(str(fact))) for name, fact in facts]
    width = max(len(name) for name, _ in shown)
    for name, fact in shown:
        click.echo(f"{name:<{width}}  {fact}")


def hint(text: str) -> None:
    """A remark to people, on stderr so that it is not taken for output."""
    click.echo(text, err=True)


def count_of(number: int, one: str, more: str) -> str:
    """A number with its word: ``1 memory``, ``2 memories``."""
    return f"{number:,} {one if number == 1 else more}"
