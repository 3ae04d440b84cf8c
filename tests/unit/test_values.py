"""Values keep their exact JSON type, and what no store can keep is refused."""

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swarm_memory.errors import InvalidArgument, TooLarge
from swarm_memory.models.values import MAX_DEPTH, MAX_INTEGER_BITS, check_text, decode, encode, to_json

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None)
@given(value=VALUES)
def test_what_is_decoded_is_what_was_encoded_type_for_type(value: Any) -> None:
    encoded = encode(value)
    back = decode(encoded.content, encoded.format)

    assert json.dumps(back, sort_keys=True) == json.dumps(value, sort_keys=True)
    assert encoded.size == len(to_json(value).encode())
    assert (encoded.format == "text") == isinstance(value, str)


@pytest.mark.parametrize("value", ["007", "true", "null", '{"a":1}', "[1]", '"x"', ""])
def test_a_string_that_looks_like_json_stays_a_string(value: str) -> None:
    encoded = encode(value)

    assert (encoded.content, encoded.format) == (value, "text")
    assert decode(encoded.content, encoded.format) == value


def test_the_words_of_an_object_are_its_names_texts_and_numbers() -> None:
    assert encode({"a b": ["c", 1, 2.5, True, None, {"d": "e"}]}).body == "a b\nc\n1\n2.5\nd\ne"
    assert encode("text").body is None
    assert encode(5).body is None


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, "\0", "\ud800", 1 << MAX_INTEGER_BITS])
def test_what_cannot_be_kept_is_refused_wherever_it_hides(bad: Any) -> None:
    hidden: list[Any] = [bad, [bad], {"a": [bad]}]
    for value in hidden:
        with pytest.raises(InvalidArgument, match="value holds"):
            encode(value)


@pytest.mark.parametrize("name", ["\0", "\udfff"])
def test_names_of_an_object_are_checked_too(name: str) -> None:
    with pytest.raises(InvalidArgument):
        encode({name: 1})


def test_the_longest_integer_goes_both_ways() -> None:
    number = (1 << MAX_INTEGER_BITS) - 1
    encoded = encode([number, -number])

    assert decode(encoded.content, encoded.format) == [number, -number]


def test_a_value_has_a_million_bytes_of_json_at_most() -> None:
    assert encode("x" * 999_998).size == 1_000_000
    with pytest.raises(TooLarge, match="1000001 bytes"):
        encode("x" * 999_999)
    with pytest.raises(TooLarge):
        encode('"' * 500_000)


def test_a_value_is_64_levels_deep_at_most() -> None:
    def nested(depth: int) -> Any:
        return [nested(depth - 1)] if depth else 1

    encode(nested(MAX_DEPTH - 1))
    with pytest.raises(InvalidArgument, match="deeper than 64"):
        encode(nested(MAX_DEPTH))
    with pytest.raises(InvalidArgument, match="deeper than 64"):
        encode(nested(900))
    encode(nested_around([], MAX_DEPTH - 1))
    encode(nested_around({}, MAX_DEPTH - 1))
    with pytest.raises(InvalidArgument, match="deeper than 64"):
        encode(nested_around([[]], MAX_DEPTH - 1))


def test_a_depth_at_which_python_gives_up_is_refused_like_any_other() -> None:
    with pytest.raises(InvalidArgument, match="deeper than 64"):
        encode(nested_around(1, 100_000))


def nested_around(inner: Any, depth: int) -> Any:
    """Lists and objects in turns around a value, made without recursion."""
    for level in range(depth):
        inner = {"a": inner} if level % 2 else [inner]
    return inner


@pytest.mark.parametrize("fault", ["\0", "\ud800", nested_around(1, 100)])
def test_the_size_is_looked_at_before_what_is_in_it(fault: Any) -> None:
    with pytest.raises(TooLarge, match="bytes of JSON"):
        encode([fault, [1] * 500_000])


@pytest.mark.parametrize("text", ["\\u0000", "\\\\u0000", "\\ud800", "9" * 4_000])
def test_text_that_only_spells_what_is_refused_is_kept(text: str) -> None:
    for value in (text, [text], {text: text}):
        encoded = encode(value)
        assert decode(encoded.content, encoded.format) == value


@settings(max_examples=200, deadline=None)
@given(text=st.text())
def test_text_passes_exactly_if_utf_8_can_carry_it_and_it_holds_no_nul(text: str) -> None:
    good = "\0" not in text and not any(0xD800 <= ord(letter) <= 0xDFFF for letter in text)
    if good:
        check_text(text, "text")
    else:
        with pytest.raises(InvalidArgument):
            check_text(text, "text")
