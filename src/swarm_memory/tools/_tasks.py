"""Tasks in answers."""

from typing import Any, Final

from swarm_memory.models.memory import iso
from swarm_memory.models.plan import waves_of
from swarm_memory.services.claims import Claimed
from swarm_memory.services.excerpt import cost_of
from swarm_memory.services.tasks import Created
from swarm_memory.tools._shape import without_none

CLAIM_TOKENS: Final = 500
_SHOWN: Final = 20
_SHOWN_TITLE: Final = 80
_SHOWN_LESSON: Final = 280


def created(made: Created) -> dict[str, Any]:
    """What ``task_orchestrate`` answers: the first twenty tasks, and how many more there are."""
    rows = list(zip(made.tasks, made.plan.items, waves_of(made.plan), strict=True))
    shown = [
        {"id": f"t{seq}", "title": _short(item.title), "wave": wave, "status": status}
        for (seq, status), item, wave in rows[:_SHOWN]
    ]
    answer: dict[str, Any] = {"success": True, "group": f"t{made.group}", "tasks": shown, "count": len(rows)}
    if len(rows) > _SHOWN:
        answer |= {"more": len(rows) - _SHOWN, "last": f"t{made.tasks[-1][0]}"}
    return answer | {"seq": made.seq}


def shown_claim(claimed: Claimed) -> dict[str, Any]:
    """What ``task_claim`` answers, in at most 500 tokens: what is long is cut, the task's body last and most."""
    task = claimed.task
    shown: dict[str, Any] = without_none(
        {
            "id": f"t{task['seq']}",
            "title": task["title"],
            "role": task["role"] or None,
            "kind": task["kind"],
            "verify": True if task["verify"] else None,
            "writes": _some(task["writes"], 8),
            "needs": _results(task["results"]),
            "attempt": f"{task['attempts']} of {task['max_attempts']}" if task["fence"] > 1 else None,
        }
    )
    answer: dict[str, Any] = {"claim": str(claimed.id), "task": shown}
    if task["recovery"]:
        answer["recovery"] = _recovery(task["recovery"])
    if claimed.lessons:
        answer["lessons"] = [{"id": one.id, "lesson": _short(one.text, _SHOWN_LESSON)} for one in claimed.lessons]
    answer |= {"lease_until": iso(task["lease_until"]), "seq": task["change"]}
    if task["body"]:
        room = (CLAIM_TOKENS - cost_of(answer) - 10) * 4
        _add_body(shown, task["body"], room)
    return answer


def _add_body(shown: dict[str, Any], body: str, room: int) -> None:
    """As much of the body as fits into so many ASCII characters."""
    length = room
    while length > 0 and cost_of(body[:length]) * 4 > room:
        length = length * 9 // 10
    shown["body"] = body[: max(0, length)]
    if len(shown["body"]) < len(body):
        shown |= {"body": shown["body"] + "…", "truncated": True}


def _recovery(before: dict[str, Any]) -> dict[str, Any]:
    """Who had it before, how that ended, how far it came, and which memories were written meanwhile."""
    note = before["note"]
    return without_none(
        {
            "had": before["actor"],
            "ended": before["outcome"],
            "note": None if note is None else _short(note, 300),
            "wrote": [_short(key) for key in before["keys"]] or None,
        }
    )


def _results(results: list[list[Any]]) -> list[dict[str, Any]] | None:
    """Results of what it depends on."""
    shown = [{"id": f"t{seq}", "title": _short(title, 40), "result": _short(text, 120)} for seq, title, text in results]
    return shown or None


def _some(items: list[str], most: int) -> list[str] | None:
    shown = [_short(one) for one in items[:most]]
    return [*shown, f"… {len(items) - most} more"] if len(items) > most else shown or None


def _short(text: str, most: int = _SHOWN_TITLE) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
