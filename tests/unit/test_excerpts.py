"""Excerpts show the place that matched, within the length that is left."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swarm_memory.services.excerpt import cost_of, excerpt, matched, tokens_of

HAY = "hay " * 2_000


def test_a_short_text_comes_whole() -> None:
    assert excerpt("short text", ["text"], 100) == ("short text", False)


@pytest.mark.parametrize("place", [0, 1_000, 4_000, 7_999])
def test_a_long_text_is_shown_around_the_word_that_matched(place: int) -> None:
    text = HAY[:place] + " needle " + HAY[place:]

    shown, cut = excerpt(text, ["needle"], 200)

    assert cut
    assert "needle" in shown
    assert len(shown) <= 202


def test_the_place_with_most_different_words_wins() -> None:
    text = f"red {HAY} red {HAY} red panda {HAY} panda"

    shown, _ = excerpt(text, ["red", "panda"], 120)

    assert "red panda" in shown


def test_without_a_match_the_beginning_is_shown() -> None:
    assert excerpt(f"begin {HAY}", ["needle"], 100)[0].startswith("begin hay")


@settings(max_examples=300, deadline=None)
@given(
    text=st.text("ab \n.é日", max_size=300),
    terms=st.lists(st.text("ab", min_size=1, max_size=3), max_size=4),
    length=st.integers(1, 200),
)
def test_an_excerpt_is_a_part_of_the_text_and_no_longer_than_asked(text: str, terms: list[str], length: int) -> None:
    shown, cut = excerpt(text, terms, length)

    assert len(shown.replace("…", "")) <= length
    assert shown.strip("…") in text
    assert cut == (len(text) > length)


@pytest.mark.parametrize(
    ("word", "term"), [("tokens", "token"), ("rotating", "rotate"), ("Caches", "cache"), ("x1", "x1")]
)
def test_words_match_as_the_index_matches_them_apart_from_their_ending(word: str, term: str) -> None:
    assert [found for _, found in matched(f"some {word} here", [term])] == [term]


def test_tokens_are_four_ascii_characters_or_one_other() -> None:
    assert (tokens_of(""), tokens_of("abcd"), tokens_of("abcde"), tokens_of("日本"), tokens_of("abcd日")) == (
        0,
        1,
        2,
        2,
        2,
    )
    assert cost_of({"a": "b"}) == 3
