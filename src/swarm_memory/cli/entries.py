"""``get``, ``set`` and ``list``: memories under exact keys."""

import json
import sys
from typing import Any, Final, NoReturn

import click

from swarm_memory.cli import _options
from swarm_memory.cli._options import given
from swarm_memory.cli._printing import at_terminal, hint, print_json, print_table, print_tabs, print_value
from swarm_memory.errors import InvalidArgument, NotFound
from swarm_memory.transports.importing import quick_imports

_STDIN: Final = "-"
_SET_EXAMPLES: Final = """\b
swarm-memory set decision/database '{"engine": "libSQL", "why": "one file"}'
swarm-memory set --tag auth --ttl 3600 session/token-rotation 'in progress'
swarm-memory set --if-version 3 plan/steps - <steps.json"""  # \b keeps click from joining the lines


@click.command()
@click.argument("key", required=False)
@click.option("--id", "id_", metavar="ID", help="Get the memory with this id, of any kind and project, instead.")
@_options.namespace
@_options.project
@_options.as_json
def get(key: str | None, id_: str | None, namespace: str | None, project: str | None, *, as_json: bool) -> None:
    """Print the value under KEY.

    Text is printed as it is, anything else as JSON. A key that does not exist: exit code 1, and the keys near it on
    stderr.
    """
    if (key is None) == (id_ is None):
        raise click.UsageError("Give either KEY or --id ID.")
    with quick_imports():
        from swarm_memory.cli._calling import entry  # noqa: PLC0415 - brings mcp; --help needs none of it

    answer = entry(given(key=key, id=id_, namespace=namespace, project=project))
    if as_json:
        print_json(answer)
    if not answer["found"]:
        _refuse_missing(answer)
    if not as_json:
        print_value(answer["value"])


@click.command("set", epilog=_SET_EXAMPLES)
@click.argument("key")
@click.argument("value")
@click.option("--text", is_flag=True, help="VALUE is text, even if it looks like JSON.")
@click.option("--ttl", type=float, metavar="SECONDS", help="Let it expire. Left out: it stays, also if it had a time.")
@click.option(
    "--tag", "tags", multiple=True, metavar="TAG", help="Repeatable; --tag '' clears. Left out: as they were."
)
@click.option("--if-version", type=int, metavar="N", help="Only if the key is at version N now; 0: does not exist.")
@click.option("--allow-secret", is_flag=True, default=None, help="Store VALUE although it looks like a secret.")
@_options.namespace
@_options.project
@_options.as_json
def set_(key: str, value: str, *, text: bool, tags: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Store VALUE under KEY.

    VALUE is JSON if it parses as JSON, else text. "-" reads it from stdin, without a line end at its very end.
    With a VALUE that begins with a dash, write -- before KEY.
    """
    content = _read_stdin() if value == _STDIN else value
    arguments = given(key=key, tags=list(tags) or None, **options)
    arguments["value"] = content if text else json_or_text(content)  # after given(): null is a value
    with quick_imports():
        from swarm_memory.cli._calling import answer  # noqa: PLC0415 - brings mcp; --help needs none of it

    told = answer("memory_usage", {"action": "store", **arguments})
    if as_json:
        print_json(told)
    else:
        expiry = f", expires {told['expires_at']}" if "expires_at" in told else ""
        click.echo(
            f"stored {told['key']} in {told['namespace']}: version {told['version']}, {told['size']} bytes{expiry}"
        )


@click.command("list")
@click.argument("pattern", required=False)
@_options.limit(50, "keys, 1 to 200")
@click.option("--cursor", metavar="TEXT", help="Go on where a list ended; repeat its PATTERN and options.")
@_options.any_namespace
@_options.project
@_options.as_json
def list_(pattern: str | None, limit: int, *, as_json: bool, **options: str | None) -> None:
    """List keys, all or those that match PATTERN.

    In PATTERN, * stands for anything within a segment and ** across slashes: 'swarm/*/plan', 'swarm/**'. Quote it.
    In a pipe the columns are separated by tabs: key, namespace, version, bytes, updated, by, tags, preview.
    """
    with quick_imports():
        from swarm_memory.cli._calling import answer  # noqa: PLC0415 - brings mcp; --help needs none of it

    told = answer("memory_usage", {"action": "list", **given(pattern=pattern, limit=limit, **options)})
    if as_json:
        print_json(told)
        return
    entries = told["entries"]
    if not entries:
        hint(f"No keys {'match' if pattern else 'are stored'} in project {told['project']}.")
    elif at_terminal():
        minute = len("2026-01-31T12:00")
        rows = [(e["key"], e["namespace"], e["version"], e["updated_at"][:minute], e["preview"]) for e in entries]
        print_table(("key", "namespace", "version", "updated (UTC)", "value"), rows)
    else:
        print_tabs(_row(entry) for entry in entries)
    if told.get("more"):
        hint(f"There are more: repeat with --cursor {told['cursor']}")


def _row(entry: dict[str, Any]) -> tuple[object, ...]:
    names = ("key", "namespace", "version", "size", "updated_at")
    return (*(entry[name] for name in names), entry.get("agent", ""), ",".join(entry["tags"]), entry["preview"])


def _refuse_missing(answer: dict[str, Any]) -> NoReturn:
    if "key" not in answer:
        raise NotFound(f"No memory has the id {answer['id']!r}.", next_step="take the id from swarm-memory search.")
    steps: list[str] = []
    if spaces := answer.get("namespaces_with_key"):
        steps.append(f"look in the namespace that has it with --namespace: {', '.join(spaces)}")
    if near := answer.get("near_keys"):
        steps.append(f"get one of the near keys: {', '.join(near)}")
    raise NotFound(
        f"There is no key {answer['key']!r} in namespace {answer['namespace']}.",
        next_step="; or ".join(steps or ["see what there is with swarm-memory list"]) + ".",
    )


def _read_stdin() -> str:
    data = sys.stdin.buffer.read()
    try:
        content = data.decode()
    except UnicodeDecodeError as error:
        raise InvalidArgument(
            f"stdin is not UTF-8: byte {error.start}.", next_step="encode binary data, for example as base64."
        ) from None
    return content.removesuffix("\n")


def json_or_text(content: str) -> Any:
    """The JSON value that ``content`` is, or ``content`` itself where it is no JSON.

    Raises:
        InvalidArgument: It is JSON beyond what Python reads.
    """
    try:
        return json.loads(content, parse_constant=_no_constant)
    except json.JSONDecodeError:
        return content
    except (ValueError, RecursionError):
        raise InvalidArgument(
            "VALUE is JSON that is nested too deeply, or has a number of thousands of digits.",
            next_step="store it as text, with --text.",
        ) from None


def _no_constant(name: str) -> NoReturn:
    """Python reads NaN and Infinity as JSON; JSON has neither, so they are text."""
    raise json.JSONDecodeError("no JSON", name, 0)
