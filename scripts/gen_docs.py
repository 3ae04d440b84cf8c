"""Writes what the code already says: docs/{tools,errors,settings,cli}.md, .env.example
and the settings of README.md.

    scripts/gen_docs.py [--check]

A page is its template in docs/templates/ with each line ``{{kind name}}`` replaced. What people must know beyond the
code is prose in the templates. ``--check`` writes nothing and fails if a page differs from what would be written.
"""

import re
import sys
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin

import click
from pydantic import AfterValidator
from pydantic.fields import FieldInfo

from swarm_memory import errors
from swarm_memory.cli.main import cli
from swarm_memory.config import PREFIX, Settings, Toolset
from swarm_memory.errors import InvalidArgument, SwarmMemoryError
from swarm_memory.models.plan import MAX_TASKS
from swarm_memory.models.values import MAX_DEPTH, MAX_VALUE_BYTES, WHOLE_VALUE_BYTES
from swarm_memory.models.words import MAX_TERMS
from swarm_memory.services.mail import INBOX_BYTES
from swarm_memory.services.memory import HISTORY_WHOLE
from swarm_memory.services.search import BRIEF_TOKENS
from swarm_memory.tools import memory
from swarm_memory.tools._arguments import ANY_JSON, MAX_TAG, MAX_TAGS, Arguments, Tags, schema_of
from swarm_memory.tools._boundary import MAX_ANSWER_BYTES, REQUEST_ID, Tool
from swarm_memory.tools._shape import LIST_BYTES
from swarm_memory.tools._task_items import TaskItemArguments
from swarm_memory.tools._tasks import CLAIM_TOKENS
from swarm_memory.tools.table import ALL_TOOLS, tools_of

ROOT: Final = Path(__file__).resolve().parents[1]
TEMPLATES: Final = ROOT / "docs" / "templates"
NOTICE: Final = "<!-- Written by scripts/gen_docs.py from docs/templates/{name} and the code: change those. -->\n\n"

_PLACEHOLDER: Final = re.compile(r"\{\{(\w+)(?: ([\w-]+))?\}\}")
_ALLOWED_BYTES: Final = re.compile(r"; ([\d,]+) to ([\d,]+) are allowed")
_TAGS: Final[object] = get_args(Tags)[1].func
_BOUNDS: Final = (
    ("minimum", "maximum", ""),
    ("minLength", "maxLength", " characters"),
    ("minItems", "maxItems", " items"),
    ("ge", "le", ""),  # pydantic's own words, where it limits a union
)
_CLAUDE: Final = ("CLAUDE_PROJECT_DIR", "CLAUDE_CODE_SESSION_ID")
_DEFAULT_HOME: Final = "`~/.local/share/swarm-memory` (Linux), `~/Library/Application Support/swarm-memory` (macOS)"

