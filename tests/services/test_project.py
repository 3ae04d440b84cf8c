"""A project has one name from every clone, worktree and URL; its revision is what git says."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from swarm_memory.config import ProjectName, Settings, load_settings
from swarm_memory.models.project import Project, Revision
from swarm_memory.services.project import NAME_LIMIT, find_project, normalise_remote
from swarm_memory.services.repository import read_revision

Git = Callable[..., str]
Make = Callable[..., Path]
Tell = Callable[[Path], Revision]
PROJECT_NAME: TypeAdapter[str] = TypeAdapter(ProjectName)
NO_REVISION = Revision(branch=None, commit=None)
CONFIG_PARTS = [
    b'[remote "origin"]',
    b"[core]",
    b"worktree=",
    b"url=",
    b"https",
    b"://",
    b"@",
    b":",
    b"..",
    b"x",
    b"\n",
    b'"',
    b"\\",
    b"\0",
]


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> Settings:
    for variable in ("SWARM_MEMORY_PROJECT", "CLAUDE_PROJECT_DIR"):
        monkeypatch.delenv(variable, raising=False)
    return load_settings(home=Path("/nowhere"), mode="local")


@pytest.mark.parametrize(
    "url",
    [
        "https://github.com/owner/name",
        "https://github.com/owner/name.git",
        "https://github.com/owner/name.git/",
        "https://github.com//owner/./name//",
        "HTTPS://GitHub.com/Owner/Name.git",
        "https://user:secret@github.com/owner/name.git",
        "https://user:p@ss@github.com:443/owner/name.git",
        "https://x-access-token:ghs_secret@github.com/owner/name?token=secret#secret",
        "https://github.com./owner/name",
        "git@github.com:owner/name.git",
        "git@github.com:/owner/name.git",
        "github.com:owner/name",
        "git@[github.com:22]:owner/name.git",
        "[git@github.com:22]:owner/name.git",
        "ssh://git@github.com/owner/name.git",
        "ssh://git@github.com:22/owner/name.git",
        "ssh://git@ssh.github.com:443/owner/name.git",
        "git+ssh://git@github.com/owner/name",
        "git://github.com/owner/name.git",
        "https://github.com/%6Fwner/name",
        "  https://github.com/owner/name\n",
    ],
)
def test_every_form_of_a_remote_gives_one_name(url: str) -> None:
    assert normalise_remote(url) == "github.com/owner/name"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://gitlab.com/group/sub/deeper/name.git", "gitlab.com/group/sub/deeper/name"),
        ("git@altssh.gitlab.com:group/sub/name.git", "gitlab.com/group/sub/name"),
        ("https://dev.azure.com/org/My%20Project/_git/repo", "dev.azure.com/org/my project/_git/repo"),
        ("git@git.sr.ht:~user/name", "git.sr.ht/~user/name"),
        ("ssh://host/home/user/work/.git", "host/home/user/work"),
        ("https://git.example.org/name.git", "git.example.org/name"),
        ("ssh://git@[2001:db8::1]:2222/owner/name.git", "[2001:db8::1]/owner/name"),
        ("git@[2001:db8::1]:owner/name.git", "[2001:db8::1]/owner/name"),
        ("https://host/cafe\u0301/name", "host/caf\u00e9/name"),
        ("https://host/o\x00w\x1b[31mner/na\u202eme\u2028", "host/ow[31mner/name"),
    ],
)
def test_a_remote_keeps_its_groups_and_loses_what_cannot_be_read(url: str, name: str) -> None:
    assert normalise_remote(url) == name


@pytest.mark.parametrize(
    "url",
    [
        "",
        "/srv/git/name.git",
        "../name.git",
        "./a:b",
        "name",
        "file:///srv/git/name.git",
        "FILE://host/srv/name.git",
        "C:\\work\\name",
        "c:/work/name",
        "\\\\server\\share\\name",
        "ext::sh -c evil",
        "codecommit::eu-west-1://name",
        "https://",
        "https://host",
        "https://host/",
        "https://host/.git",
        "https:///owner/name",
        "https://./owner/name",
        "https://host/../../etc/passwd",
        "https://host/%2e%2e/name",
        "git@host:../name.git",
        "https://ho st/owner/name",
        "https://user:pa/ss@host/owner/name",
        "https://user/pa:ss@host/owner/name",
        "user:token@host:owner/name",
    ],
)
def test_what_names_nothing_elsewhere_or_may_hold_a_secret_is_no_remote(url: str) -> None:
    assert normalise_remote(url) is None


def test_long_remotes_are_cut_and_stay_apart() -> None:
    one, other = (normalise_remote(f"https://host/{'x' * 5000}/{end}") for end in "ab")
    assert one is not None
    assert other is not None
    assert len(one) == len(other) == NAME_LIMIT
    assert one != other


@given(st.text(max_size=60) | st.from_regex(r"\A[a-z+:/@.\[\]~%0-9-]{0,60}\Z"))
def test_normalising_is_total_and_stable(url: str) -> None:
    name = normalise_remote(url)
    if name is not None:
        assert PROJECT_NAME.validate_python(name) == name
        assert ".." not in name.split("/")
        assert (
            normalise_remote(f"https://{name.replace('%', '%25').replace('?', '%3f').replace('#', '%23')}") is not None
        )


def test_the_setting_wins_over_the_repository(make_repository: Make, plain: Settings, tmp_path: Path) -> None:
    work = make_repository(tmp_path / "work", "https://github.com/owner/name")
    named = plain.model_copy(update={"project": "mine"})
    assert find_project(named, work) == Project("mine", "set by SWARM_MEMORY_PROJECT")


def test_the_remote_names_the_project_from_any_depth_and_link(
    make_repository: Make, plain: Settings, tmp_path: Path
) -> None:
    work = make_repository(tmp_path / "work", "git@github.com:Owner/Name.git")
    deep = work / "a" / "b"
    deep.mkdir(parents=True)
    link = tmp_path / "link"
    link.symlink_to(deep)
    expected = Project("github.com/owner/name", "git remote origin")
    assert find_project(plain, work) == find_project(plain, deep) == find_project(plain, link) == expected


def test_the_folder_of_claude_code_wins_over_the_working_directory(
    make_repository: Make, plain: Settings, tmp_path: Path
) -> None:
    work = make_repository(tmp_path / "work", "https://github.com/owner/name")
    other = make_repository(tmp_path / "other", "https://github.com/owner/other")
    assert find_project(plain.model_copy(update={"claude_project_dir": work}), other).name == "github.com/owner/name"
    relative = plain.model_copy(update={"claude_project_dir": Path("work")})
    assert find_project(relative, tmp_path).name == "github.com/owner/name"
    missing = plain.model_copy(update={"claude_project_dir": tmp_path / "missing"})
    assert find_project(missing, other).name == "github.com/owner/other"


def test_only_origin_counts(git: Git, make_repository: Make, plain: Settings, tmp_path: Path) -> None:
    work = make_repository(tmp_path / "work")
    git(work, "remote", "add", "upstream", "https://github.com/owner/name")
    assert find_project(plain, work) == Project(
        "local/work", "folder name, since its git repository has no remote named origin"
    )


@pytest.mark.parametrize("remote", ["/srv/name.git", "file:///srv/name.git", "../name.git"])
def test_a_path_as_remote_is_no_shared_name(
    make_repository: Make, plain: Settings, tmp_path: Path, remote: str
) -> None:
    project = find_project(plain, make_repository(tmp_path / "work", remote))
    assert project.name == "local/work"
    assert remote not in project.reason


@pytest.mark.parametrize("remote", [None, "https://github.com/owner/name"])
def test_a_worktree_equals_its_main_checkout(
    git: Git, make_repository: Make, as_git_says: Tell, plain: Settings, tmp_path: Path, remote: str | None
) -> None:
    work = make_repository(tmp_path / "work", remote)
    tree = tmp_path / "elsewhere" / "tree"
    git(work, "worktree", "add", "--quiet", "-b", "feature/x", str(tree))
    git(tree, "commit", "--quiet", "--allow-empty", "--message", "second")
    assert find_project(plain, tree) == find_project(plain, work)
    assert find_project(plain, work).name == ("local/work" if remote is None else "github.com/owner/name")
    assert read_revision(tree) == as_git_says(tree)
    assert read_revision(work) == as_git_says(work)
    assert read_revision(tree).branch == "feature/x"


def test_a_worktree_without_its_repository_in_sight_keeps_the_name(
    git: Git, make_repository: Make, plain: Settings, tmp_path: Path
) -> None:
    work = make_repository(tmp_path / "work")
    git(work, "worktree", "add", "--quiet", str(tmp_path / "tree"))
    shutil.rmtree(work)
    assert find_project(plain, tmp_path / "tree").name == "local/work"
    assert read_revision(tmp_path / "tree") == NO_REVISION


def test_worktrees_of_a_bare_repository_are_one_project(
    git: Git, make_repository: Make, as_git_says: Tell, plain: Settings, tmp_path: Path
) -> None:
    seed = make_repository(tmp_path / "seed")
    for bare, expected in (("thing.git", "local/thing"), ("proj/.bare", "local/proj")):
        git(tmp_path, "clone", "--quiet", "--bare", str(seed), bare)
        tree = tmp_path / f"tree of {Path(bare).stem}"
        git(tmp_path / bare, "worktree", "add", "--quiet", "-b", "side", str(tree))
        assert find_project(plain, tree).name == find_project(plain, tmp_path / bare).name == expected
        assert read_revision(tree) == as_git_says(tree)
        assert read_revision(tmp_path / bare) == as_git_says(tmp_path / bare)


def test_a_submodule_is_a_repository_of_its_own(
    git: Git, make_repository: Make, as_git_says: Tell, plain: Settings, tmp_path: Path
) -> None:
    library = make_repository(tmp_path / "library")
    work = make_repository(tmp_path / "work", "https://github.com/owner/name")
    git(work, "submodule", "--quiet", "add", str(library), "vendor/lib")
    inside = work / "vendor" / "lib"
    assert find_project(plain, inside).name == "local/lib"  # its remote is a path
    assert read_revision(inside) == as_git_says(inside)
    git(inside, "worktree", "add", "--quiet", "--detach", str(tmp_path / "tree"))
    assert find_project(plain, tmp_path / "tree").name == "local/lib"
    git(inside, "remote", "set-url", "origin", "https://github.com/owner/lib")
    assert find_project(plain, inside).name == find_project(plain, tmp_path / "tree").name == "github.com/owner/lib"
    assert find_project(plain, work).name == "github.com/owner/name"


def test_a_repository_kept_elsewhere_is_named_by_its_checkout(
    git: Git, as_git_says: Tell, plain: Settings, tmp_path: Path
) -> None:
    git(tmp_path, "init", "--quiet", "--separate-git-dir", str(tmp_path / "store"), "work")
    git(tmp_path / "work", "commit", "--quiet", "--allow-empty", "--message", "first")
    assert find_project(plain, tmp_path / "work").name == "local/work"
    assert read_revision(tmp_path / "work") == as_git_says(tmp_path / "work")


def test_a_folder_outside_any_repository_names_itself(plain: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "My Notes"
    folder.mkdir()
    assert find_project(plain, folder) == Project("local/My Notes", "folder name, outside any git repository")
    assert read_revision(folder) == NO_REVISION


def test_an_empty_git_folder_is_no_repository(git: Git, make_repository: Make, plain: Settings, tmp_path: Path) -> None:
    work = make_repository(tmp_path / "work", "https://github.com/owner/name")
    inner = work / "inner"
    (inner / ".git").mkdir(parents=True)
    assert git(inner, "rev-parse", "--show-toplevel") == str(work.resolve())
    assert find_project(plain, inner).name == "github.com/owner/name"


def test_a_git_file_that_points_nowhere_does_not_borrow_the_outer_name(
    make_repository: Make, plain: Settings, tmp_path: Path
) -> None:
    work = make_repository(tmp_path / "work", "https://github.com/owner/name")
    inner = work / "inner"
    inner.mkdir()
    for content in ("gitdir: /nowhere/at/all\n", "", "gitdir:", "gitdir: \x00\n", "gitdir: .git\n", "\xff" * 100_000):
        (inner / ".git").write_text(content)
        assert find_project(plain, inner).name == "local/inner"
        assert read_revision(inner) == NO_REVISION


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_named_pipe_in_place_of_a_file_does_not_block(plain: Settings, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    for name in ("HEAD", "config", "commondir", "packed-refs"):
        os.mkfifo(tmp_path / ".git" / name)
    assert find_project(plain, tmp_path).name == f"local/{tmp_path.name}"
    assert read_revision(tmp_path) == NO_REVISION


def test_a_config_over_one_mebibyte_is_not_read(make_repository: Make, plain: Settings, tmp_path: Path) -> None:
    work = make_repository(tmp_path / "work", "https://github.com/owner/name")
    with (work / ".git" / "config").open("a") as config:
        config.write("# filler\n" * 120_000)
    assert find_project(plain, work).name == "local/work"


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        (b"bell\x07 and\nline", "local/bell andline"),
        (b"\xff\xfe raw", "local/raw"),
        ("cafe\u0301".encode(), "local/caf\u00e9"),
        ("\u202e\u200b".encode(), "local/unnamed"),
        (b"...", "local/unnamed"),
    ],
)
def test_a_hostile_folder_name_becomes_a_plain_one(plain: Settings, tmp_path: Path, folder: bytes, name: str) -> None:
    path = os.path.join(os.fsencode(tmp_path), folder)  # noqa: PTH118 - Path takes no bytes
    try:
        os.mkdir(path)  # noqa: PTH102 - as above
    except OSError:
        pytest.skip("the file system refuses this name")
    assert find_project(plain, Path(os.fsdecode(path))).name == name


@pytest.mark.parametrize("path", ["/", "/nowhere/at/all", "/a\x00b", "/\ud800", "/" + "x" * 5000, "/x" * 5000])
def test_a_working_directory_that_is_none_still_names_a_project(plain: Settings, path: str) -> None:
    project = find_project(plain, Path(path))
    assert PROJECT_NAME.validate_python(project.name).startswith("local/")
    assert find_project(plain.model_copy(update={"claude_project_dir": Path(path)}), Path("/nowhere")).name
    assert read_revision(Path(path)) == NO_REVISION


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    config=st.binary(max_size=300) | st.lists(st.sampled_from(CONFIG_PARTS)).map(b"".join),
    head=st.binary(max_size=60) | st.binary(max_size=30).map(lambda b: b"ref: refs/heads/" + b),
    packed=st.binary(max_size=60),
)
def test_no_content_of_a_repository_raises(
    plain: Settings, tmp_path: Path, config: bytes, head: bytes, packed: bytes
) -> None:
    dot_git = tmp_path / ".git"
    dot_git.mkdir(exist_ok=True)
    for name, content in (("config", config), ("HEAD", head), ("packed-refs", packed), ("commondir", b"")):
        (dot_git / name).write_bytes(content)
    assert len(PROJECT_NAME.validate_python(find_project(plain, tmp_path).name)) <= NAME_LIMIT
    assert isinstance(read_revision(tmp_path), Revision)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pointer=st.binary(max_size=60), commondir=st.binary(max_size=60))
def test_no_pointer_to_a_repository_raises(plain: Settings, tmp_path: Path, pointer: bytes, commondir: bytes) -> None:
    inner, store = tmp_path / "inner", tmp_path / "store"
    inner.mkdir(exist_ok=True)
    store.mkdir(exist_ok=True)
    (inner / ".git").write_bytes(b"gitdir: " + pointer)
    (store / "commondir").write_bytes(commondir)
    assert find_project(plain, inner).name
    (inner / ".git").write_bytes(b"gitdir: ../store")
    assert find_project(plain, inner).name
    assert isinstance(read_revision(inner), Revision)
