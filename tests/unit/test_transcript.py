"""What a checkpoint keeps of a transcript, whatever is in it."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm_memory.hooks.event import parse_event
from swarm_memory.hooks.transcript import (
    ANSWER_LENGTH,
    MOST_FILES,
    MOST_PROMPTS,
    PROMPT_LENGTH,
    TAIL_BYTES,
    checkpoint_of,
    read_tail,
)
from swarm_memory.models.values import encode

SHOP = Path("/home/me/shop")

_json: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(["user", "assistant", "text", "tool_use"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["message", "role", "content", "type", "text", "input", "name"]), inner)
    ),
    max_leaves=12,
)

_said = st.fixed_dictionaries({"type": st.sampled_from(["user", "assistant"]), "message": _json})


def line(role: str, content: Any, **fields: Any) -> str:
    return json.dumps({"type": role, "message": {"role": role, "content": content}, **fields})


def edit(path: str) -> dict[str, Any]:
    return {"type": "tool_use", "name": "Edit", "input": {"file_path": path}}


def test_prompts_last_words_and_changed_files_are_kept_in_order() -> None:
    lines = [
        '{"type": "summary", "summary": "x"}',
        line("user", "First  thing\nto do"),
        line("assistant", [{"type": "text", "text": "Doing it."}, edit("/home/me/shop/a.py"), edit("/else/b.py")]),
        line("user", [{"type": "tool_result", "content": "all tests pass"}]),
        line("user", "<command-name>/clear</command-name>"),
        line("user", "of the client", isMeta=True),
        line("user", "of a subagent", isSidechain=True),
        line("user", "what was said so far", isCompactSummary=True),
        '{"type": "api-request-blob", "message": {"role": "user", "content": "a request"}}',
        '{"type": "queue-operation", "operation": "enqueue", "content": "First thing to do"}',
        line("assistant", [edit("/home/me/shop/a.py")]),
        "no json {",
        line("user", [{"type": "text", "text": "Second thing"}]),
        line("assistant", "Done: both."),
    ]
    kept = checkpoint_of("\n".join(lines).encode(), SHOP)
    assert kept is not None
    assert kept.asked == ("First thing to do", "Second thing")
    assert kept.said == "Done: both."
    assert kept.files == ("/else/b.py", "a.py")


def test_what_is_kept_is_bounded() -> None:
    lines = [line("user", f"{number} " + "long " * 1_000) for number in range(50)]
    lines += [line("assistant", [{"type": "text", "text": "long " * 5_000}, *(edit(f"/f/{n}") for n in range(90))])]
    kept = checkpoint_of("\n".join(lines).encode(), SHOP)
    assert kept is not None
    assert (len(kept.asked), len(kept.files)) == (MOST_PROMPTS, MOST_FILES)
    assert kept.asked[-1].startswith("49 ")
    assert kept.files[-1] == "/f/89"
    assert max(map(len, kept.asked)) <= PROMPT_LENGTH
    assert len(kept.said) <= ANSWER_LENGTH


def test_only_the_end_of_a_long_transcript_is_read_and_from_a_whole_line_on(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text(line("user", "long ago") + "\n" + line("user", "x" * TAIL_BYTES) + "\n" + line("user", "just now"))
    data = read_tail(str(path))
    assert len(data) <= TAIL_BYTES
    kept = checkpoint_of(data, SHOP)
    assert kept is not None
    assert kept.asked == ("just now",)
    assert read_tail("") == b""


@given(
    st.lists(
        _json | st.fixed_dictionaries({"type": st.sampled_from(["user", "assistant"]), "message": _json}), max_size=6
    ),
    st.binary(max_size=40),
)
def test_no_transcript_is_too_odd(entries: list[Any], noise: bytes) -> None:
    data = b"\n".join([*(json.dumps(one).encode() for one in entries), noise])
    kept = checkpoint_of(data, SHOP)
    if kept is not None:
        encode([*kept.asked, kept.said, *kept.files])  # what is kept can be stored


def test_what_the_store_refuses_is_taken_out() -> None:
    kept = checkpoint_of(b'{"type": "user", "message": {"role": "user", "content": "a\\u0000b \\ud800c"}}', SHOP)
    assert kept is not None
    assert encode(kept.asked[0]).content == "a b c"


@given(st.dictionaries(st.sampled_from(["session_id", "prompt", "cwd", "source", "trigger"]), _json))
def test_events_with_odd_fields_are_read_as_far_as_they_go(fields: dict[str, Any]) -> None:
    event = parse_event(json.dumps(fields).encode())
    assert event.prompt == (fields["prompt"] if isinstance(fields.get("prompt"), str) else "")


@pytest.mark.parametrize("data", [b"[]", b"1", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_event_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse_event(data)
