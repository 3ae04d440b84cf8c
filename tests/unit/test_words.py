"""A query in plain words is taken apart whatever is in it."""

import sqlite3
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swarm_memory.models.terms import terms_of
from swarm_memory.models.words import MAX_FIELDS, MAX_PHRASE_WORDS, MAX_TERMS, Words, names_in, parse_words, words_of
from swarm_memory.services.scope import strict_clauses


def test_terms_phrases_and_fields_are_told_apart() -> None:
    words = parse_words('How do we rotate "Refresh Tokens" pattern:JWT-auth topic:"two words" rotate')

    assert words.terms == ("rotate", "refresh", "tokens", "jwt", "auth", "two", "words")
    assert words.phrases == ("refresh tokens",)
    assert words.fields == (("pattern", "jwt auth"), ("topic", "two words"))
    assert not words.truncated


@pytest.mark.parametrize(
    ("query", "terms"),
    [
        ("", ()),
        ("?!", ()),
        ("the and of", ("the", "and", "of")),
        ("the cat", ("cat",)),
        ("don't", ("don", "t")),
        ("snake_case kebab-case", ("snake", "case", "kebab")),
        ("日本語", ("日本語",)),
        ("a:", ("a",)),
        ("http://x.y/z", ("x", "y", "z")),
    ],
)
def test_words_are_runs_of_letters_and_digits_without_those_that_say_nothing(
    query: str, terms: tuple[str, ...]
) -> None:
    assert parse_words(query).terms == terms


def test_more_than_256_terms_are_cut_and_said_to_be() -> None:
    exact = parse_words(" ".join(f"w{number}" for number in range(MAX_TERMS)))
    more = parse_words(" ".join(f"w{number}" for number in range(MAX_TERMS + 1)))

    assert (len(exact.terms), exact.truncated) == (MAX_TERMS, False)
    assert (len(more.terms), more.truncated) == (MAX_TERMS, True)


def test_repeated_and_long_parts_are_cut_and_said_to_be() -> None:
    phrase = parse_words('"' + "red panda " * 8_500 + '"')
    repeated = parse_words("same " * 10_000)
    phrases = parse_words('"red panda" ' * 40)
    fields = parse_words(" ".join(f"f{number}:v" for number in range(17)))

    assert phrase.phrases == (" ".join(["red", "panda"] * (MAX_PHRASE_WORDS // 2)),)
    assert (phrase.terms, phrase.truncated) == (("red", "panda"), True)
    assert (repeated.terms, repeated.truncated) == (("same",), True)
    assert (phrases.phrases, phrases.truncated) == (("red panda",), False)
    assert (len(fields.fields), fields.truncated) == (MAX_FIELDS, True)
    assert len(expression_of(phrase)) < 1_000


def test_letters_and_accents_apart_are_the_composed_word() -> None:
    assert parse_words("re\u0301sume\u0301").terms == ("r\u00e9sum\u00e9",)
    assert words_of("re\u0301sume\u0301") == ["r\u00e9sum\u00e9"]


def expression_of(words: Words) -> str:
    """All that a query asks the index for, in one."""
    return " OR ".join(f"({term.expression})" for term in terms_of(words))


def test_each_word_is_asked_for_in_its_forms_and_each_phrase_as_a_bonus() -> None:
    terms = terms_of(parse_words('went "red panda" parseConfig'))

    assert [term.name for term in terms if term.counted] == ["went", "red", "panda", "parseconfig", "parse", "config"]
    assert terms[0].expression == '"went" OR "go" OR "gone"'
    assert [(term.name, term.worth) for term in terms if not term.counted] == [
        ('"red panda"', 0.5),
        ('"parse config"', 0.5),
    ]


@pytest.mark.parametrize(
    ("query", "expressions"),
    [
        ("数据库", ['"数 据"', '"据 库"']),
        ("猫", ['"猫"']),
        ("python数据", ['"python"', '"数 据"']),
        ("데이터를", ['"데 이"', '"이 터"', '"터 를"']),
    ],
)
def test_scripts_without_blanks_are_asked_for_by_pairs_of_characters(query: str, expressions: list[str]) -> None:
    assert [term.expression for term in terms_of(parse_words(query))] == expressions


def test_strict_pairs_are_clauses_of_their_own() -> None:
    words = parse_words('"red panda" pattern:jwt-auth project:api-rest')

    assert strict_clauses(words, ["acme/api-rest"]) == [
        '("jwt" AND "auth")',
        f'(place : "p{b"acme/api-rest".hex()}" OR (("api" AND "rest")))',
    ]


@pytest.fixture(scope="module")
def index() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE VIRTUAL TABLE i USING fts5(a, tokenize = 'porter unicode61 remove_diacritics 2')")
    return connection


@settings(max_examples=400, deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=80))
def test_no_text_is_an_error_and_what_it_becomes_is_none_to_the_index(index: sqlite3.Connection, text: str) -> None:
    words = parse_words(text)

    assert len(words.terms) <= MAX_TERMS
    assert set(words.terms) <= {*words_of(text), *(part for name in names_in(text) for part in name)}
    if words.terms:
        index.execute("SELECT count(*) FROM i WHERE i MATCH ?", (expression_of(words),)).fetchall()


@settings(max_examples=200, deadline=None)
@given(text=st.text('ab": -\n', max_size=60))
def test_quotes_and_colons_in_any_order_are_no_error(index: sqlite3.Connection, text: str) -> None:
    words = parse_words(text)
    if words.terms:
        index.execute("SELECT count(*) FROM i WHERE i MATCH ?", (expression_of(words),)).fetchall()


def test_a_query_of_100_kb_is_taken_apart_at_once() -> None:

    for query in ('"' * 100_000, "a:" * 50_000, "a" * 100_000, '"a ' * 33_000, ": " * 50_000, "a-" * 50_000):
        begun = time.perf_counter()
        parse_words(query)
        assert time.perf_counter() - begun < 1, query[:10]
