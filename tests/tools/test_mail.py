"""message_send and inbox: who gets what, once, in order, and who hears when nobody did."""

import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from swarmbench import LEASE, SwarmBench, swarm_bench
from toolsession import ONLY_LOCAL, Session, still

pytestmark = pytest.mark.anyio


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncGenerator[SwarmBench]:
    async with swarm_bench(tmp_path) as opened:
        yield opened


async def bodies(session: Session, agent: str | None = None, **arguments: Any) -> list[str]:
    who = {} if agent is None else {"agent": agent}
    return [one["body"] for one in (await session.call("inbox", **who, **arguments))["messages"]]


async def send(
    session: Session, sender: str | None, to: str | list[str], body: str = "hello", **rest: Any
) -> dict[str, Any]:
    who = {} if sender is None else {"agent": sender}
    return await session.call("message_send", to=to, body=body, **who, **rest)


async def crew(session: Session, topology: str, *kinds: str) -> list[str]:
    await session.call("swarm_init", topology=topology, objective="x")
    return [(await session.call("agent_spawn", type=kind, name=kind))["agent"] for kind in kinds]


@ONLY_LOCAL
async def test_a_message_is_told_whole_and_read_once(session: Session) -> None:
    ann, ben = await crew(session, "mesh", "ann", "ben")

    sent = await send(session, ann, "ben", "the schema is done", subject="schema")
    assert still(sent) == {"success": True, "id": "m1", "thread": "m1", "to": [ben], "recipients": 1, "seq": "SEQ"}
    assert (await session.call("swarm_status", agent=ben))["unread"] == 1
    assert "unread" not in await session.call("swarm_status", agent=ann)

    told = await session.call("inbox", agent=ben)
    assert still(told) == {
        "messages": [{"id": "m1", "from": ann, "subject": "schema", "body": "the schema is done", "at": "TIME"}],
        "unread": 0,
    }
    assert await session.call("inbox", agent=ben) == {"messages": [], "unread": 0}
    assert "unread" not in await session.call("swarm_status", agent=ben)


async def test_a_message_that_asks_for_it_comes_until_it_is_acknowledged_and_the_sender_hears_of_that(
    session: Session,
) -> None:
    ann, ben = await crew(session, "mesh", "ann", "ben")
    cursor = (await session.call("wait_for_changes", agent=ann, timeout=0))["cursor"]
    await send(session, ann, ben, "decide", ack=True)
    await send(session, ann, ben, "by the way")

    first = (await session.call("inbox", agent=ben))["messages"]
    assert [(one["body"], one.get("ack"), one.get("again")) for one in first] == [
        ("decide", True, None),
        ("by the way", None, None),
    ]
    again = (await session.call("inbox", agent=ben))["messages"]
    assert [(one["body"], one.get("again")) for one in again] == [("decide", True)]
    acked = await session.call("inbox", agent=ben, ack_ids=[first[0]["id"]])
    assert (acked["messages"], acked["acked"]) == ([], 1)
    assert (await session.call("inbox", agent=ben, ack_ids=[first[0]["id"]]))["acked"] == 1
    heard = await session.call("wait_for_changes", agent=ann, since=cursor, kinds=["message"])
    assert heard["events"] == [f"message {first[0]['id']} ack by {ben}"]


async def test_a_wait_hears_of_mail_for_the_one_who_waits_alone(session: Session) -> None:
    ann, ben, cid = await crew(session, "mesh", "ann", "ben", "cid")
    cursor = (await session.call("wait_for_changes", agent=ben, timeout=0))["cursor"]
    sent = await send(session, ann, ben, subject="news")

    heard = await session.call("wait_for_changes", agent=ben, since=cursor, kinds=["message"])
    assert heard["events"] == [f"message {sent['id']} send 'news' by {ann}"]
    other = await session.call("wait_for_changes", agent=cid, since=cursor, kinds=["message"], timeout=0)
    assert other["events"] == []


@ONLY_LOCAL
async def test_a_thread_is_kept_by_its_replies(session: Session) -> None:
    ann, ben = await crew(session, "mesh", "ann", "ben")
    first = await send(session, ann, ben, "a question")
    answer = await session.call("message_send", agent=ben, reply_to=first["id"], body="an answer")
    assert (answer["to"], answer["thread"]) == ([ann], first["id"])
    more = await send(session, ann, ben, "more", thread=answer["id"])
    assert more["thread"] == first["id"]

    [told] = (await session.call("inbox", agent=ann))["messages"]
    assert (told["reply_to"], told["thread"]) == (first["id"], first["id"])
    assert (await session.refused("message_send", agent=ben, reply_to="m99", body="?"))["code"] == "not_found"
    assert (await session.refused("message_send", agent=ben, body="?"))["code"] == "invalid_argument"


