"""Lessons: written by who learned, shown with claims, moved by outcomes, retired, and told honestly."""

from typing import Any

import pytest
from swarmbench import Server, SwarmBench

from swarm_memory.models.lessons import Record

pytestmark = pytest.mark.anyio

GOOD = {"command": "pytest -q", "exit_code": 0}
BAD = {"command": "pytest -q", "exit_code": 1}


async def _server(bench: SwarmBench) -> Server:
    server = await bench.server("one")
    await server.call("swarm_init", topology="mesh", learning=True, objective="migrate")
    return server


async def _attempt(server: Server, title: str, action: str, **arguments: Any) -> dict[str, Any]:
    """One task, one attempt; what the claim showed."""
    [task] = await server.tasks(title)
    claimed = await server.call("task_claim", taskId=task)
    await server.update(claimed["claim"], action, **arguments)
    if action == "fail":
        await server.update(task, "cancel")
    return claimed


async def test_a_lesson_is_shown_with_the_claims_of_tasks_that_it_fits(bench: SwarmBench) -> None:
    server = await _server(bench)
    text = "Take the lock before a migration: two at once corrupt the schema."
    first = await _attempt(server, "migrate users table", "fail", note="schema broken", lesson=text)
    assert "lessons" not in first

    shown = await _attempt(server, "migrate orders table", "complete")
    [lesson] = shown["lessons"]
    assert lesson["lesson"] == text
    kept = await server.usage("retrieve", id=lesson["id"])
    assert (kept["kind"], kept["topic"]) == ("lesson", "migrate users table")
    assert kept["attributes"] == {"task": "t2", "outcome": "failure"}
    assert "lessons" not in await _attempt(server, "paint the fence", "complete")

    await server.call("swarm_init", topology="mesh", objective="no learning here")
    assert "lessons" not in await _attempt(server, "migrate carts table", "complete")


async def test_outcomes_move_the_counters_by_who_vouches_for_them(bench: SwarmBench) -> None:
    server = await _server(bench)
    reviewer = await server.spawn("reviewer")
    await _attempt(server, "migrate", "complete", lesson="Use the lock.")
    [lesson] = [one["id"] for one in (await _attempt(server, "migrate more", "complete"))["lessons"]]
    used: dict[str, Any] = {"lessons_used": [lesson, lesson, "no-such-lesson"]}

    await _attempt(server, "a", "complete", **used)
    await _attempt(server, "b", "complete", evidence=GOOD, **used)
    await _attempt(server, "c", "fail", evidence=BAD, **used)
    for decision in ("approve", "reject"):
        [task] = await server.tasks({"title": "d", "verify": True})
        claim = await server.take(taskId=task)
        await server.update(claim, "complete", **used)
        before = bench.sql("SELECT count(*) FROM lesson_uses WHERE weight = 0")
        assert before == [(1,)]
        await server.update(claim, decision, reviewer)
        if decision == "reject":
            await server.update(task, "cancel")

    [row] = bench.sql("SELECT helpful, harmful, own_helpful, own_harmful, uses FROM lesson_stats")
    weighed = Record(*row[:4]).at(server.app.tasks.now())
    assert (weighed.helpful, weighed.harmful) == pytest.approx((2.3, 2.0), abs=1e-4)
    assert row[4] == 5


async def test_a_lesson_that_does_harm_is_retired_and_stays_auditable(bench: SwarmBench) -> None:
    server = await _server(bench)
    await _attempt(server, "migrate", "complete", lesson="Skip the tests.")
    [lesson] = [one["id"] for one in (await _attempt(server, "migrate", "complete"))["lessons"]]
    number = 0
    for number in range(1, 41):
        await _attempt(server, f"x{number}", "fail", evidence=BAD, lessons_used=[lesson])
        [row] = bench.sql("SELECT helpful, harmful, own_helpful, own_harmful, retired_at FROM lesson_stats")
        assert (row[4] is not None) == Record(*row[:4]).at(server.app.tasks.now()).is_retired(), number
        if row[4] is not None:
            break
    assert number <= 10
    assert "lessons" not in await _attempt(server, "migrate again", "complete")
    assert (await server.usage("retrieve", id=lesson))["value"] == "Skip the tests."
    assert bench.sql("SELECT count(*) FROM lesson_uses WHERE lesson = ?", lesson) == [(number,)]


async def test_status_says_so_where_there_is_too_little_to_compare(bench: SwarmBench) -> None:
    server = await _server(bench)
    await _attempt(server, "migrate", "complete", lesson="Use the lock.")
    lesson = (await _attempt(server, "migrate", "complete"))["lessons"][0]["id"]
    for _ in range(9):
        await _attempt(server, "m", "fail")
    told = (await server.call("swarm_status"))["learned"]
    assert told == {"outcomes": 11, "verified": 0, "note": "not enough data: 20 outcomes are needed"}
    for number in range(10):
        await _attempt(server, "m", "fail" if number == 0 else "complete", lessons_used=[lesson])
    told = (await server.call("swarm_status"))["learned"]
    assert told == {
        "outcomes": 21,
        "verified": 0,
        "with_lessons": "9 of 10 succeeded",
        "without": "2 of 11 succeeded",
    }
    assert server.tokens <= 400


async def test_a_claim_shows_three_lessons_within_its_budget(bench: SwarmBench) -> None:
    server = await _server(bench)
    for number in range(6):
        lesson = f"{number} " + "migration " * 40
        await _attempt(server, f"migrate {number}", "complete", lesson=lesson)
    body = {"title": "migrate", "body": "word " * 2_000}
    [task] = await server.tasks(body)
    shown = await server.call("task_claim", taskId=task)
    assert len(shown["lessons"]) == 3
    assert server.tokens <= 500


async def test_lessons_belong_to_the_end_of_an_attempt_and_are_short(bench: SwarmBench) -> None:
    server = await _server(bench)
    [task] = await server.tasks("a")
    claim = await server.take(taskId=task)
    assert await server.code(claim, "release", lesson="x") == "invalid_argument"
    assert await server.code(claim, "complete", lesson="w " * 61) == "invalid_argument"
    assert await server.code(claim, "progress", note="x", lessons_used=["y"]) == "invalid_argument"
