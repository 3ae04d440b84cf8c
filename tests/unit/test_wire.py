"""Lines: how a stream is cut into them, which of them are messages, and what becomes of the others."""

import gc
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp import types
from pydantic import BaseModel

from swarm_memory.transports.importing import quick_imports
from swarm_memory.transports.lines import (
    MAX_DEPTH,
    LineSplitter,
    Refused,
    TooLong,
    encode,
    parse,
    refuse_too_long,
)


def request(**members: Any) -> types.JSONRPCRequest:
    message = parse(json.dumps({"jsonrpc": "2.0", "id": 7, "method": "ping", **members}).encode())
    assert isinstance(message, types.JSONRPCRequest), message
    return message


def refusal(line: bytes) -> tuple[types.RequestId | None, int]:
    refused = parse(line)
    assert isinstance(refused, Refused), refused
    encode(refused.answer).decode()  # it can be told
    return refused.answer.id, refused.answer.error.code


@given(st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"")), max_size=10), st.integers(1, 50))
def test_lines_come_out_whole_however_the_stream_is_cut(sent: list[bytes], size: int):
    stream = b"".join(line + b"\n" for line in sent)
    splitter = LineSplitter()
    received = [line for at in range(0, len(stream), size) for line in splitter.feed(stream[at : at + size])]
    assert received == [line for line in sent if line.strip()]
    assert splitter.end() == []


def test_the_last_line_needs_no_newline():
    splitter = LineSplitter()
    assert splitter.feed(b"one\ntw") == [b"one"]
    assert splitter.feed(b"o") == []
    assert splitter.end() == [b"two"]


@pytest.mark.parametrize("size", [1, 3, 100])
def test_a_line_over_the_limit_is_dropped_and_the_next_one_kept(size: int):
    stream = b"12345\n123456\n12345\n"
    splitter = LineSplitter(limit=5)
    received = [line for at in range(0, len(stream), size) for line in splitter.feed(stream[at : at + size])]
    assert received == [b"12345", TooLong(b"123456"), b"12345"]


def test_an_overlong_line_is_refused_with_its_id_when_that_comes_first():
    assert refuse_too_long(TooLong(b'{"jsonrpc":"2.0","id":7,"method":"x"')).answer.id == 7
    assert refuse_too_long(TooLong(b'{"params":{"id":7,"x":"')).answer.id is None


@pytest.mark.parametrize("value", ["\ud800", "a\udfff", math.nan, math.inf, -math.inf])
def test_values_that_only_the_slow_parser_reads_are_handed_on(value: object):
    received = request(params={"value": value}).params
    assert received is not None
    assert repr(received["value"]) == repr(value)


def test_nesting_is_read_to_the_limit_and_refused_beyond_it():
    def nested(depth: int, text: str) -> bytes:
        value = "[" * depth + text + "]" * depth
        return f'{{"jsonrpc":"2.0","id":7,"method":"ping","params":{{"x":{value}}}}}'.encode()

    # Two levels are the message's own. The lone surrogate takes the slow parser, which must not accept more.
    for text in ("1", r'"\ud800"'):
        assert isinstance(parse(nested(MAX_DEPTH - 2, text)), types.JSONRPCRequest)
        assert refusal(nested(MAX_DEPTH - 1, text)) == (7, types.INVALID_REQUEST)
    assert refusal(nested(100_000, "1")) == (7, types.INVALID_REQUEST)


def test_a_message_too_deep_for_any_parser_is_refused_with_an_id_that_comes_last():
    deep = b"[" * 100_000 + b"]" * 100_000
    assert refusal(b'{"method":"x","params":{"x":%s},"jsonrpc":"2.0","id":"a"}' % deep) == ("a", types.INVALID_REQUEST)
    assert refusal(b'{"method":"x","params":{"x":%s,"id":7}}' % deep) == (None, types.INVALID_REQUEST)


