"""init: the entry gets into .mcp.json, all else in it stays, and no secret gets anywhere."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from commandline import COMMAND, Commands
from hypothesis import given
from hypothesis import strategies as st
from sqld import Sqld
from tokens import Signer

from swarm_memory.cli._client_file import merged
from swarm_memory.errors import InvalidArgument

VARIABLES = {"TURSO_DB_URL": "${TURSO_DB_URL}", "TURSO_DB_AUTH_TOKEN": "${TURSO_DB_AUTH_TOKEN}"}

_json: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_objects = st.dictionaries(st.text().filter(lambda name: name != "swarm-memory"), _json, max_size=4)


@dataclass(frozen=True)
class Place:
    """A primary that wants a token, and a project."""

    primary: Sqld
    signer: Signer
    token: str
    file: Path

    @property
    def env(self) -> dict[str, str]:
        return {"TURSO_DB_URL": self.primary.url, "TURSO_DB_AUTH_TOKEN": self.token}

    @property
    def config(self) -> Any:
        return json.loads(self.file.read_text("utf-8"))


@pytest.fixture
def place(tmp_path: Path, run: Commands) -> Generator[Place]:
    signer = Signer()
    with Sqld(tmp_path / "primary", key_file=signer.write_public_key(tmp_path / "key.pem")) as primary:
        yield Place(primary, signer, signer.full_access(), run.cwd / ".mcp.json")


def answering(run: Commands, env: dict[str, str], *arguments: str, answers: str) -> tuple[int, str]:
    """Run it at a terminal and type these answers; its exit code, and all that was to be seen."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [COMMAND, *arguments],
        env={**run.env, "SWARM_MEMORY_HOME": str(run.home), "TERM": "dumb", **env},
        cwd=run.cwd,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,  # getpass would ask the terminal of whoever runs the tests
    )
    os.close(theirs)
    shown, typed = b"", 0
    lines = answers.splitlines(keepends=True)
    try:
        while chunk := os.read(ours, 4096):
            shown += chunk
            # A question ends without a line end; what is typed before a hidden one is asked would be echoed.
            if typed < len(lines) and chunk.endswith(b": "):
                os.write(ours, lines[typed].encode())
                typed += 1
    except OSError:  # Linux's way to tell that the other side is closed
        pass
    finally:
        os.close(ours)
        code = process.wait(30)
    return code, shown.decode().replace("\r\n", "\n")


def test_the_entry_is_written_once_and_names_the_variables_only(place: Place, run: Commands) -> None:
    done = run("init", "--with-turso", "--yes", env=place.env).expect(0)
    [(name, entry)] = place.config["mcpServers"].items()
    assert (name, entry["type"], entry["env"]) == ("swarm-memory", "stdio", VARIABLES)
    assert [entry["command"], *entry["args"]] == [sys.executable, "-m", "swarm_memory"]
    assert f"export TURSO_DB_URL={place.primary.url}" in done.out
    assert "export TURSO_DB_AUTH_TOKEN='<token>'" in done.out
    assert "no store yet" in done.out

    written = place.file.read_bytes()
    again = run("init", "--with-turso", "--yes", env=place.env).expect(0)
    assert "nothing was changed" in again.out
    assert place.file.read_bytes() == written
    assert place.primary.url.encode() not in written
    assert place.token not in done.out + done.err + again.out + again.err + written.decode()
    assert [path.name for path in run.cwd.iterdir()] == [".mcp.json"]


def test_the_command_is_named_where_it_is_on_the_path(run: Commands, tmp_path: Path) -> None:
    path = f"{Path(COMMAND).parent}{os.pathsep}{os.defpath}"
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    run("init", "--yes", "--directory", str(folder), env={"PATH": path}).expect(0)
    config = json.loads((folder / ".mcp.json").read_text())
    assert config == {"mcpServers": {"swarm-memory": {"type": "stdio", "command": "swarm-memory", "args": []}}}


def test_a_person_is_asked_and_the_token_is_not_shown(place: Place, run: Commands) -> None:
    answers = f"{place.primary.url}\n{place.token}\ny\n"
    code, shown = answering(run, {}, "init", "--with-turso", answers=answers)
    assert code == 0, shown
    assert "URL of the primary: " in shown
    assert place.token not in shown
    assert place.config["mcpServers"]["swarm-memory"]["env"] == VARIABLES


