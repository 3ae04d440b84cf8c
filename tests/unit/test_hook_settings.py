"""The quick reading of the settings says what the whole one says, or leaves it to that."""

import os
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm_memory.config import load_settings
from swarm_memory.errors import ConfigurationError
from swarm_memory.hooks.settings import home_of, quick_settings

_text = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=140)
_variables = st.fixed_dictionaries(
    {"HOME": st.just("/somebody")},
    optional={
        "SWARM_MEMORY_HOME": st.sampled_from(["/store", "", "relative", "/a b/é"]),
        "swarm_memory_project": _text,
        "SWARM_MEMORY_AGENT": _text,
        "SWARM_MEMORY_ENGINE": st.sampled_from(["", "auto", "sqlite3", "libsql", "oracle"]),
        "SWARM_MEMORY_DURABILITY": st.sampled_from(["", "normal", "full", "none"]),
        "SWARM_MEMORY_MODE": st.sampled_from(["", "auto", "local", "replica", "remote", "x"]),
        "TURSO_DB_URL": st.sampled_from(["", "http://127.0.0.1:1"]),
        "CLAUDE_PROJECT_DIR": st.sampled_from(["", "/project"]),
    },
)
_TAKEN = ("home", "project", "agent", "engine", "durability", "claude_project_dir", "database_path")


@given(_variables)
def test_both_readings_of_the_settings_agree(variables: Mapping[str, str]) -> None:
    with pytest.MonkeyPatch.context() as environment:
        for name in list(os.environ):
            environment.delenv(name)
        for name, value in variables.items():
            environment.setenv(name, value)
        quick = quick_settings()
        try:
            whole = load_settings()
        except ConfigurationError:
            whole = None
        if quick is None:
            # Left to the whole reading only where there is a primary, or something is wrong.
            assert whole is None or whole.primary is not None
            return
        assert whole is not None
        assert {name: getattr(quick, name) for name in _TAKEN} == {name: getattr(whole, name) for name in _TAKEN}
        assert home_of() == whole.home


@pytest.mark.parametrize("home", ["", "relative/place"])
def test_there_is_a_place_for_the_log_whatever_the_settings(home: str) -> None:
    assert home_of({"SWARM_MEMORY_HOME": home, "HOME": "/somebody"}).is_absolute()
