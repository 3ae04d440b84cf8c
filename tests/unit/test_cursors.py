"""Cursors carry a position and belong to one list."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm_memory.errors import InvalidArgument
from swarm_memory.tools._arguments import parse
from swarm_memory.tools._cursor import NUMBER, PLACE, make_cursor, read_cursor
from swarm_memory.tools.memory import MemoryUsageArguments

WELL_FORMED = st.text(st.characters(exclude_categories=["Cs"]))


@given(namespace=WELL_FORMED, key=WELL_FORMED)
def test_a_place_comes_back(namespace: str, key: str) -> None:
    cursor = make_cursor(["list", "x"], [namespace, key])

    assert read_cursor(["list", "x"], cursor, PLACE) == (namespace, key)


@given(number=st.integers(0, 2**53))
def test_a_number_comes_back(number: int) -> None:
    assert read_cursor("h", make_cursor("h", number), NUMBER) == number


@given(text=st.text(max_size=100))
def test_no_text_is_a_cursor_by_chance(text: str) -> None:
    with pytest.raises(InvalidArgument, match="cursor"):
        read_cursor("h", text, NUMBER)


@pytest.mark.parametrize("position", [-1, 2**54, 10**30, 1.5, True, "1", None, [1], ["a", "b"]])
def test_a_forged_position_is_refused(position: object) -> None:
    with pytest.raises(InvalidArgument, match="not one that this server gave"):
        read_cursor("h", make_cursor("h", position), NUMBER)


@pytest.mark.parametrize("position", [1, ["a"], ["a", 1], ["a", "b", "c"], {"a": "b"}, "ab", ["\ud800", "x"]])
def test_a_forged_place_is_refused(position: object) -> None:
    with pytest.raises(InvalidArgument, match="not one that this server gave"):
        read_cursor("h", make_cursor("h", position), PLACE)


def test_a_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="belongs to a call with other arguments"):
        read_cursor(["list", "b"], make_cursor(["list", "a"], 1), NUMBER)


@pytest.mark.parametrize("letter", ["x", "ж", "🎉", "\x01", '"'])
def test_the_server_takes_the_longest_cursors_that_it_gives(letter: str) -> None:
    width = len(letter.encode())
    place = (letter * (128 // width), letter * (1024 // width))

    cursor = make_cursor(["list"], place)
    arguments = parse(MemoryUsageArguments, {"action": "list", "cursor": cursor})

    assert read_cursor(["list"], str(arguments.cursor), PLACE) == place
