"""Excerpts show the place that matched, within the length that is left."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swarm_memory.services.excerpt import Matcher, cost_of, excerpt, tokens_of

HAY = "hay " * 2_000


def around(text: str, terms: list[str], length: int) -> tuple[str, bool]:
    return excerpt(text, Matcher(terms).places(text, 50_000), length)


def test_a_short_text_comes_whole() -> None:
    assert around("short text", ["text"], 100) == ("short text", False)


@pytest.mark.parametrize("place", [0, 1_000, 4_000, 7_999])
def test_a_long_text_is_shown_around_the_word_that_matched(place: int) -> None:
    text = HAY[:place] + " needle " + HAY[place:]

    shown, cut = around(text, ["needle"], 200)

    assert cut
    assert "needle" in shown
    assert len(shown) <= 202


def test_the_place_with_most_different_words_wins() -> None:
    text = f"red {HAY} red {HAY} red panda {HAY} panda"

    shown, _ = around(text, ["red", "panda"], 120)

    assert "red panda" in shown


def test_without_a_match_the_beginning_is_shown() -> None:
    assert around(f"begin {HAY}", ["needle"], 100)[0].startswith("begin hay")


@settings(max_examples=300, deadline=None)
@given(
    text=st.text("ab \n.é日", max_size=300),
    terms=st.lists(st.text("ab", min_size=1, max_size=3), max_size=4),
    length=st.integers(1, 200),
)
def test_an_excerpt_is_a_part_of_the_text_and_no_longer_than_asked(text: str, terms: list[str], length: int) -> None:
    shown, cut = around(text, terms, length)

    assert len(shown.replace("…", "")) <= length
    assert shown.strip("…") in text
    assert cut == (len(text) > length)


@pytest.mark.parametrize(
    ("word", "term"), [("tokens", "token"), ("rotating", "rotate"), ("Caches", "cache"), ("x1", "x1")]
)
def test_words_match_as_the_index_matches_them_apart_from_their_ending(word: str, term: str) -> None:
    assert Matcher([term]).places(f"some {word} here", 100) == ((5, term),)


@pytest.mark.parametrize("text", ["un re\u0301sume\u0301 court", "un r\u00e9sum\u00e9 court"])
def test_an_accent_of_its_own_is_the_same_word(text: str) -> None:
    assert Matcher(["r\u00e9sum\u00e9"]).places(text, 100) == ((3, "r\u00e9sum\u00e9"),)


def test_a_word_that_only_begins_like_a_term_is_another() -> None:
    assert Matcher(["car", "token", "x" * 100_000]).places("carbon tokenizer cars x xx-car _token", 100) == (
        (17, "car"),
        (27, "car"),
        (32, "token"),
    )
    assert Matcher([]).places("anything", 100) == ()


def test_what_is_looked_through_and_what_is_told_are_bounded() -> None:
    text = "hay " * 30_000 + "needle"

    assert len(Matcher(["hay"]).places(text, 200_000)) == 100
    assert Matcher(["needle"]).places(text, 50_000) == ()
    assert Matcher(["needle"]).places(text, 200_000) == ((120_000, "needle"),)


def test_tokens_are_four_ascii_characters_or_one_other() -> None:
    assert (tokens_of(""), tokens_of("abcd"), tokens_of("abcde"), tokens_of("日本"), tokens_of("abcd日")) == (
        0,
        1,
        2,
        2,
        2,
    )
    assert cost_of({"a": "b"}) == 3
