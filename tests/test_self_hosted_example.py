"""The example of an own primary: its keys, its tokens and its script, with a real sqld."""

import os
import re
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from children import PATIENCE, Child, free_port, wait_until
from sqld import Sqld, answers, find_sqld

from swarm_memory.config import Settings

EXAMPLE = Path(__file__).parents[1] / "examples" / "self-hosted"
PROGRAM = Path(sys.executable).with_name("swarm-memory")
DAY = 86_400

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes of files, and a script for bash")


def make_keys(keys: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", str(EXAMPLE / "make-keys.py"), "--keys", str(keys), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def token(keys: Path, *options: str) -> str:
    done = make_keys(keys, *options)
    assert done.returncode == 0, done.stderr
    return done.stdout.removesuffix("\n")


def claims(text: str, keys: Path) -> dict[str, Any]:
    return jwt.decode(text, (keys / "public.pem").read_bytes(), algorithms=["EdDSA"])


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


class Client:
    """The console command of one machine, with the primary and a token in its environment."""

    def __init__(self, home: Path, url: str) -> None:
        self.home = home
        self.url = url

    def run(self, signed: str | None, *arguments: str) -> subprocess.CompletedProcess[str]:
        home = str(self.home)
        environment = {"HOME": home, "SWARM_MEMORY_HOME": f"{home}/store", "PATH": os.defpath, "TURSO_DB_URL": self.url}
        if signed is not None:
            environment["TURSO_DB_AUTH_TOKEN"] = signed
        return subprocess.run(
            [str(PROGRAM), *arguments],
            cwd=self.home,
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def value(self, signed: str) -> str:
        done = self.run(signed, "get", "k")
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made by the first run of the script."""
    folder = tmp_path_factory.mktemp("example") / "keys"
    token(folder)
    return folder


@pytest.fixture(scope="module")
def client(keys: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A machine beside a primary that was started with the public key."""
    folder = tmp_path_factory.mktemp("machine")
    with Sqld(folder / "primary", key_file=keys / "public.pem") as sqld:
        yield Client(folder, sqld.url)


def test_the_private_key_can_be_read_by_its_owner_only(keys: Path) -> None:
    assert (mode(keys), mode(keys / "private.pem"), mode(keys / "public.pem")) == (0o700, 0o600, 0o644)


def test_a_later_run_signs_with_the_same_key(keys: Path) -> None:
    before = (keys / "private.pem").read_bytes()
    assert claims(token(keys), keys) == {"a": "rw"}
    assert claims(token(keys, "--read-only"), keys) == {"a": "ro"}
    assert (keys / "private.pem").read_bytes() == before


def test_days_are_the_time_until_a_token_expires(keys: Path) -> None:
    told = claims(token(keys, "--days", "30"), keys)
    assert abs(told["exp"] - time.time() - 30 * DAY) < 60
    for wrong in ("0", "-1", "soon", "nan", "inf"):
        assert make_keys(keys, f"--days={wrong}").returncode == 2


def test_a_private_key_that_is_none_is_told_and_stays(tmp_path: Path) -> None:
    (tmp_path / "private.pem").write_text("secret")
    done = make_keys(tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "secret" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["private.pem"]


def test_a_full_token_reads_and_writes(client: Client, keys: Path) -> None:
    full = token(keys, "--days", "1")
    assert client.run(full, "set", "k", "1").returncode == 0
    assert client.value(full) == "1"


def test_a_read_only_token_reads_and_cannot_write(client: Client, keys: Path) -> None:
    full, read_only = token(keys), token(keys, "--read-only")
    assert client.run(full, "set", "k", "7").returncode == 0
    assert client.value(read_only) == "7"
    refused = client.run(read_only, "set", "k", "8")
    assert refused.returncode == 1
    assert refused.stderr.startswith("[storage_read_only] ")
    assert client.value(full) == "7"


@pytest.mark.parametrize("wrong", ["another key's", "none"])
def test_nobody_else_gets_in(client: Client, tmp_path: Path, wrong: str) -> None:
    signed = None if wrong == "none" else token(tmp_path / "others")
    done = client.run(signed, "get", "k")
    assert done.returncode == 1
    assert done.stderr.startswith("[primary_refused] ")
    assert signed is None or signed not in done.stderr + done.stdout


def test_the_script_starts_a_primary_that_wants_a_token(keys: Path, tmp_path: Path) -> None:
    port = free_port()
    environment = {
        "PATH": os.defpath,
        "SQLD": str(find_sqld()),
        "SQLD_PORT": str(port),
        "SQLD_KEYS": str(keys),
        "SQLD_DATA": str(tmp_path / "data"),
    }
    child = Child(["bash", str(EXAMPLE / "run-sqld.sh")], env=environment)
    try:
        wait_until(lambda: child.ended or answers(port), "sqld answers")
        here = Client(tmp_path, f"http://127.0.0.1:{port}")
        assert here.run(token(keys), "set", "k", "1").returncode == 0
        assert here.run(None, "get", "k").returncode == 1
    finally:
        child.end()
    assert mode(tmp_path / "data") == 0o700


def test_the_script_starts_nothing_without_a_key(tmp_path: Path) -> None:
    environment = {"PATH": os.defpath, "SQLD": str(find_sqld()), "SQLD_KEYS": str(tmp_path)}
    done = subprocess.run(
        ["bash", str(EXAMPLE / "run-sqld.sh")],
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 1
    assert "public.pem is missing" in done.stderr


def test_the_container_is_this_machine_s_own_and_never_without_its_key() -> None:
    text = (EXAMPLE / "compose.yml").read_text("utf-8")
    assert "${SQLD_ADDRESS:-127.0.0.1}:${SQLD_PORT:-8080}:8080" in text
    assert "create_host_path: false" in text
    [key] = re.findall(r"SQLD_AUTH_JWT_KEY_FILE: (\S+)", text)
    assert f"target: {key}" in text


def test_keys_are_never_committed() -> None:
    ignored = (EXAMPLE / ".gitignore").read_text("utf-8").splitlines()
    assert {"keys/", "data.sqld/", ".env"} <= set(ignored)


def test_the_page_names_settings_that_exist() -> None:
    fields = Settings.model_fields.values()
    known = {
        name for field in fields if field.validation_alias for name in getattr(field.validation_alias, "choices", ())
    }
    text = (EXAMPLE / "README.md").read_text("utf-8")
    assert set(re.findall(r"\bTURSO_\w+", text)) <= known
