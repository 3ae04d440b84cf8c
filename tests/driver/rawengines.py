"""Connections of the two libraries' own, opened as the driver opens them."""

import sqlite3
from importlib import import_module
from pathlib import Path
from typing import Any


def open_raw(engine: str, path: Path | str) -> Any:
    """A connection without this project's wrapper."""
    if engine == "sqlite3":
        return sqlite3.connect(path, timeout=0, isolation_level=None)
    libsql: Any = import_module("libsql")  # by name: it is missing on some platforms, and ships no types
    return libsql.connect(str(path), timeout=0, isolation_level=None)
