"""Options that several commands share."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

_FunctionT = TypeVar("_FunctionT", bound=Callable[..., Any])

as_json = click.option("--json", "as_json", is_flag=True, help="Print one line of JSON, as the MCP tool answers it.")
project = click.option(
    "--project", metavar="NAME", help="Work in this project. Default: the one of the working directory."
)
namespace = click.option("--namespace", metavar="NAME", help='Namespace of the key. Default: "default".')
any_namespace = click.option("--namespace", metavar="NAME", help="Look in this namespace only. Default: all.")


def limit(default: int, what: str) -> Callable[[_FunctionT], _FunctionT]:
    """An option ``--limit``; the tool refuses what lies outside 1 to 200."""
    return click.option("--limit", type=int, default=default, show_default=True, metavar="N", help=f"At most N {what}.")


def given(**arguments: object) -> dict[str, object]:
    """The arguments of a tool without the options that were not given."""
    return {name: value for name, value in arguments.items() if value is not None}
