"""Answers that fit: previews, parts of long values, hits within a token budget."""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from swarm_memory.errors import InvalidArgument
from swarm_memory.models.memory import Memory, iso
from swarm_memory.models.search import Hit
from swarm_memory.models.values import to_json
from swarm_memory.services.excerpt import cost_of, excerpt

PART_BYTES: Final = 40_000
LIST_BYTES: Final = 200_000
_LEAST_CONTENT: Final = 30
_LAST_CONTENT: Final = 10
"""Tokens of content that a hit needs to be told at all."""

_ItemT = TypeVar("_ItemT")


def without_none(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer without what has no value."""
    return {name: value for name, value in answer.items() if value is not None}


def value_or_part(memory: Memory, offset: int | None) -> dict[str, Any]:
    """The whole value if it is short and no offset is given, else a part of its JSON text from ``offset`` bytes on.

    Raises:
        InvalidArgument: The offset lies behind the end.
    """
    if offset is None and memory.size <= PART_BYTES:
        return {"value": memory.value}
    text = (memory.content if memory.format == "json" else to_json(memory.content)).encode()
    start = offset or 0
    if start >= len(text):
        raise InvalidArgument(
            f"offset is {start}, and the value has {len(text)} bytes.", next_step="send an offset below total_bytes."
        )
    # An offset inside a character moves to the next one; a part never ends inside one.
    while start < len(text) and text[start] & 0xC0 == 0x80:
        start += 1
    part = text[start : start + PART_BYTES].decode("utf-8", "ignore")
    end = start + PART_BYTES
    shown: dict[str, Any] = {
        "value": None,
        "value_part": part,
        "offset": start,
        "total_bytes": len(text),
        "truncated": end < len(text) or start > 0,
    }
    return shown | ({"next_offset": start + len(part.encode())} if end < len(text) else {})


def bounded(items: Sequence[_ItemT], shape: Callable[[_ItemT], dict[str, Any]]) -> list[dict[str, Any]]:
    """Shaped items up to 200,000 bytes of JSON; at least one."""
    shaped: list[dict[str, Any]] = []
    size = 0
    for item in items:
        one = shape(item)
        size += len(to_json(one).encode())
        if shaped and size > LIST_BYTES:
            break
        shaped.append(one)
    return shaped


def echo(query: str, max_tokens: int) -> str:
    """The query as an answer repeats it: at most 200 characters, and a tenth of the answer's budget."""
    shown = query[:200]
    while cost_of(shown) > max_tokens // 10:
        shown = shown[: len(shown) * 3 // 4]
    return shown


def fit_hits(
    answer: dict[str, Any], hits: Sequence[Hit], max_tokens: int, shape: Callable[[Hit], dict[str, Any]]
) -> int:
    """Fill ``answer["results"]`` with hits, best first, until the token budget is used; how many were left out.

    Each hit may use an even share of what is left, so that short ones leave more for those behind them.
    """
    results: list[dict[str, Any]] = []
    answer["results"] = results
    left = max_tokens - cost_of(answer) - 8
    for position, hit in enumerate(hits):
        text = hit.memory.text
        share = left // (len(hits) - position)
        frame = _frame(shape(hit), (share, left // 2, left), min(_LEAST_CONTENT, cost_of(text)))
        room = left - _cost_of_frame(frame)
        if room < min(_LAST_CONTENT, cost_of(text)):
            return len(hits) - position
        wanted = max(share - _cost_of_frame(frame), _LEAST_CONTENT)
        one = frame | _content(text, hit.match, min(room, wanted))
        left -= cost_of(one) + 1
        results.append(one)
    return 0


def _frame(full: dict[str, Any], rooms: Sequence[int], least: int) -> dict[str, Any]:
    """The fullest frame that leaves a room for some content; the smaller room is tried first."""
    slim = {name: _short(full[name]) for name in full if name not in ("match", "tags", "source", "session_id")}
    bare = {name: _short(full[name], 40) for name in ("id", "topic") if name in full}
    for room in rooms:
        for frame in (full, slim, bare):
            if _cost_of_frame(frame) + least <= room:
                return frame
    return bare


def _cost_of_frame(frame: dict[str, Any]) -> int:
    return cost_of(frame | {"content": "", "truncated": True}) + 1


def _short(value: Any, length: int = 80) -> Any:
    return value[:length] + "…" if isinstance(value, str) and len(value) > length else value


def _content(text: str, terms: Sequence[str], tokens: int) -> dict[str, Any]:
    """As much of a text around the terms as so many tokens allow."""
    length = tokens * 4
    while True:
        shown, cut = excerpt(text, terms, length)
        cost = cost_of(shown)
        if cost <= tokens + 1 or length <= 16:
            return {"content": shown, "truncated": True} if cut else {"content": shown}
        length = min(length * 9 // 10, length * tokens // cost)


def hit_frame(hit: Hit, *, with_project: bool) -> dict[str, Any]:
    """What is told of a hit besides its content."""
    memory = hit.memory
    return without_none(
        {
            "id": memory.id,
            "topic": memory.topic or memory.key,
            "key": memory.key,
            "namespace": memory.namespace,
            "project": memory.project if with_project else None,
            "kind": memory.kind,
            "score": hit.score,
            "match": list(hit.match[:8]),
            "tags": memory.tags,
            "source": memory.source,
            "agent": memory.agent,
            "session_id": memory.conversation,
            "updated_at": iso(memory.updated_at),
        }
    )
