"""Globs mean what a brute-force matcher says, and no pattern makes matching slow."""

import time
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swarm_memory.errors import InvalidArgument
from swarm_memory.models.globs import MAX_WILDCARDS, compile_glob

TEXTS = st.text("ab/.", max_size=10)
PATTERNS = st.lists(st.sampled_from(["a", "b", "/", ".", "*", "**", "?", "ab"]), max_size=9).map("".join)


def brute_force(pattern: str, key: str) -> bool:
    """The definition, tried out in every way."""

    @cache
    def match(at: int, place: int) -> bool:
        if at == len(pattern):
            return place == len(key)
        if pattern.startswith("**", at):
            return any(match(at + 2, end) for end in range(place, len(key) + 1))
        if pattern[at] == "*":
            ends = range(place, len(key) + 1)
            return any(match(at + 1, end) for end in ends if "/" not in key[place:end])
        if place == len(key):
            return False
        fits = key[place] != "/" if pattern[at] == "?" else key[place] == pattern[at]
        return fits and match(at + 1, place + 1)

    return match(0, 0)


@settings(max_examples=800, deadline=None)
@given(pattern=PATTERNS, key=TEXTS)
def test_a_glob_matches_what_its_definition_says(pattern: str, key: str) -> None:
    glob = compile_glob(pattern)

    assert glob.matches(key) == brute_force(pattern, key)
    if glob.matches(key):
        assert key.startswith(glob.prefix)


@settings(max_examples=300, deadline=None)
@given(text=st.text(max_size=20))
def test_a_text_without_wildcards_matches_itself_alone(text: str) -> None:
    literal = text.replace("*", "").replace("?", "")
    glob = compile_glob(literal)

    assert glob.matches(literal)
    assert not glob.matches(literal + "x")
    assert glob.prefix == literal


@pytest.mark.parametrize(
    "pattern",
    [
        "*a" * MAX_WILDCARDS,
        "**a" * MAX_WILDCARDS,
        "a**" * (MAX_WILDCARDS - 1) + "*b",
        "?" * MAX_WILDCARDS,
        "**/" * MAX_WILDCARDS,
        "**a*" * (MAX_WILDCARDS // 2) + "b",
        "*" * 15 + "b",
        "**" * 14 + "*a*b",
    ],
)
@pytest.mark.parametrize("key", ["a" * 1_024, "a/" * 512, "ab" * 500 + "c", "/" * 1_024])
def test_no_pattern_is_slow(pattern: str, key: str) -> None:
    glob = compile_glob(pattern)
    begun = time.perf_counter()
    glob.matches(key)

    assert time.perf_counter() - begun < 0.25  # a bomb would take hours


def test_too_many_wildcards_are_refused() -> None:
    compile_glob("*/" * MAX_WILDCARDS)
    with pytest.raises(InvalidArgument, match="17 wildcards"):
        compile_glob("*/" * (MAX_WILDCARDS + 1))


@pytest.mark.parametrize(
    ("pattern", "only"), [("swarm/**", True), ("**", True), ("a", False), ("a*", False), ("**a", False)]
)
def test_a_prefix_alone_decides_where_nothing_follows_two_stars(pattern: str, only: object) -> None:
    assert compile_glob(pattern).prefix_only is only
