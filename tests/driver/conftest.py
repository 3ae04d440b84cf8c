"""Both engines, raw and wrapped."""

from pathlib import Path
from typing import Any

import pytest
from rawengines import open_raw


@pytest.fixture(params=["libsql", "sqlite3"])
def engine(request: pytest.FixtureRequest) -> str:
    if request.param == "libsql":
        pytest.importorskip("libsql")
    return request.param


@pytest.fixture
def raw(tmp_path: Path) -> Any:
    """A connection of libSQL's own."""
    pytest.importorskip("libsql")
    return open_raw("libsql", tmp_path / "raw.db")
