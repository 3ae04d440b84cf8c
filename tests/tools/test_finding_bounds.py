"""Searches over large texts, many hits and long names: what is told, counted and left out."""

import pytest
from toolsession import Session, topics

pytestmark = pytest.mark.anyio


async def test_a_value_without_words_is_told_as_a_preview_where_it_is_large(session: Session) -> None:
    await session.store("needle/large", [None] * 190_000)
    await session.store("needle/small", [None, True])

    answer = await session.usage("search", query="needle")

    assert session.tokens <= 2_100
    by_key = {one["key"]: one for one in answer["results"]}
    assert by_key["needle/small"]["value"] == [None, True]
    assert "truncated" not in by_key["needle/small"]
    assert "value" not in by_key["needle/large"]
    assert by_key["needle/large"]["truncated"] is True
    assert by_key["needle/large"]["preview"].startswith("[null,")


async def test_every_entry_that_is_told_has_its_key_namespace_and_score(session: Session) -> None:
    for number in range(60):
        await session.store(f"needle/{number}/{'k' * 900}", "needle", namespace="n" * 120, tags=["t" * 60] * 8)

    answer = await session.usage("search", query="needle", limit=200)

    assert session.tokens <= 2_100
    assert answer["results"]
    assert len(answer["results"]) == answer["count"] == answer["total"] - answer["more"]
    for one in answer["results"]:
        assert len(one["key"]) > 900
        assert one["namespace"] == "n" * 120
        assert one["score"] > 0
        assert one["value"] == "needle"


async def test_a_hit_whose_key_does_not_fit_leaves_its_place_to_the_next(session: Session) -> None:
    for number in range(3):
        await session.store(f"needle needle/{number}/" + "語" * 300, "needle needle")
    await session.store("other", "needle among other words")

    answer = await session.search("needle", max_tokens=150)

    assert all(one.get("key", "").count("語") in (0, 300) for one in answer["results"])
    assert all(one.get("topic", "").count("語") in (0, 300) for one in answer["results"])
    assert all(len(one["id"]) >= 26 for one in answer["results"])
    assert len(answer["results"]) + answer.get("more", 0) == answer["total"] == 4
    assert session.tokens <= 157


@pytest.mark.parametrize("max_tokens", [100, 200, 400, 2_000])
async def test_names_are_told_whole_or_not_at_all(session: Session, max_tokens: int) -> None:
    keys = {f"needle/{number}/{'k' * 150}" for number in range(6)}
    for key in keys:
        await session.store(key, "needle " * 50, namespace="space" * 20, agent="a" * 100)

    answer = await session.search("needle", max_tokens=max_tokens)

    assert answer["results"]
    for one in answer["results"]:
        assert one.get("key", min(keys)) in keys
        assert one.get("topic", min(keys)) in keys
        assert one.get("namespace", "space" * 20) == "space" * 20


async def test_all_that_match_here_are_counted_and_those_elsewhere_where_they_are_told(session: Session) -> None:
    for number in range(70):
        await session.add(f"note {number}", "pattern of jwt")
        await session.add(f"note {number}", "pattern of nothing")
    await session.add("there", "pattern of rotating jwt", project="there")

    every = await session.search("pattern", limit=5)
    strict = await session.search("pattern pattern:jwt", limit=5, strict=True)

    assert (every["total"], every["more"]) == (140, 135)
    assert (strict["total"], strict["more"]) == (70, 65)
    assert (await session.search("pattern how:rotate", strict=True))["total"] == 1
    assert (await session.search("pattern how:unheard", strict=True))["results"] == []


async def test_strict_pairs_are_met_by_attributes_tags_and_other_forms_of_the_word(session: Session) -> None:
    await session.add("attributes", "word", attributes={"pattern": "authentication"})
    await session.add("tags", "word", tags=["authentication"])
    await session.add("text", "word " + "hay " * 10_000 + "authenticated")
    await session.add("none", "word")

    answer = await session.search("word pattern:authentication", strict=True)

    assert set(topics(answer)) == {"attributes", "tags", "text"}
    assert topics(answer)[:2] == ["attributes", "tags"]