@ONLY_LOCAL
async def test_a_look_at_an_inbox_is_bounded_and_says_how_much_is_left(session: Session) -> None:
    ann, ben = await crew(session, "mesh", "ann", "ben")
    for number in range(30):
        await send(session, ann, ben, f"{number} " + "x" * (3_000 if number < 5 else 10))
    sizes: list[int] = []
    seen: list[str] = []
    while found := (await session.call("inbox", agent=ben, limit=20))["messages"]:
        sizes.append(len(session.text))
        seen += [one["body"].split()[0] for one in found]
    assert seen == [str(number) for number in range(30)]
    assert max(sizes) < 12_000


@ONLY_LOCAL
async def test_names_that_mean_nobody_several_or_the_sender_are_refused(session: Session) -> None:
    ann, *_ = await crew(session, "mesh", "ann", "ben", "ben")
    nobody = await session.refused("message_send", agent=ann, to="zoe", body="x")
    assert (nobody["code"], "ann." in nobody["what"]) == ("not_found", True)
    several = await session.refused("message_send", agent=ann, to="ben", body="x")
    assert (several["code"], "2 agents are called 'ben'" in several["what"]) == ("invalid_argument", True)
    assert (await session.refused("message_send", agent=ann, to=ann, body="x"))["code"] == "invalid_argument"
    assert (await session.refused("message_send", agent=ann, to=["*", "ben"], body="x"))["code"] == "invalid_argument"
    assert (await session.refused("inbox", agent=ann, ack_ids=["m77"]))["code"] == "not_found"
    assert (await session.refused("message_send", agent=ann, to="*", body="x" * 4_097))["code"] == "invalid_argument"


@ONLY_LOCAL
async def test_a_retry_sends_nothing_again(session: Session) -> None:
    ann, ben = await crew(session, "mesh", "ann", "ben")
    first = await session.call("message_send", "id-1", agent=ann, to=ben, body="once")
    assert await session.call("message_send", "id-1", agent=ann, to=ben, body="once") == first
    assert await bodies(session, ben) == ["once"]


async def test_mail_of_an_agent_that_is_gone_is_told_to_its_sender(bench: SwarmBench) -> None:
    one, other = await bench.server("one"), await bench.server("other")
    swarm = await one.call("swarm_init", topology="mesh", objective="x")
    ann = await one.spawn("ann")
    await other.call("swarm_init", swarmId=swarm["swarmId"])
    ben = await other.spawn("ben")
    cursor = (await one.call("wait_for_changes", agent=ann, timeout=0))["cursor"]
    sent = await send(one, ann, ben, "are you there?", subject="hello")

    bench.move_clock(LEASE + 1_000)  # nobody of the other server is heard of any more
    await one.app.presence.beat()
    heard = await one.call("wait_for_changes", agent=ann, since=cursor, kinds=["message"])

    assert heard["events"] == [f"message {sent['id']} undelivered 'hello' to {ben}, who is gone"]
    assert (await one.refused("message_send", agent=ann, to=ben, body="x"))["code"] == "not_found"


async def test_a_message_past_its_time_is_shown_to_nobody(bench: SwarmBench) -> None:
    server = await bench.server("one")
    ann, ben = await crew(server, "mesh", "ann", "ben")
    await send(server, ann, ben, "now or never", ttl=60)
    await send(server, ann, ben, "whenever")
    bench.move_clock(61_000)
    await server.app.presence.beat()
    bench.move_clock(-1)

    assert (await server.call("swarm_status", agent=ben))["unread"] == 1
    assert await bodies(server, ben) == ["whenever"]
    await send(server, ann, ben, "later")
    assert [row[0] for row in bench.sql("SELECT body FROM messages ORDER BY seq")] == ["whenever", "later"]


@ONLY_LOCAL
async def test_every_sender_is_read_in_its_order_and_each_message_once(session: Session) -> None:
    names = await crew(session, "mesh", *(f"a{number}" for number in range(4)))
    seen: dict[str, list[str]] = {name: [] for name in names}

    async def write(name: str) -> None:
        for number in range(25):
            await send(session, name, "*", f"{name} {number}")

    async def read(name: str) -> None:
        while len(seen[name]) < 75:
            seen[name] += await bodies(session, name, limit=7)
            await anyio.lowlevel.checkpoint()

    with anyio.fail_after(60):
        async with anyio.create_task_group() as tasks:
            for name in names:
                tasks.start_soon(write, name)
                tasks.start_soon(read, name)

    for name in names:
        others = [other for other in names if other != name]
        for other in others:
            assert [body for body in seen[name] if body.startswith(f"{other} ")] == [f"{other} {n}" for n in range(25)]
        assert len(seen[name]) == 75


@ONLY_LOCAL
async def test_reading_an_empty_inbox_and_unread_write_nothing(session: Session, app: Any) -> None:
    ann, _ = await crew(session, "mesh", "ann", "ben")
    await send(session, ann, "ben")
    database = app.settings.database_path

    def version() -> bytes:
        return json.dumps(
            [database.stat().st_mtime_ns, (database.parent / f"{database.name}-wal").stat().st_mtime_ns]
        ).encode()

    before = version()
    await session.call("inbox", agent=ann)
    assert (await session.call("swarm_status", agent="ben"))["unread"] == 1
    assert (await session.call("memory_status", agent="ben"))["unread"] == 1
    assert version() == before