def test_a_no_writes_nothing(place: Place, run: Commands) -> None:
    code, shown = answering(run, place.env, "init", "--with-turso", answers="n\n")
    assert code == 1
    assert '"${TURSO_DB_AUTH_TOKEN}"' in shown
    assert not place.file.exists()


def test_a_primary_that_does_not_do_is_told_before_anything_is_written(place: Place, run: Commands) -> None:
    refused = {
        place.signer.read_only(): "[storage_read_only] ",
        place.signer.expired(): "[primary_refused] ",
        Signer().full_access(): "[primary_refused] ",
    }
    for token, begin in refused.items():
        done = run("init", "--with-turso", "--yes", env={**place.env, "TURSO_DB_AUTH_TOKEN": token}).expect(1)
        assert done.err.startswith(begin)
        assert token not in done.out + done.err
    url = place.primary.url
    place.primary.kill()
    gone = run("init", "--with-turso", "--yes", "--url", url, env={"TURSO_DB_AUTH_TOKEN": place.token}).expect(1)
    assert gone.err.startswith("[storage_unavailable] ")
    unknown = run("init", "--with-turso", "--yes").expect(2)
    assert "TURSO_DB_URL" in unknown.err
    assert run("init", "--with-turso", "--yes", "--url", "ftp://x").expect(2).err.startswith("[configuration] ")
    assert run("init", "--url", url).code == 2
    assert not place.file.exists()


def test_a_primary_without_tokens_needs_no_variable_for_one(tmp_path: Path, run: Commands) -> None:
    with Sqld(tmp_path / "open") as primary:
        done = run("init", "--with-turso", "--yes", "--url", primary.url).expect(0)
    entry = json.loads((run.cwd / ".mcp.json").read_text())["mcpServers"]["swarm-memory"]
    assert entry["env"] == {"TURSO_DB_URL": "${TURSO_DB_URL}"}
    assert "TURSO_DB_AUTH_TOKEN" not in done.out


@pytest.mark.parametrize("text", ["no json", "[]", '{"mcpServers": []}', '{"mcpServers": {"swarm-memory": 1}}'])
def test_a_file_that_does_not_fit_is_refused_and_stays(run: Commands, text: str) -> None:
    file = run.cwd / ".mcp.json"
    file.write_text(text)
    done = run("init", "--yes").expect(1)
    assert done.err.startswith("[invalid_argument] ")
    assert file.read_text() == text


def test_the_file_keeps_its_permissions_and_a_link_its_target(run: Commands, tmp_path: Path) -> None:
    real = tmp_path / "real.json"
    real.write_text('{"mcpServers": {"other": {"command": "é"}}, "more": 1}')
    real.chmod(0o640)
    link = run.cwd / ".mcp.json"
    link.symlink_to(real)
    run("init", "--yes").expect(0)
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    config = json.loads(real.read_text("utf-8"))
    assert (config["more"], config["mcpServers"]["other"]) == (1, {"command": "é"})
    assert "swarm-memory" in config["mcpServers"]


@given(config=_objects, servers=_objects, besides=_objects, variables=st.dictionaries(st.text(), st.text(), max_size=3))
def test_all_else_is_kept_and_merging_again_changes_nothing(
    config: dict[str, Any], servers: dict[str, Any], besides: dict[str, Any], variables: dict[str, str]
) -> None:
    entry: dict[str, Any] = {"type": "stdio", "command": "swarm-memory", "args": [], "env": VARIABLES}
    besides = {name: item for name, item in besides.items() if name not in ("url", "headers")}
    before = {**config, "mcpServers": {**servers, "swarm-memory": {**besides, "env": variables}}}
    text = merged(json.dumps(before), entry)
    assert text is not None
    after = json.loads(text)
    mine = after["mcpServers"].pop("swarm-memory")
    assert after == {**config, "mcpServers": servers}
    assert mine == {**besides, **entry, "env": {**variables, **VARIABLES}}
    assert merged(text, entry) is None


def test_an_entry_for_another_transport_becomes_one_for_stdio() -> None:
    entry: dict[str, Any] = {"type": "stdio", "command": "swarm-memory", "args": []}
    text = merged('{"mcpServers": {"swarm-memory": {"type": "http", "url": "http://x/mcp", "headers": {}}}}', entry)
    assert text is not None
    assert json.loads(text) == {"mcpServers": {"swarm-memory": entry}}
    with pytest.raises(InvalidArgument):
        merged("{", entry)