async def test_a_project_is_met_by_its_last_segments(session: Session) -> None:
    await session.add("repository", "decision", project="github.com/acme/api-rest")
    await session.add("other", "decision decision", project="github.com/acme/rest")
    await session.add("told", "decision on the api and its rest", project="github.com/acme/notes")

    ranked = topics(await session.search("project:api-rest decision"))
    assert ranked.index("repository") < ranked.index("other")
    for value in ("api-rest", "acme/api-rest", "github.com/acme/api-rest"):
        strict = topics(await session.search(f"decision project:{value}", strict=True))
        assert "repository" in strict
        assert "other" not in strict
    assert set(topics(await session.search("decision project:api-rest", strict=True))) == {"repository", "told"}


async def test_memory_search_counts_what_has_the_score_and_what_is_not_shown(session: Session) -> None:
    for number in range(12):
        await session.add(f"note {number}", "needle " + "hay " * (number * 40))

    answer = await session.call("memory_search", query="needle", limit=3)
    assert (answer["count"], answer["total"], answer["more"]) == (3, 12, 9)
    every = await session.call("memory_search", query="needle", limit=200)
    scores = [one["score"] for one in every["results"]]
    assert len(scores) == 12
    chosen = await session.call("memory_search", query="needle", limit=2, threshold=scores[5])
    assert (chosen["count"], chosen["total"], chosen["more"]) == (2, 6, 4)
    entries = [await session.store(f"needle{number}", "needle") for number in range(4)]
    usage = await session.usage("search", query="needle", limit=1)
    assert (usage["count"], usage["total"], usage["more"]) == (1, len(entries), len(entries) - 1)


async def test_metadata_cannot_pretend_to_be_the_turns_own_fields(session: Session) -> None:
    for name in ("role", "user_id", "context"):
        refused = await session.refused("add_conversation", session_id="s", content="c", metadata={name: "x"})
        assert refused["code"] == "invalid_argument"
        assert name in refused["what"]
    await session.call("add_conversation", session_id="s", content="c", metadata={"k": None})

    [turn] = (await session.call("get_conversations", session_id="s"))["conversations"]
    assert (turn["role"], turn["attributes"]) == ("user", {"k": None})


@pytest.mark.parametrize("stored", ["re\u0301sume\u0301", "r\u00e9sum\u00e9"])
@pytest.mark.parametrize("asked", ["re\u0301sume\u0301", "r\u00e9sum\u00e9"])
async def test_an_accent_is_the_same_in_both_of_its_forms(session: Session, stored: str, asked: str) -> None:
    await session.add("french", f"le {stored} du livre")

    [hit] = (await session.search(asked))["results"]

    assert hit["match"] == ["r\u00e9sum\u00e9"]


async def test_many_large_hits_fill_the_largest_answer_and_show_where_they_match(session: Session) -> None:
    for number in range(30):
        await session.add(f"note {number}", "hay " * 10_000 + f"the needle {number} " + "hay " * 10_000)
    pairs = " ".join(f"field{number}:value{number}" for number in range(250))

    answer = await session.search(f"needle {pairs}", limit=200, max_tokens=20_000)

    assert 18_000 <= session.tokens <= 21_000
    assert answer["truncated_query"] is True
    assert len(answer["results"]) == 30
    assert all("the needle" in one["content"] for one in answer["results"])


async def test_a_phrase_of_a_book_is_a_query(session: Session) -> None:
    await session.add("book", "call me ishmael some years ago")

    answer = await session.search('"call me ishmael ' + "some years ago " * 6_000 + '"')

    assert answer["truncated_query"] is True
    assert topics(answer) == ["book"]
