"""search_knowledge and add_knowledge: what is found, in which order, and in how many tokens."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from toolsession import ONLY_LOCAL, Session, still, topics

pytestmark = pytest.mark.anyio


async def test_add_knowledge_tells_id_version_and_seq(session: Session) -> None:
    first = await session.add("t", "c", tags=["a"], source="x.md", priority="high", attributes={"n": 1})
    same = await session.add("t", "c")
    replaced = await session.add("t", "c2", id=first["id"], if_version=1, agent="ben")
    conflict = await session.refused("add_knowledge", topic="t", content="c3", id=first["id"], if_version=1)

    assert still(first) == {"success": True, "id": "ID", "version": 1, "seq": "SEQ"}
    assert same == {"success": True, "id": first["id"], "version": 1, "seq": first["seq"], "duplicate_of": first["id"]}
    assert replaced == {"success": True, "id": first["id"], "version": 2, "seq": first["seq"] + 1}
    assert conflict["code"] == "version_conflict"
    answer = await session.usage("retrieve", id=first["id"])
    assert still(answer) == {
        "success": True,
        "action": "retrieve",
        "id": "ID",
        "found": True,
        "value": "c2",
        "namespace": "default",
        "topic": "t",
        "kind": "knowledge",
        "version": 2,
        "tags": ["a"],
        "attributes": {"n": 1},
        "source": "x.md",
        "priority": "high",
        "project": "here",
        "agent": "ben",
        "host": "HOST",
        "created_at": "TIME",
        "updated_at": "TIME",
        "fresh_as_of": "TIME",
    }


@ONLY_LOCAL
async def test_a_search_tells_where_and_how_it_looked(session: Session) -> None:
    await session.add("JWT rotation", "Rotate refresh tokens on use.", tags=["security"], source="a.md", agent="ann")
    await session.store("jwt/keys", {"kid": 1}, project="there")

    answer = await session.search("jwt rotate")

    hit = {"id": "ID", "namespace": "default", "updated_at": "TIME"}
    first, second = [one.pop("score") for one in answer["results"]]
    assert 1 >= first > second > 0
    # A first search that does not get the model in time says so by what it tells.
    assert answer.pop("searched") in ("words", "words+static-256")
    assert still(answer) == {
        "query": "jwt rotate",
        "total": 2,
        "location": "local",
        "fresh_as_of": "TIME",
        "results": [
            hit
            | {"topic": "JWT rotation", "kind": "knowledge", "match": ["jwt", "rotate"]}
            | {"tags": ["security"], "source": "a.md", "agent": "ann", "content": "Rotate refresh tokens on use."},
            hit
            | {"topic": "jwt/keys", "key": "jwt/keys", "project": "there", "kind": "entry"}
            | {"match": ["jwt"], "tags": [], "content": "kid\n1"},
        ],
    }


async def test_the_own_project_comes_first_and_a_named_one_alone(session: Session) -> None:
    await session.add("Deploy deploy deploy", "deploy", project="there")
    await session.add("Notes", "how we deploy, among many other things that are told here")

    assert topics(await session.search("deploy")) == ["Notes", "Deploy deploy deploy"]
    assert topics(await session.search("deploy", project="there")) == ["Deploy deploy deploy"]
    assert topics(await session.search("deploy", project="nowhere")) == []


async def test_every_kind_is_found_and_kind_and_namespace_filter(session: Session) -> None:
    await session.add("zebra", "knowledge")
    await session.store("zebra", 1, namespace="aside")
    await session.add("zebra", "a turn", session_id="talk")

    assert {one["kind"] for one in (await session.search("zebra"))["results"]} == {"entry", "knowledge", "conversation"}
    for filters, kind in (({"kind": "knowledge"}, "knowledge"), ({"namespace": "aside"}, "entry")):
        assert [one["kind"] for one in (await session.search("zebra", **filters))["results"]] == [kind]


async def test_tags_filter_in_both_modes_with_and_without_words(session: Session) -> None:
    await session.add("both", "word", tags="security,jwt")
    await session.add("one", "word word", tags=["jwt"])
    await session.add("none", "word word word")

    assert topics(await session.search("word", tags="jwt,security")) == ["both"]
    assert set(topics(await session.search("word", tags=["security", "jwt"], tags_mode="any"))) == {"both", "one"}
    assert topics(await session.search(tags="security , jwt")) == ["both"]
    assert topics(await session.search(tags=["jwt"])) == ["one", "both"]
    assert topics(await session.search("word", tags="JWT")) == []
    assert topics(await session.search("unheard", tags="jwt")) == []
    assert topics(await session.search("???", tags="jwt")) == []


async def test_field_value_terms_rank_by_where_they_are_met_and_exclude_only_if_strict(session: Session) -> None:
    await session.add("in text", "we use the pattern authentication here")
    await session.add("in tags", "some words on the pattern", tags="authentication")
    await session.add("in attributes", "some words on the pattern", attributes={"pattern": "authentication"})
    await session.add("not at all", "pattern pattern pattern")

    ranked = topics(await session.search("pattern:authentication pattern"))
    strict = topics(await session.search("pattern:authentication pattern", strict=True))

    assert ranked.index("in attributes") < ranked.index("in tags") < ranked.index("in text")
    assert "not at all" in ranked
    assert set(strict) == {"in attributes", "in tags", "in text"}


async def test_since_takes_a_time_or_an_age(session: Session) -> None:
    await session.add("new", "word")
    now = datetime.now(UTC)

    for since in ("1h", "1d", "52w", (now - timedelta(hours=1)).isoformat(), f"{now - timedelta(minutes=9):%FT%T}Z"):
        assert topics(await session.search("word", since=since)) == ["new"], since
    for since in ((now + timedelta(hours=1)).isoformat(), "2999-01-01"):
        assert topics(await session.search("word", since=since)) == [], since


async def test_a_time_without_a_zone_is_utc_wherever_the_server_runs(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:

    await session.add("new", "word")
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")  # 14 hours ahead
    time.tzset()
    try:
        earlier = f"{datetime.now(UTC) - timedelta(minutes=5):%FT%T}"
        later = f"{datetime.now(UTC) + timedelta(minutes=5):%FT%T}"
        assert topics(await session.search("word", since=earlier)) == ["new"]
        assert topics(await session.search("word", since=later)) == []
    finally:
        monkeypatch.undo()
        time.tzset()


@ONLY_LOCAL
@pytest.mark.parametrize("location", ["auto", "replica", "primary"])
async def test_every_location_is_accepted_and_the_answer_says_which_it_was(session: Session, location: str) -> None:
    assert (await session.search("x", location=location))["location"] == "local"


async def test_what_nothing_answers_is_an_empty_list(session: Session) -> None:
    await session.add("topic", "content")

    answer = await session.search("quetzalcoatl")

    assert (answer["results"], answer["total"]) == ([], 0)
    assert "more" not in answer


@pytest.mark.parametrize(
    "query",
    [
        '"',
        '"""',
        "a:",
        ":a",
        "AND OR NOT",
        "NEAR(a b)",
        "col:x*",
        "^a",
        "(((",
        "*",
        "a-b",
        "'; --",
        "\\",
        "é́",
        "-",
        "{}",
        "🎉",
    ],
)
async def test_no_query_is_a_syntax_error(session: Session, query: str) -> None:
    await session.add("topic", "and or not near a b")

    await session.search(query)
    await session.usage("search", query=query)


