"""The documents say what is there: generated pages are current, names exist, links lead somewhere, examples work."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from swarm_memory import errors
from swarm_memory.cli.main import cli
from swarm_memory.config import Settings
from swarm_memory.tools.table import ALL_TOOLS

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    page for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*.md")) if page.is_file()
)
TEMPLATES = ROOT / "docs" / "templates"
LINKING = [page for page in PAGES if not page.is_relative_to(TEMPLATES)]  # a template's links are those of its page
CLIENTS = sorted((*ROOT.glob("examples/*.json"), *ROOT.glob("examples/*.toml")))

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
RUNNABLE = re.compile(r"<!-- runnable -->\n```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Pages whose commands are run. A block that cannot be run here says so above it: <!-- not run: why -->
GUIDES = ("docs/getting-started.md", "docs/concepts.md", "docs/hooks.md", "docs/troubleshooting.md", "docs/backup.md")
GUIDE_BLOCK = re.compile(r"^(<!-- not run: .+ -->\n)?```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CODE_SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def headings(page: str) -> set[str]:
    return set(HEADING.findall((ROOT / page).read_text("utf-8")))


def anchors(page: Path) -> set[str]:
    """As GitHub makes them: lower case, punctuation out, blanks to hyphens."""
    return {re.sub(r"[^\w\- ]", "", one).strip().lower().replace(" ", "-") for one in HEADING.findall(prose(page))}


def prose(page: Path) -> str:
    """The page without its code blocks."""
    return FENCE.sub("", page.read_text("utf-8"))


def code_of(page: Path) -> Iterator[str]:
    """Every line of a code block, and every code span."""
    for _, block in FENCE.findall(page.read_text("utf-8")):
        yield from block.splitlines()
    yield from CODE_SPAN.findall(prose(page))


def variables() -> set[str]:
    """Every environment variable that is a setting."""
    found: set[str] = set()
    for name, field in Settings.model_fields.items():
        alias: Any = field.validation_alias
        if alias is None:
            found.add("SWARM_MEMORY_" + name.upper())
        else:
            found |= {alias} if isinstance(alias, str) else set(alias.choices)
    return found


def codes() -> set[str]:
    """Every error code."""
    kinds = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.SwarmMemoryError)]
    return {one.code for one in kinds if one is not errors.SwarmMemoryError}


def generate(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", str(root / "scripts" / "gen_docs.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What the generator reads and writes, to change it."""
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    for file in ("scripts/gen_docs.py", "README.md", ".env.example"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / file, tmp_path / file)
    return tmp_path


def test_generated_pages_are_current() -> None:
    done = generate(ROOT, "--check")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("page", "generated"),
    [("docs/tools.md", "Seconds until it expires."), ("README.md", "Storage mode."), (".env.example", "Storage mode.")],
)
def test_a_generated_page_that_was_changed_by_hand_is_found_and_mended(clone: Path, page: str, generated: str) -> None:
    text = (clone / page).read_text("utf-8")
    assert generated in text
    (clone / page).write_text(text.replace(generated, "By hand."), "utf-8")
    done = generate(clone, "--check")
    assert done.returncode != 0
    assert page in done.stderr
    assert generate(clone).returncode == 0
    assert (clone / page).read_text("utf-8") == text


def test_a_template_that_leaves_something_out_is_refused(clone: Path) -> None:
    template = clone / "docs" / "templates" / "errors.md"
    template.write_text(template.read_text("utf-8").replace("{{error not_found}}", ""), "utf-8")
    done = generate(clone, "--check")
    assert done.returncode != 0
    assert "not_found" in done.stderr


def test_every_error_code_has_its_section() -> None:
    assert headings("docs/errors.md") >= codes()


def test_the_tree_in_the_errors_module_names_every_code() -> None:
    assert {code for code in codes() if f"[{code}]" not in (errors.__doc__ or "")} == {"storage_error"}


def test_every_tool_has_its_section_and_its_line_in_the_readme() -> None:
    names = {tool.name for tool in ALL_TOOLS}
    assert headings("docs/tools.md") >= names
    assert names <= set(CODE_SPAN.findall((ROOT / "README.md").read_text("utf-8")))


def test_every_command_has_its_section() -> None:
    assert headings("docs/cli.md") >= set(cli.commands)


@pytest.mark.parametrize("page", ["docs/settings.md", "README.md"])
def test_every_setting_is_documented(page: str) -> None:
    assert variables() <= set(CODE_SPAN.findall((ROOT / page).read_text("utf-8")))


def test_the_example_environment_names_exactly_the_settings() -> None:
    named = re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text("utf-8"), re.MULTILINE)
    assert sorted(named) == sorted(variables())


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_documents_name_no_setting_that_does_not_exist(page: Path) -> None:
    named = set(re.findall(r"\bSWARM_MEMORY_[A-Z_]+\b", page.read_text("utf-8")))
    assert named <= variables()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_in_documents_exist(page: Path) -> None:
    for line in code_of(page):
        command = re.match(r"\s*swarm-memory ([a-z]\S*)((?: \S+)*)", line)
        if command is None:
            continue
        assert command[1] in cli.commands, line
        found = cli.commands[command[1]]
        if isinstance(found, click.Group) and (inner := re.match(r" ([a-z][\w-]*)", command[2])):
            assert inner[1] in found.commands, line
            found = found.commands[inner[1]]
        options = {opt for one in found.params if isinstance(one, click.Option) for opt in one.opts}
        assert set(re.findall(r"(?<!\S)--[a-z][\w-]*", command[2])) <= options | {"--help"}, line


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_scripts_in_documents_exist(page: Path) -> None:
    named = {found for line in code_of(page) for found in re.findall(r"(?<![\w/.])scripts/[\w.-]+", line)}
    assert [one for one in named if not (ROOT / one).is_file()] == []


