"""One place of a JSON text changes; every other character stays, whatever the layout."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm_memory.cli._json_text import put, remove

_keys = st.text(max_size=5)
_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=3),
    max_leaves=8,
)
_layouts: st.SearchStrategy[dict[str, Any]] = st.sampled_from(
    [
        {},
        {"indent": 2},
        {"indent": "\t"},
        {"indent": 4, "separators": (" ,", " :  ")},
        {"separators": (",", ":")},
        {"ensure_ascii": False},
    ]
)


@given(
    config=st.dictionaries(_keys, _values, max_size=4),
    outer=_keys,
    inner=_keys,
    value=_values,
    layout=_layouts,
    crlf=st.booleans(),
)
def test_what_is_put_in_is_there_and_taken_out_leaves_the_text_as_it_was(
    config: dict[str, Any], outer: str, inner: str, value: Any, layout: dict[str, Any], *, crlf: bool
) -> None:
    config.pop(outer, None)
    text = json.dumps(config, **layout)
    text = text.replace("\n", "\r\n") if crlf else text
    new = put(text, (outer, inner), value)
    assert json.loads(new) == config | {outer: {inner: value}}
    assert remove(new, (outer, inner)) == text
    assert "\r\n" not in text or "\n" not in new.replace("\r\n", "")


@given(config=st.dictionaries(_keys, _values, min_size=2, max_size=4), value=_values, layout=_layouts, data=st.data())
def test_a_value_is_replaced_or_removed_alone(
    config: dict[str, Any], value: Any, layout: dict[str, Any], data: st.DataObject
) -> None:
    text = json.dumps(config, **layout)
    name = data.draw(st.sampled_from(sorted(config)))
    assert json.loads(put(text, (name,), value)) == config | {name: value}
    assert json.loads(remove(text, (name,))) == {key: item for key, item in config.items() if key != name}


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ('{\n  "a": [\n    1\n  ]\n}', ("a", 1), '{\n  "a": [\n    1,\n    2\n  ]\n}'),
        ('{ "a" : 1\n, "b" : 2 }', ("c",), '{ "a" : 1\n, "b" : 2, "c": 2 }'),
        ('{"a": 1, "a": {"x": 0}}', ("a", "x"), '{"a": 1, "a": {"x": 2}}'),
        ("{ }", ("a",), '{\n  "a": 2\n}'),
        ('{"a": "},{"}', ("b",), '{"a": "},{", "b": 2}'),
    ],
)
def test_odd_layouts_keep_theirs(text: str, path: tuple[str | int, ...], expected: str) -> None:
    assert put(text, path, 2) == expected


def test_empty_containers_go_with_what_was_in_them_and_others_stay() -> None:
    text = '{"a": {"b": {"c": 1}}, "d": {}, "e": [[], 1]}'
    assert remove(text, ("a", "b", "c")) == '{"d": {}, "e": [[], 1]}'
    assert remove(text, ("e", 1)) == '{"a": {"b": {"c": 1}}, "d": {}, "e": [[]]}'


@pytest.mark.parametrize("path", [("a", "b"), ("a", 0)])
def test_a_place_inside_a_scalar_is_refused(path: tuple[str | int, ...]) -> None:
    with pytest.raises(ValueError, match="cannot"):
        put('{"a": 1}', path, 2)
    with pytest.raises(ValueError, match="cannot"):
        remove('{"a": 1}', path)
    with pytest.raises(ValueError, match="no 'x'"):
        remove('{"a": 1}', ("x",))