@pytest.mark.parametrize(
    "line", [b"nonsense", b"{", b'{"a":"\xff"}', b'{"a":1e}', b"\xff\xfe{\x00}\x00", b'{"a":' + b"1" * 5000 + b"}"]
)
def test_what_is_no_json_is_a_parse_error(line: bytes):
    assert refusal(line) == (None, types.PARSE_ERROR)


@pytest.mark.parametrize(
    ("line", "request_id"),
    [
        (b"[]", None),
        (b'[{"jsonrpc":"2.0","id":7,"method":"ping"}]', None),
        (b'"text"', None),
        (b"{}", None),
        (b'{"id":7,"method":"ping"}', 7),
        (b'{"jsonrpc":"2.0","id":"seven"}', "seven"),
        (b'{"jsonrpc":"2.0","id":7,"method":"ping","params":[1]}', 7),
        (b'{"jsonrpc":"2.0","id":7,"method":8}', 7),
        (b'{"jsonrpc":"2.0","id":7.5,"method":"ping"}', None),
        (b'{"jsonrpc":"2.0","id":true,"method":"ping"}', None),
        (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', None),
        (rb'{"jsonrpc":"2.0","id":"\ud800","method":"ping"}', None),
        (rb'{"jsonrpc":"2.0","id":7,"method":"\ud800"}', 7),
    ],
)
def test_json_that_is_no_message_is_an_invalid_request(line: bytes, request_id: types.RequestId | None):
    assert refusal(line) == (request_id, types.INVALID_REQUEST)


def test_a_notification_may_hold_an_id_in_its_parameters():
    line = b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"id":1}}'
    assert isinstance(parse(line), types.JSONRPCNotification)


@given(st.binary(max_size=60) | st.text(alphabet='{}[]":,\\ud80123eE-. truefalsn', max_size=60).map(str.encode))
def test_no_line_makes_the_parser_fail(line: bytes):
    parsed = parse(line)
    if isinstance(parsed, Refused):
        json.loads(encode(parsed.answer))


@pytest.mark.parametrize("result", [{"x": "\ud800"}, {"x": {"\udfff": 1}}])
def test_an_answer_that_json_cannot_hold_becomes_an_internal_error(result: dict[str, Any]):
    line = json.loads(encode(types.JSONRPCResponse(jsonrpc="2.0", id="a", result=result)))
    assert (line["id"], line["error"]["code"]) == ("a", types.INTERNAL_ERROR)


def test_an_answer_nested_too_deep_becomes_an_internal_error():
    deep: list[Any] = []
    for _ in range(1000):
        deep = [deep]
    line = json.loads(encode(types.JSONRPCResponse(jsonrpc="2.0", id=7, result={"x": deep})))
    assert (line["id"], line["error"]["code"]) == (7, types.INTERNAL_ERROR)


def test_a_notification_that_json_cannot_hold_is_left_out():
    message = types.JSONRPCNotification(jsonrpc="2.0", method="x", params={"x": "\ud800"})
    assert encode(message) == b"\n"


def test_a_line_never_holds_a_newline_or_a_number_that_json_lacks():
    line = encode(types.JSONRPCResponse(jsonrpc="2.0", id=7, result={"x": "a\nb\u2028", "y": math.nan, "z": math.inf}))
    assert line.count(b"\n") == 1
    assert json.loads(line)["result"] == {"x": "a\nb\u2028", "y": None, "z": None}


def test_quick_imports_defer_only_the_models_made_inside():
    with quick_imports():
        assert not gc.isenabled()

        class Inside(BaseModel):
            number: int

    class Outside(BaseModel):
        number: int

    assert gc.isenabled()
    assert not Inside.__pydantic_complete__
    assert Outside.__pydantic_complete__
    assert Inside.model_validate({"number": "1"}).number == 1


def test_quick_imports_leave_nothing_behind_when_an_import_fails():
    with pytest.raises(ModuleNotFoundError), quick_imports():
        __import__("no_such_module")
    assert gc.isenabled()
    assert "defer_build" not in BaseModel.model_config