@pytest.mark.parametrize("page", LINKING, ids=name_of)
def test_relative_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), f"{name_of(page)} links to {target}"
        if anchor:
            assert anchor in anchors(linked), f"{name_of(page)} links to {target}"


def test_every_decision_is_listed() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = LINK.findall((folder / "README.md").read_text("utf-8"))
    assert sorted(listed) == sorted(page.name for page in folder.glob("[0-9]*.md"))


def test_every_dependency_is_justified_and_no_other() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    section = (
        (ROOT / "docs" / "architecture.md").read_text("utf-8").partition("## Dependencies")[2].partition("\n## ")[0]
    )
    justified = set(re.findall(r"^\| ([a-z][\w-]*) \| \S", section, re.MULTILINE)) - {"package"}
    assert justified == {re.split(r"[^\w-]", one)[0] for one in wanted}


def test_every_claim_is_measured_declined_or_not_there_yet() -> None:
    text = (ROOT / "docs" / "claims.md").read_text("utf-8").partition("## Calls")[0]
    states = re.findall(r"^\| \".*?\| ([^|]+) \|", text, re.MULTILINE)
    assert len(states) > 15
    assert [one for one in states if not re.match(r"(second half )?(measured|declined|not yet: comes with)", one)] == []


@pytest.mark.skipif(os.name != "posix", reason="the blocks are written for bash")
def test_runnable_blocks_of_the_readme_run(tmp_path: Path) -> None:
    blocks = RUNNABLE.findall((ROOT / "README.md").read_text("utf-8"))
    assert blocks
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": str(tmp_path), "SWARM_MEMORY_HOME": str(tmp_path / "store")}
    for block in blocks:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def as_a_user(tmp_path: Path) -> Iterator[Callable[[str], subprocess.CompletedProcess[str]]]:
    """Runs blocks of a page as a new user would: a clean home, a folder, no variables, a client's server at work."""
    project = tmp_path / "home" / "shop"
    project.mkdir(parents=True)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": str(tmp_path / "home"), "GIT_CEILING_DIRECTORIES": str(tmp_path)}

    def run(block: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block],
            cwd=project,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    pipe = subprocess.PIPE
    server = subprocess.Popen(["swarm-memory"], cwd=project, env=environment, stdin=pipe, stdout=pipe, stderr=pipe)
    try:
        assert server.stdin
        assert server.stdout
        server.stdin.write(b'{"jsonrpc": "2.0", "id": 1, "method": "ping"}\n')
        server.stdin.flush()
        assert b'"result"' in server.stdout.readline()
        yield run
        assert server.poll() is None  # it is there all the time
    finally:
        server.kill()
        server.communicate(timeout=10)


@pytest.mark.skipif(os.name != "posix", reason="the blocks are written for a POSIX shell")
@pytest.mark.parametrize("page", GUIDES)
def test_the_commands_of_a_guide_run_one_after_another(
    page: str, as_a_user: Callable[[str], subprocess.CompletedProcess[str]]
) -> None:
    blocks = [block for reason, block in GUIDE_BLOCK.findall((ROOT / page).read_text("utf-8")) if not reason]
    assert blocks
    for block in blocks:
        done = as_a_user(block)
        assert done.returncode == 0, block + done.stdout + done.stderr
        assert "[" not in done.stderr, done.stderr  # no error, and no warning of a wrong word


@pytest.mark.parametrize("page", GUIDES)
def test_a_guide_has_no_commands_in_a_block_that_is_not_run(page: str) -> None:
    kinds = {kind for kind, _ in FENCE.findall((ROOT / page).read_text("utf-8"))}
    assert "sh" in kinds
    assert not kinds & {"", "bash", "shell", "console"}


@pytest.mark.parametrize("file", CLIENTS, ids=name_of)
def test_configurations_of_clients_name_what_exists(file: Path) -> None:
    text = file.read_text("utf-8")
    content: dict[str, Any] = json.loads(text) if file.suffix == ".json" else tomllib.loads(text)
    [servers] = content.values()
    for entry in servers.values():
        assert set(entry.get("env", {})) <= variables()
        if "url" in entry:
            assert re.fullmatch(r"http://127\.0\.0\.1:\d+/(mcp|sse)", entry["url"])
            continue
        assert (entry["command"], entry["args"][0]) == ("uvx", "--from")
        program, command, *options = entry["args"][2:]
        assert program == "swarm-memory"
        known = {opt for one in cli.commands[command].params for opt in one.opts}
        assert {one for one in options if one.startswith("-")} <= known


def test_the_examples_page_lists_every_example() -> None:
    listed = (ROOT / "examples" / "README.md").read_text("utf-8")
    assert [file.name for file in CLIENTS if f"({file.name})" not in listed] == []
