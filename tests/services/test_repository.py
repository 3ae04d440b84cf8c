"""A checkout's revision and config are what git itself says they are."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from swarm_memory.models.project import Revision
from swarm_memory.services.repository import parse_config, read_revision

Git = Callable[..., str]
Make = Callable[..., Path]
Tell = Callable[[Path], Revision]
NO_REVISION = Revision(branch=None, commit=None)


def test_the_revision_follows_each_state_of_a_checkout(
    git: Git, make_repository: Make, as_git_says: Tell, tmp_path: Path
) -> None:
    work = make_repository(tmp_path / "work")
    assert read_revision(work) == as_git_says(work)
    git(work, "switch", "--quiet", "--create", "feature/deep/er")
    git(work, "commit", "--quiet", "--allow-empty", "--message", "second")
    assert read_revision(work) == as_git_says(work)
    git(work, "pack-refs", "--all")
    assert not (work / ".git" / "refs" / "heads" / "feature").exists()
    assert read_revision(work) == as_git_says(work)
    git(work, "commit", "--quiet", "--allow-empty", "--message", "loose over packed")
    assert read_revision(work) == as_git_says(work)
    git(work, "pack-refs", "--all")
    assert read_revision(work) == as_git_says(work)
    git(work, "symbolic-ref", "refs/heads/alias", "refs/heads/main")
    git(work, "switch", "--quiet", "--detach")
    assert read_revision(work) == as_git_says(work)
    assert read_revision(work).branch is None


def test_a_branch_that_is_an_alias_has_the_commit_of_its_target(
    git: Git, make_repository: Make, tmp_path: Path
) -> None:
    work = make_repository(tmp_path / "work")
    git(work, "symbolic-ref", "refs/heads/alias", "refs/heads/main")
    git(work, "symbolic-ref", "HEAD", "refs/heads/alias")
    assert read_revision(work) == Revision(branch="alias", commit=git(work, "rev-parse", "HEAD"))


def test_before_the_first_commit_there_is_a_branch_only(git: Git, tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "work")
    assert read_revision(tmp_path / "work") == Revision(branch="main", commit=None)


def test_sha256_repositories_have_long_commits(git: Git, as_git_says: Tell, tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet", "--object-format=sha256", "work")
    git(tmp_path / "work", "commit", "--quiet", "--allow-empty", "--message", "first")
    assert read_revision(tmp_path / "work") == as_git_says(tmp_path / "work")


@pytest.mark.parametrize(
    "head",
    [
        "ref: ../../../secret",
        "ref: refs/heads/../../../secret",
        "ref: refs/heads/a\x00b",
        "ref: /etc/passwd",
        "ref:",
        "deadbeef",
        "Z" * 40,
    ],
)
def test_a_hostile_head_reads_nothing_outside_the_repository(tmp_path: Path, head: str) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "secret").write_text("0" * 40)
    (tmp_path / ".git" / "HEAD").write_text(head)
    assert read_revision(tmp_path) == NO_REVISION


def as_git_lists(git: Git, directory: Path, config: str) -> list[str] | None:
    """The variables git reads from the text, or None if it refuses it."""
    (directory / "config").write_bytes(config.encode())
    try:
        listed = git(directory, "config", "--null", "--list", "--file", "config")
    except subprocess.CalledProcessError:
        return None
    return listed.split("\0")[:-1]


def as_we_list(config: str) -> list[str]:
    return [
        f"{section}.{name}\n{value}" if subsection is None else f"{section}.{subsection}.{name}\n{value}"
        for section, subsection, name, value in parse_config(config.encode())
    ]


@pytest.mark.parametrize(
    "config",
    [
        '[remote "origin"]\n\turl = https://github.com/owner/name\n',
        '[REMOTE "Origin"]\r\n URL="a b"c ; comment\r\n',
        '[remote "o\\"ri\\\\gin"] url = one # two\n',
        "[remote.Origin]\nurl=a;b\n",
        '[a]\nx = "quoted # not a comment" ; comment\n y = back\\\\slash\\t\\n\\"end\n',
        "[a]\nx = first \\\n   second\\\n\n y = 3\n",
        '[a]\nx = " kept "  \ny =   inner   space   \n',
        '# top\n; other\n\n[a] ; after\n x = 1\n[b "c"]z=\n',
        "\ufeff[a]\nx=1\n",
        "[a]x=1",
    ],
)
def test_config_is_read_as_git_reads_it(git: Git, tmp_path: Path, config: str) -> None:
    assert as_we_list(config) == as_git_lists(git, tmp_path, config)


# No bare tab: git turned one inside a value into a blank until version 2.45.
CONFIG_TOKENS = [
    "[a]",
    '[b "C d"]',
    "[e.F]",
    "x",
    "Key-2",
    "=",
    " ",
    "\n",
    "\r\n",
    '"',
    "\\",
    "#",
    ";",
    "v",
    "é",
    "\\n",
    "\\t",
    "\\\n",
]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(CONFIG_TOKENS), max_size=30).map("".join))
def test_whatever_config_git_accepts_is_read_the_same(git: Git, tmp_path: Path, config: str) -> None:
    expected = as_git_lists(git, tmp_path, "[a]\n" + config)
    if expected is not None:
        # git tells a name without "=" apart from one with an empty value; both readings of such a name are true.
        assert as_we_list("[a]\n" + config) == [line if "\n" in line else f"{line}\ntrue" for line in expected]
