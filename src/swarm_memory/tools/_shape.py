"""Answers that fit: previews, parts of long values, hits within a token budget."""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import anyio.lowlevel

from swarm_memory.errors import InvalidArgument
from swarm_memory.models.memory import Memory, iso
from swarm_memory.models.search import Found, Hit
from swarm_memory.models.values import WHOLE_VALUE_BYTES, to_json
from swarm_memory.services.excerpt import cost_of, excerpt
from swarm_memory.tools._boundary import Call

LIST_BYTES: Final = 200_000
LEAST_HIT: Final = 20
"""Tokens that no hit goes below: more hits than fit so need not be loaded."""
_COST_OF_MORE: Final = 8
_HITS_IN_ONE_TURN: Final = 8
"""Between them others have their turn."""
_DISPENSABLE: Final = ("match", "tags", "source", "session_id")
_LEAST_CONTENT: Final = 30
_LAST_CONTENT: Final = 10
"""Tokens of content that a hit needs to be told at all."""

_ItemT = TypeVar("_ItemT")


def freshness(call: Call) -> dict[str, Any]:
    """``fresh_as_of``, and ``stale_for`` in seconds where a fresher copy was out of reach."""
    told = call.app.health.freshness()
    return without_none({"fresh_as_of": iso(told.as_of), "stale_for": told.stale_for})


def without_none(answer: dict[str, Any]) -> dict[str, Any]:
    """The answer without what has no value."""
    return {name: value for name, value in answer.items() if value is not None}


def value_or_part(memory: Memory, offset: int | None) -> dict[str, Any]:
    """The whole value if it is short and no offset is given, else a part of its JSON text from ``offset`` bytes on.

    Raises:
        InvalidArgument: The offset lies behind the end.
    """
    if offset is None and memory.size <= WHOLE_VALUE_BYTES:
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
    part = text[start : start + WHOLE_VALUE_BYTES].decode("utf-8", "ignore")
    end = start + WHOLE_VALUE_BYTES
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


async def fit_hits(
    answer: dict[str, Any],
    found: Found,
    max_tokens: int,
    *,
    with_project: Callable[[Hit], bool] = lambda _: False,
    entries: bool = False,
) -> None:
    """Tell what was found: totals, and ``results``, the hits, best first, until the token budget is used.

    Each hit may use an even share of what is left, so that short ones leave more for those behind them. One whose
    frame does not fit is left out.

    Args:
        answer: Everything of it that is there is counted.
        found: The hits and how many more there are.
        max_tokens: Budget of the whole answer.
        with_project: Which hits tell their project.
        entries: Tell each under its key, with its ``value`` if that fits, else a ``preview``.
    """
    hits, results = found.hits, list[dict[str, Any]]()
    answer |= {"total": found.total, "searched": found.searched, "results": results}
    if found.truncated_query:
        answer["truncated_query"] = True
    left = max_tokens - cost_of(answer) - _COST_OF_MORE
    for position, hit in enumerate(hits):
        if position % _HITS_IN_ONE_TURN == _HITS_IN_ONE_TURN - 1:
            await anyio.lowlevel.checkpoint()
        share = left // (len(hits) - position)
        needed = cost_of(_text(hit)[: _LEAST_CONTENT * 4])
        full = hit_frame(hit, with_project=with_project(hit))
        frames = _entry_frames(full) if entries else _frames(full)
        frame, cost = _fullest(frames, (share, left // 2, left), min(_LEAST_CONTENT, needed))
        room = left - cost
        if room < min(_LAST_CONTENT, needed):
            continue
        tokens = min(room, max(share - cost, _LEAST_CONTENT))
        one = frame | (_value_or_preview(hit, tokens) if entries else _content(hit, tokens))
        left -= cost_of(one) + 1
        results.append(one)
    if found.total > len(results):
        answer["more"] = found.total - len(results)


def _frames(full: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    return full, _slim(full), _bare(full, ("id",))


def _entry_frames(full: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    return full, _slim(full), _bare(full, ("id", "key", "namespace", "score"))


def _slim(full: dict[str, Any]) -> dict[str, Any]:
    return _with_topic({name: full[name] for name in full if name not in _DISPENSABLE}, full, 80)


def _bare(full: dict[str, Any], names: Sequence[str]) -> dict[str, Any]:
    return _with_topic({name: full[name] for name in names if name in full}, full, 40)


def _with_topic(frame: dict[str, Any], full: dict[str, Any], length: int) -> dict[str, Any]:
    """The frame with the topic shortened; with no topic where that is a long key, since half a name is none."""
    topic = full.get("topic")
    if topic is None or len(topic) <= length:
        return frame | ({} if topic is None else {"topic": topic})
    without = {name: frame[name] for name in frame if name != "topic"}
    return without if topic == full.get("key") else without | {"topic": topic[:length] + "…"}


def _fullest(frames: Sequence[dict[str, Any]], rooms: Sequence[int], least: int) -> tuple[dict[str, Any], int]:
    """The fullest frame that leaves a room for some content, and its cost; the smaller room is tried first."""
    costs = [cost_of(frame | {"content": "", "truncated": True}) + 1 for frame in frames]
    for room in rooms:
        for frame, cost in zip(frames, costs, strict=True):
            if cost + least <= room:
                return frame, cost
    return frames[-1], costs[-1]


def _text(hit: Hit) -> str:
    """What is shown of a hit; a value without words, such as ``[null]``, as its JSON."""
    return hit.memory.text or hit.memory.content


def _content(hit: Hit, tokens: int) -> dict[str, Any]:
    """As much of a text around the matches as so many tokens allow."""
    text, length = _text(hit), tokens * 4
    while True:
        shown, cut = excerpt(text, hit.places, length)
        cost = cost_of(shown)
        if cost <= tokens + 1 or length <= 16:
            return {"content": shown, "truncated": True} if cut else {"content": shown}
        length = min(length * 9 // 10, length * tokens // cost)


def _value_or_preview(hit: Hit, tokens: int) -> dict[str, Any]:
    """The whole value if it costs no more than that, else a part of its text."""
    # A token has four bytes at most: a longer value need not be read to know that it does not fit.
    if hit.memory.size <= tokens * 4:
        value = hit.memory.value
        if cost_of(value) <= tokens:
            return {"value": value}
    return {"preview": _content(hit, tokens)["content"], "truncated": True}


def hit_frame(hit: Hit, *, with_project: bool) -> dict[str, Any]:
    """What is told of a hit besides its content."""
    memory = hit.memory
    return without_none(
        {
            "id": memory.id,
            # Under both names: callers of either kind look for theirs.
            "topic": memory.topic or memory.key,
            "key": memory.key,
            "namespace": memory.namespace,
            "project": memory.project if with_project else None,
            "kind": memory.kind,
            "score": hit.score,
            "match": list(hit.match[:8]),
            "similar": hit.similar or None,
            "tags": memory.tags,
            "source": memory.source,
            "agent": memory.agent,
            "session_id": memory.conversation,
            "updated_at": iso(memory.updated_at),
        }
    )
