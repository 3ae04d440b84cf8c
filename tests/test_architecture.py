"""The code keeps its budgets and its places; CONTRIBUTING.md tells them to people."""

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TypeVar

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "swarm_memory"

FILE_LINES = 400
FUNCTION_LINES = 50
PARAMETERS = 7

# Where a rule has an exception, the reason is the value.
ENVIRONMENT = {
    "config.py": "reads the settings",
    "hooks/settings.py": "reads those of a local store without pydantic, whose import would take longer than a hook",
    "storage/driver.py": "silences libSQL's log, which is read from the environment only, before it is loaded",
}
DATABASE_LIBRARIES = {
    "storage/driver.py": "the one driver",
    "storage/migrate.py": "splits statements with sqlite3.complete_statement; opens nothing",
}
PRINT = {"__main__.py": "answers --version before anything heavy is loaded"}
TRANSACTIONS = {"BEGIN", "COMMIT", "ROLLBACK", "PRAGMA", "SAVEPOINT", "RELEASE"}
QUERIES = {"SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "ALTER", "WITH", "REPLACE", "ATTACH", "VACUUM"}
SQL = {
    "storage/driver.py": TRANSACTIONS | QUERIES,
    "storage/migrate.py": TRANSACTIONS | QUERIES,
    "storage/local.py": TRANSACTIONS,
    "storage/hrana.py": TRANSACTIONS,
    "storage/copy.py": TRANSACTIONS,
}
EDGE = ("__main__.py", "cli/", "hooks/", "transports/", "server.py", "tools/")

REASON = re.compile(r"# noqa: [A-Z0-9, ]+ - \S")
FIRST_WORD = re.compile(r"\s*([A-Z]+)\b")

Node = TypeVar("Node", bound=ast.AST)
Function = ast.FunctionDef | ast.AsyncFunctionDef
Rule = Callable[[str, str], Iterator[str]]


@cache  # one tree a source, so that its nodes can be told by their identity
def parsed(source: str) -> ast.Module:
    return ast.parse(source)


def nodes(source: str, kind: type[Node]) -> Iterator[Node]:
    return (node for node in ast.walk(parsed(source)) if isinstance(node, kind))


def functions(source: str) -> Iterator[Function]:
    yield from nodes(source, ast.FunctionDef)
    yield from nodes(source, ast.AsyncFunctionDef)


def line_of(source: str, node: ast.stmt | ast.expr | ast.excepthandler) -> str:
    return source.splitlines()[node.lineno - 1]


def imported(node: ast.AST) -> list[str]:
    """Top-level packages an import statement names; none for any other node."""
    if isinstance(node, ast.Import):
        return [alias.name.partition(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [(node.module or "").partition(".")[0]]
    return []


def long_files(path: str, source: str) -> Iterator[str]:
    if (lines := len(source.splitlines())) > FILE_LINES:
        yield f"{path} has {lines} lines"


def long_functions(path: str, source: str) -> Iterator[str]:
    for function in functions(source):
        lines = (function.end_lineno or function.lineno) - function.lineno + 1
        if lines > FUNCTION_LINES:
            yield f"{path}:{function.lineno} {function.name} has {lines} lines"


def many_parameters(path: str, source: str) -> Iterator[str]:
    for function in functions(source):
        given = function.args
        every = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
        names = [one.arg for one in every if one is not None and one.arg not in ("self", "cls")]
        if len(names) > PARAMETERS:
            yield f"{path}:{function.lineno} {function.name} has {len(names)} parameters"


def lazy_imports(path: str, source: str) -> Iterator[str]:
    for function in functions(source):
        for node in ast.walk(function):
            if isinstance(node, ast.Import | ast.ImportFrom):
                line = line_of(source, node)
                if "PLC0415" not in line or not REASON.search(line):
                    yield f"{path}:{node.lineno} imports inside {function.name} without a reason on the line"


def unexplained_noqa(path: str, source: str) -> Iterator[str]:
    for number, line in enumerate(source.splitlines(), 1):
        if "# noqa" in line and not REASON.search(line):
            yield f"{path}:{number} has a noqa without a reason"
        if "# type: ignore" in line or re.search(r"# pyright: ignore(?!\[\w+\] - \S)", line):
            yield f"{path}:{number} silences the type checker without a rule and a reason"


def broad_excepts(path: str, source: str) -> Iterator[str]:
    """A handler of everything passes it on, or is the last place that can tell of it: one a file, at the edge."""
    allowed = 1 if path.startswith(EDGE) else 0
    for handler in nodes(source, ast.ExceptHandler):
        caught = {"BaseException"} if handler.type is None else {ast.unparse(one) for one in flat(handler.type)}
        if not caught & {"Exception", "BaseException"} or passes_on(handler):
            continue
        line = line_of(source, handler)
        if allowed and "BLE001" in line and REASON.search(line):
            allowed -= 1
        else:
            yield f"{path}:{handler.lineno} swallows every exception"
    for call in nodes(source, ast.Call):
        if ast.unparse(call.func) in ("suppress", "contextlib.suppress"):
            caught = {ast.unparse(argument) for argument in call.args}
            if caught & {"Exception", "BaseException"}:
                yield f"{path}:{call.lineno} suppresses every exception"


def flat(caught: ast.expr) -> list[ast.expr]:
    return caught.elts if isinstance(caught, ast.Tuple) else [caught]


def passes_on(handler: ast.ExceptHandler) -> bool:
    return isinstance(handler.body[-1], ast.Raise)


def prints(path: str, source: str) -> Iterator[str]:
    if path.startswith("cli/") or path in PRINT:
        return
    for call in nodes(source, ast.Call):
        if isinstance(call.func, ast.Name) and call.func.id == "print":
            yield f"{path}:{call.lineno} prints"


def environment_readers(path: str, source: str) -> Iterator[str]:
    if path in ENVIRONMENT:
        return
    for attribute in nodes(source, ast.Attribute):
        if attribute.attr in ("environ", "environb", "getenv", "putenv") and ast.unparse(attribute.value) == "os":
            yield f"{path}:{attribute.lineno} touches the environment"
    for statement in nodes(source, ast.ImportFrom):
        if statement.module == "os" and {alias.name for alias in statement.names} & {"environ", "environb", "getenv"}:
            yield f"{path}:{statement.lineno} touches the environment"


def database_importers(path: str, source: str) -> Iterator[str]:
    if path in DATABASE_LIBRARIES:
        return
    for node in nodes(source, ast.stmt):
        if {"libsql", "sqlite3", "_sqlite3", "libsql_experimental"} & set(imported(node)):
            yield f"{path}:{node.lineno} imports a database library"


def stray_sql(path: str, source: str) -> Iterator[str]:
    forbidden = (TRANSACTIONS | QUERIES) - SQL.get(path, set())
    docstrings = {id(statement.value) for statement in nodes(source, ast.Expr)}
    for constant in nodes(source, ast.Constant):
        if isinstance(constant.value, str) and id(constant) not in docstrings:
            word = FIRST_WORD.match(constant.value)
            if word and word[1] in forbidden:
                yield f"{path}:{constant.lineno} has SQL in a string: {word[1]}"


RULES: list[Rule] = [
    long_files,
    long_functions,
    many_parameters,
    lazy_imports,
    unexplained_noqa,
    broad_excepts,
    prints,
    environment_readers,
    database_importers,
    stray_sql,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_sources_keep_every_rule(rule: Rule) -> None:
    files = sorted(PACKAGE.rglob("*.py"))
    assert len(files) > 10
    found = [told for file in files for told in rule(file.relative_to(PACKAGE).as_posix(), file.read_text("utf-8"))]
    assert not found, "\n".join(found)


def test_no_test_file_is_too_long() -> None:
    found = [
        told for file in sorted((ROOT / "tests").rglob("*.py")) for told in long_files(str(file), file.read_text())
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("rule", "path", "source"),
    [
        (long_files, "services/a.py", "x = 1\n" * 401),
        (long_functions, "services/a.py", "async def f():\n" + "    x = 1\n" * 50),
        (many_parameters, "services/a.py", "class A:\n    def f(self, a, b, /, c, d, *e, f, g, **h): ...\n"),
        (lazy_imports, "services/a.py", "def f():\n    from b import c\n"),
        (lazy_imports, "services/a.py", "def f():\n    import b  # noqa: PLC0415\n"),
        (unexplained_noqa, "services/a.py", "x = 1  # noqa: E501\n"),
        (unexplained_noqa, "services/a.py", "x = 1  # noqa\n"),
        (unexplained_noqa, "services/a.py", "x = 1  # type: ignore\n"),
        (unexplained_noqa, "services/a.py", "x = 1  # pyright: ignore[reportX]\n"),
        (broad_excepts, "services/a.py", "try: f()\nexcept Exception:  # noqa: BLE001 - no edge\n    pass\n"),
        (broad_excepts, "services/a.py", "try: f()\nexcept (OSError, BaseException):\n    pass\n"),
        (broad_excepts, "services/a.py", "with suppress(Exception): f()\n"),
        (broad_excepts, "cli/a.py", "try: f()\nexcept:\n    pass\n"),
        (broad_excepts, "cli/a.py", "try: f()\nexcept Exception:  # noqa: BLE001 - last\n    pass\n" * 2),
        (prints, "services/a.py", "print(1)\n"),
        (environment_readers, "cli/a.py", "import os\nx = os.environ['A']\n"),
        (environment_readers, "cli/a.py", "import os\nx = os.getenv('A')\n"),
        (environment_readers, "cli/a.py", "from os import environ\n"),
        (database_importers, "storage/local.py", "import sqlite3\n"),
        (database_importers, "services/a.py", "def f():\n    from libsql.x import y\n"),
        (stray_sql, "services/a.py", "x = 'SELECT 1'\n"),
        (stray_sql, "storage/local.py", "x = f'''\n  DELETE FROM {y}'''\n"),
    ],
)
def test_a_breach_of_a_rule_is_found(rule: Rule, path: str, source: str) -> None:
    assert list(rule(path, source))


@pytest.mark.parametrize(
    ("rule", "path", "source"),
    [
        (long_files, "services/a.py", "x = 1\n" * 400),
        (long_functions, "services/a.py", "def f():\n" + "    x = 1\n" * 49),
        (many_parameters, "services/a.py", "class A:\n    def f(self, a, b, c, d, *, e, f, g): ...\n"),
        (lazy_imports, "cli/a.py", "def f():\n    import b  # noqa: PLC0415 - heavy\n"),
        (broad_excepts, "services/a.py", "try: f()\nexcept BaseException:\n    g()\n    raise\n"),
        (broad_excepts, "cli/a.py", "try: f()\nexcept Exception:  # noqa: BLE001 - the last place\n    pass\n"),
        (prints, "cli/a.py", "print(1)\n"),
        (stray_sql, "services/a.py", "'''SELECT it.'''\nx = 'Select one, UPDATE it.'\n"),
        (stray_sql, "storage/local.py", "x = 'BEGIN IMMEDIATE'\n"),
    ],
)
def test_what_keeps_a_rule_is_left_alone(rule: Rule, path: str, source: str) -> None:
    assert not list(rule(path, source))


@pytest.mark.parametrize("place", sorted(ENVIRONMENT | DATABASE_LIBRARIES | PRINT | SQL))
def test_every_exception_from_a_rule_names_a_file_that_exists(place: str) -> None:
    assert (PACKAGE / place).is_file()


def test_imports_run_in_one_direction() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