CONSTANTS: Final = {
    "value_bytes": f"{MAX_VALUE_BYTES:,}",
    "depth": str(MAX_DEPTH),
    "terms": str(MAX_TERMS),
    "history_whole": f"{HISTORY_WHOLE:,}",
    "brief_tokens": str(BRIEF_TOKENS),
    "answer_bytes": f"{MAX_ANSWER_BYTES:,}",
    "part_bytes": f"{WHOLE_VALUE_BYTES:,}",
    "list_bytes": f"{LIST_BYTES:,}",
    "claim_tokens": str(CLAIM_TOKENS),
    "inbox_bytes": f"{INBOX_BYTES:,}",
    "tasks": f"{MAX_TASKS:,}",
    "tags": f"{MAX_TAGS} tags of at most {MAX_TAG} characters",
    "request_id": f"`{REQUEST_ID}`",
}


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table; pipes in cells are escaped."""
    head = list(head)
    lines = [head, ["---"] * len(head), *(list(row) for row in rows)]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def tool_section(name: str) -> str:
    tool = next(one for one in ALL_TOOLS if one.name == name)
    larger = f"`{tool.toolset}`{' and larger' if tool.toolset is not Toolset.ALL else ''}"
    hints = [
        "only reads" if tool.read_only else "writes",
        *(["can replace or remove what is there"] if tool.destructive else []),
        *(["may be repeated without further effect"] if tool.idempotent else []),
    ]
    return "\n\n".join(
        (
            f"## {name}",
            f"In the toolset {larger}; {', '.join(hints)}. What agents are told:",
            f"> {tool.description}",
            argument_table(tool.arguments),
        )
    )


def argument_table(model: type[Arguments]) -> str:
    """One row an argument: published name, type with limits, default, description."""
    schema = schema_of(model)
    required = schema.get("required", [])
    rows: list[list[str]] = []
    for name, field in model.model_fields.items():
        published = field.alias or name
        node = schema["properties"][published]
        default = "required" if published in required else _json_default(node)
        rows.append([f"`{published}`", _type_of(node, field), default, node.get("description", "")])
    return table(("argument", "type", "default", "meaning"), rows)


def _json_default(node: dict[str, Any]) -> str:
    default = node.get("default")
    if default is None:
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def _type_of(node: dict[str, Any], field: FieldInfo) -> str:
    limits = list(dict.fromkeys(_limits(field.annotation, field.metadata)))
    return ", ".join([_json_type(node), *_numbers(node), *limits])


def _json_type(node: dict[str, Any]) -> str:
    if "enum" in node:
        return ", ".join(f"`{one}`" for one in node["enum"])
    if node.get("anyOf") == ANY_JSON["anyOf"]:
        return "any JSON value"
    if "anyOf" in node:
        return " or ".join(dict.fromkeys(_json_type(one) for one in node["anyOf"]))
    if "$ref" in node:
        return "object"
    if node.get("type") == "array":
        return f"list of {_json_type(node['items'])}s"
    return node["type"]


def _numbers(node: dict[str, Any]) -> list[str]:
    """Limits that JSON Schema tells."""
    nodes = [node, *node.get("anyOf", [])]
    for low_name, high_name, unit in _BOUNDS:
        low = next((one[low_name] for one in nodes if low_name in one), None)
        high = next((one[high_name] for one in nodes if high_name in one), None)
        if high is not None:
            return [f"at most {high:,}{unit}" if low is None else f"{low:,} to {high:,}{unit}"]
        if low is not None:
            return [f"at least {low:,}{unit}"]
    return []


def _limits(annotation: Any, metadata: Iterable[Any] = ()) -> Iterable[str]:
    """Limits that only the validators know; each is asked by giving it what it must refuse."""
    for one in (*metadata, *getattr(annotation, "__metadata__", ())):
        if isinstance(one, AfterValidator):
            yield from _asked(one.func)
    if get_origin(annotation) not in (list, Literal):
        for part in get_args(annotation):
            yield from _limits(part)


def _asked(validate: Callable[..., Any]) -> Iterable[str]:
    if validate is _TAGS:
        yield CONSTANTS["tags"]
        return
    for probe in ("/", "x" * (MAX_VALUE_BYTES + 1)):
        try:
            validate(probe)
        except InvalidArgument as error:
            found = _ALLOWED_BYTES.search(error.message)
            if found:
                yield f"{found[1]} to {found[2]} bytes"
            elif "slash" in error.message:
                yield "no `/`"


def toolsets(_name: str) -> str:
    rows: list[list[str]] = []
    before: set[str] = set()
    for toolset in Toolset:
        names = tools_of(toolset)
        added = ", ".join(f"[`{name}`](#{name})" for name in names if name not in before)
        rows.append([f"`{toolset}`", str(len(names)), f"{'and ' if before else ''}{added}"])
        before |= set(names)
    return table(("toolset", "tools", "which"), rows)


def takes(action: str) -> str:
    names = memory._TAKES[action]  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001 - the tool's own table is the truth
    return f"### {action}\n\nTakes {', '.join(f'`{name}`' for name in names)}."


def operations(_name: str) -> str:
    return argument_table(memory.OperationArguments)


def task_items(_name: str) -> str:
    return argument_table(TaskItemArguments)


def all_errors() -> dict[str, type[SwarmMemoryError]]:
    """Every error class by its code, in the order of errors.py."""
    found = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, SwarmMemoryError)]
    return {one.code: one for one in found if one is not SwarmMemoryError}


def error_section(code: str) -> str:
    error = all_errors()[code]
    again = "Retryable: the same call may succeed later." if error.retryable else "Not retryable as it is."
    return f"## {code}\n\n`{error.__name__}`: {' '.join((error.__doc__ or '').split())} {again}"


def variables_of(name: str, field: FieldInfo) -> list[str]:
    """The environment variables of a setting, first found wins."""
    alias = field.validation_alias
    if alias is None:
        return [PREFIX + name.upper()]
    return [alias] if isinstance(alias, str) else [str(one) for one in getattr(alias, "choices", ())]


def _choices(annotation: Any) -> list[str]:
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return [one.value for one in annotation]
    return [str(one) for one in get_args(annotation)] if get_origin(annotation) is Literal else []


def _setting_default(name: str, field: FieldInfo) -> str:
    if name == "home":
        return _DEFAULT_HOME
    return "unset" if field.default is None else f"`{field.default}`"


def settings_table(_name: str) -> str:
    rows: list[list[str]] = []
    for name, field in Settings.model_fields.items():
        choices = _choices(field.annotation)
        bounds = {type(one).__name__: one for one in field.metadata}
        meaning = field.description or ""
        if choices:
            meaning += f" One of {', '.join(f'`{one}`' for one in choices)}."
        if "Ge" in bounds and "Le" in bounds:
            meaning += f" From {bounds['Ge'].ge:g} to {bounds['Le'].le:g}."
        variables = ", else ".join(f"`{one}`" for one in variables_of(name, field))
        rows.append([variables, _setting_default(name, field), meaning])
    return table(("variable", "default", "meaning"), rows)


def env_example() -> str:
    """Every variable, commented out, with its default where that can be written down."""
    lines = [
        "# Every setting of swarm-memory; docs/settings.md explains them. Nothing reads this file by itself: copy what",
        '# you need into the "env" of your MCP client\'s entry for the server, or into the shell that starts it.',
    ]
    for name, field in Settings.model_fields.items():
        variables = variables_of(name, field)
        if variables[0] in _CLAUDE:
            continue
        lines += ["", f"# {field.description}"]
        default = "/absolute/path" if name == "home" else "" if field.default is None else str(field.default)
        lines += [f"#{variable}={default}" for variable in variables]
    lines += ["", "# Set by Claude Code itself:"]
    return "\n".join([*lines, *(f"#{variable}=" for variable in _CLAUDE)]) + "\n"


def commands_table() -> str:
    """Every command with what its help says in a line, in the order of the help."""
    rows = [
        [f"[`{name}`](docs/cli.md#{name})", cli.commands[name].get_short_help_str(200)] for name in sorted(cli.commands)
    ]
    return table(("command", "what it does"), rows)


def readme(text: str) -> str:
    """README with its tables of settings and commands made anew; the rest of it is written by hand."""
    for name, made in (("settings", settings_table("")), ("commands", commands_table())):
        head, begin, rest = text.partition(f"<!-- {name}: written by scripts/gen_docs.py -->\n")
        _, end, tail = rest.partition(f"<!-- /{name} -->")
        if not begin or not end:
            sys.exit(f"README.md has no place for the {name}")
        text = f"{head}{begin}{made}\n{end}{tail}"
    return text


def command_section(name: str) -> str:
    """A command, and those of a group below it."""
    command = cli.commands[name]
    inner = command.commands if isinstance(command, click.Group) else {}
    parts = [_one_command(name, command, "##"), *(_one_command(f"{name} {one}", inner[one], "###") for one in inner)]
    return "\n\n".join(parts)


def _one_command(name: str, command: click.Command, level: str) -> str:
    usage = [_argument_usage(one) for one in command.params if isinstance(one, click.Argument)]
    rows = [
        [", ".join(f"`{opt}{_metavar(one)}`" for opt in one.opts), _option_meaning(one)]
        for one in command.params
        if isinstance(one, click.Option)
    ]
    told = [" ".join(part.split()) for part in (command.help or "").split("\n\n")]
    if isinstance(command, click.Group):
        usage.append("COMMAND")
    parts = [f"{level} {name}", f"    swarm-memory {' '.join([name, *(['[options]'] if rows else []), *usage])}", *told]
    if command.epilog:
        parts.append("\n".join(f"    {line.strip()}" for line in command.epilog.replace("\b", "").strip().splitlines()))
    return "\n\n".join([*parts, *([table(("option", "meaning"), rows)] if rows else [])])


def _argument_usage(argument: click.Argument) -> str:
    name = (argument.name or "").upper() + ("..." if argument.nargs < 0 else "")
    return name if argument.required else f"[{name}]"


def _option_meaning(option: click.Option) -> str:
    default = f" Default: {option.default}." if option.show_default else ""
    return f"{option.help or ''}{default}"


def _metavar(option: click.Option) -> str:
    if option.is_flag:
        return ""
    if isinstance(option.type, click.Choice):
        return f" {'|'.join(str(one) for one in option.type.choices)}"
    return f" {option.metavar or option.type.name.upper()}"


PLACEHOLDERS: Final[dict[str, Callable[[str], str]]] = {
    "tool": tool_section,
    "toolsets": toolsets,
    "takes": takes,
    "operations": operations,
    "task_items": task_items,
    "error": error_section,
    "settings": settings_table,
    "command": command_section,
    "value": lambda name: CONSTANTS[name],
}


def required() -> dict[str, set[tuple[str, str]]]:
    """What each template must place, once: so nothing that exists stays undocumented."""
    tools: list[Tool] = list(ALL_TOOLS)
    return {
        "tools.md": {("tool", tool.name) for tool in tools}
        | {("takes", action) for action in get_args(memory.Action)}
        | {("toolsets", ""), ("operations", ""), ("task_items", "")},
        "errors.md": {("error", code) for code in all_errors()},
        "settings.md": {("settings", "")},
        "cli.md": {("command", name) for name in cli.commands},
    }


def render(name: str, wanted: set[tuple[str, str]]) -> str:
    """A page from its template.

    Raises:
        SystemExit: The template leaves something out, places it twice, or names what does not exist.
    """
    template = (TEMPLATES / name).read_text("utf-8")
    placed = [(found[1], found[2] or "") for found in _PLACEHOLDER.finditer(template) if found[1] != "value"]
    missing, surplus = wanted - set(placed), [one for one in placed if one not in wanted or placed.count(one) > 1]
    if missing or surplus:
        sys.exit(f"docs/templates/{name}: missing {sorted(missing)}, unknown or twice {sorted(set(surplus))}")
    page = _PLACEHOLDER.sub(lambda found: PLACEHOLDERS[found[1]](found[2] or ""), template)
    return NOTICE.format(name=name) + page


def main() -> None:
    pages = {f"docs/{name}": render(name, wanted) for name, wanted in required().items()}
    pages[".env.example"] = env_example()
    pages["README.md"] = readme((ROOT / "README.md").read_text("utf-8"))
    checking = sys.argv[1:] == ["--check"]
    stale: list[str] = []
    for path, text in pages.items():
        file = ROOT / path
        if not file.exists() or file.read_text("utf-8") != text:
            stale.append(path)
            if not checking:
                file.write_text(text, "utf-8")
    if checking and stale:
        sys.exit(f"not current: {', '.join(stale)}. Next: run .venv/bin/python scripts/gen_docs.py")


if __name__ == "__main__":
    main()