async def test_a_query_of_100_kb_uses_its_first_256_terms_and_says_so(session: Session) -> None:
    await session.add("first", "word0 word1 word2 word3 word4")
    await session.add("last", "word9000")

    answer = await session.search(" ".join(f"word{number}" for number in range(9_001)), mode="words")

    assert answer["truncated_query"] is True
    assert topics(answer) == ["first"]


async def test_quoted_words_rank_those_who_have_them_together_first(session: Session) -> None:
    await session.add("apart", "red is a colour and the panda is a bear, red panda no: panda red")
    await session.add("together", "the red panda lives here")
    await session.add("none", "red fish, grey panda")

    assert topics(await session.search('"red panda"'))[-1] == "none"


FULL: dict[str, Any] = {
    "tags": [f"tag-{number}-{'x' * 50}" for number in range(32)],
    "source": "s" * 1_000,
    "agent": "a" * 120,
    "namespace": "n" * 120,
}


@pytest.mark.parametrize("max_tokens", [100, 150, 300, 1_000, 2_000, 20_000])
@pytest.mark.parametrize(
    "text", ["needle and hay. " * 3_000, 'Nadel 🎉 日本語 needle \n\t" ' * 2_000], ids=["ascii", "unicode"]
)
@pytest.mark.parametrize("extra", [{}, FULL], ids=["plain", "every field full"])
async def test_an_answer_fits_its_token_budget(
    session: Session, max_tokens: int, text: str, extra: dict[str, Any]
) -> None:
    for number in range(8):
        await session.add(f"needle {number} {'topic ' * 100}", f"{number} {text}", **extra)

    answer = await session.search("needle " + "äöü" * 100, max_tokens=max_tokens)

    assert session.tokens <= max_tokens * 1.05
    assert len(answer["results"]) + answer.get("more", 0) == answer["total"] == 8
    if not extra or max_tokens >= 1_000:
        assert answer["results"]
        assert "needle" in answer["results"][0]["content"]
    for one in answer["results"]:
        assert one["truncated"] is True


async def test_the_budget_is_used_and_not_only_kept(session: Session) -> None:
    for number in range(5):
        await session.add(f"topic {number}", "needle and hay " * 3_000)

    await session.search("needle", max_tokens=2_000)

    assert session.tokens >= 1_700


async def test_an_excerpt_shows_the_place_that_matched_and_the_whole_is_one_call_away(session: Session) -> None:
    text = "hay " * 10_000 + "the needle is here " + "hay " * 10_000
    await session.add("stack", text)

    [hit] = (await session.search("needle", max_tokens=300))["results"]

    assert "the needle is here" in hit["content"]
    assert hit["truncated"] is True
    whole = await session.usage("retrieve", id=hit["id"], offset=0)
    assert whole["total_bytes"] == len(text) + 2


@ONLY_LOCAL
async def test_the_brief_tells_decisions_and_news_of_the_project_in_800_tokens(session: Session) -> None:
    await session.add("Old decision", "We use libSQL.", tags="decision")
    await session.store("decision/architecture", {"style": "layers"})
    for number in range(30):
        await session.add(f"News {number}", "something happened " * 100)
    await session.add("elsewhere", "not ours", project="there")

    brief = await session.search()

    assert session.tokens <= 800
    assert still({**brief, "results": [], "more": 0}) == {
        "query": None,
        "brief": True,
        "project": "here",
        "total": 32,
        "location": "local",
        "fresh_as_of": "TIME",
        "searched": "newest",
        "results": [],
        "more": 0,
    }
    assert brief["more"] == 32 - len(brief["results"])
    assert {"Old decision", "decision/architecture", "News 29"} <= set(topics(brief))
    assert "elsewhere" not in topics(brief)
    empty = await session.search(project="nowhere")
    assert (empty["brief"], empty["results"]) == (True, [])
