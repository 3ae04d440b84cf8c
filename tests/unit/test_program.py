"""How a client starts this program: as it runs now, in a form that will still work then."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from swarm_memory.cli._program import is_passing, uvx_source


@pytest.mark.parametrize(
    ("told", "source"),
    [
        (None, []),
        ({"url": "file:///home/me/a%20clone", "dir_info": {}}, ["--from", "/home/me/a clone"]),
        (
            {"url": "file:///w/swarm_memory-1-py3-none-any.whl", "archive_info": {}},
            ["--from", "/w/swarm_memory-1-py3-none-any.whl"],
        ),
        ({"url": "https://h/x.whl", "archive_info": {}}, ["--from", "https://h/x.whl"]),
        (
            {"url": "https://h/x.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}},
            ["--from", "git+https://h/x.git@abc"],
        ),
    ],
)
def test_uvx_takes_the_same_source_again(told: dict[str, Any] | None, source: list[str]) -> None:
    assert uvx_source(None if told is None else json.dumps(told)) == source


def test_an_environment_of_uvx_is_told_from_one_that_stays() -> None:
    assert is_passing(Path("/home/me/.cache/uv/archive-v0/N4oVU1PX0VDeg44P"))
    assert not is_passing(Path("/home/me/.local/share/uv/tools/swarm-memory"))
    assert not is_passing(Path(sys.prefix))
