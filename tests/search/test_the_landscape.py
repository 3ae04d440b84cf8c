"""The arrays of all memories: what is in them, and the nearest vectors, against the plain way."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from swarm_memory.services.landscape import NOWHERE, Landscape
from swarm_memory.services.vector_table import VectorTable
from swarm_memory.storage.landscape import Place

FOREVER = 9_999_999_999_999


def place(num: int, conversation: str | None = None, **given: object) -> Place:
    base = Place(num, "here", conversation, None, None, 100, FOREVER, None, None)
    return base._replace(**given)


def test_neighbours_are_those_before_and_behind_in_the_same_conversation() -> None:
    landscape = Landscape(64, None)

    assert landscape.take([place(1, "a"), place(2, "b"), place(3, "a"), place(4), place(5, "a", project="there")])
    assert landscape.take([place(6, "a")])

    assert landscape["before"].tolist() == [NOWHERE, NOWHERE, 0, NOWHERE, NOWHERE, 2]
    assert landscape["behind"].tolist() == [2, NOWHERE, 5, NOWHERE, NOWHERE, NOWHERE]


def test_a_source_has_neighbours_as_a_conversation_has() -> None:
    landscape = Landscape(64, None)
    landscape.take([place(1, source="a.md"), place(2, "a.md"), place(3, source="a.md")])

    assert landscape["behind"].tolist() == [2, NOWHERE, NOWHERE]


def test_numbers_with_gaps_are_found_where_they_stand() -> None:
    landscape = Landscape(64, None)
    landscape.take([place(3), place(7), place(8)])

    assert landscape.positions(np.array([7, 4, 8, 9, 3, 0])).tolist() == [1, -1, 2, -1, 0, -1]


def test_a_number_out_of_order_asks_for_new_arrays() -> None:
    landscape = Landscape(64, None)
    landscape.take([place(3)])

    assert not landscape.take([place(2)])


def test_a_change_replaces_what_is_known_and_a_deletion_takes_it_out() -> None:
    landscape = Landscape(64, "m")
    vector = np.ones(64, np.int8).tobytes()
    landscape.take([place(1, model="m", vectors=vector), place(2), place(3, model="old", vectors=vector)])
    assert list(landscape.lacking) == [2, 3]

    landscape.take([place(1, expires_at=0), place(2, project="there", size=7, model="m", vectors=vector)])

    assert landscape.of_project("here").tolist() == [True, False, True]
    assert landscape.living(1).tolist() == [False, True, True]
    assert list(landscape.lacking) == [3]
    assert landscape.vectors is not None
    assert landscape.vectors.nearest(np.full(64, 0.125, np.float32), np.ones(3, np.bool_), 5)[0].tolist() == [1]


def test_a_copy_for_a_search_keeps_its_length() -> None:
    landscape = Landscape(64, None)
    landscape.take([place(1, "a")])
    kept = landscape.as_it_is()

    landscape.take([place(number, "a") for number in range(2, 3_000)])

    assert (kept.count, landscape.count) == (1, 2_999)
    assert len(kept.of_project("here")) == 1


def test_agents_are_named_by_all_words_of_their_names() -> None:
    landscape = Landscape(64, None)
    landscape.take([place(1, agent="Ann Lee"), place(2, agent="ben"), place(3, agent="Ann")])

    named = landscape.agents_named(["what", "did", "ann", "say"])

    assert np.isin(landscape["agent"], named).tolist() == [False, False, True]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), count=st.integers(1, 500), limit=st.integers(1, 60))
def test_the_nearest_are_those_that_a_full_comparison_finds(seed: int, count: int, limit: int) -> None:
    chance = np.random.default_rng(seed)
    vectors = chance.integers(-127, 128, (count, 64)).astype(np.int8)
    owners = np.sort(chance.integers(0, max(1, count // 2), count))
    allowed = chance.random(count) < 0.7
    question = chance.normal(size=64).astype(np.float32)
    question = (question / float(np.linalg.norm(question))).astype(np.float32)
    table = VectorTable(64)
    # In two parts; those of one memory come together, so the cut is where the owner changes.
    half = int(np.count_nonzero(owners < owners[count // 2]))
    table.extend(owners[:half], vectors[:half])
    table.extend(owners[half:], vectors[half:])
    cosines = vectors @ question / np.linalg.norm(vectors.astype(np.float32), axis=1)

    positions, told = table.nearest(question, allowed, limit)

    best = {owner: float(cosines[owners == owner].max()) for owner in set(owners.tolist()) if allowed[owner]}
    expected = sorted(best.values(), reverse=True)[:limit]
    assert told.tolist() == pytest.approx(expected, abs=1e-4)
    assert all(allowed[position] for position in positions)
    likeness = table.likeness(question, np.array([*best, 10**6, -1]))
    assert likeness[:-2].tolist() == pytest.approx(list(best.values()), abs=1e-4)
    assert np.isnan(likeness[-2:]).all()


def test_of_many_vectors_the_best_ten_are_found_by_their_bits() -> None:
    chance = np.random.default_rng(5)
    centres = chance.normal(size=(300, 256))
    vectors = centres[chance.integers(0, 300, 20_000)] + 0.8 * chance.normal(size=(20_000, 256))
    packed = np.clip(vectors * 30, -127, 127).astype(np.int8)
    table = VectorTable(256)
    table.extend(np.arange(20_000), packed)
    whole = packed.astype(np.float32) / np.linalg.norm(packed.astype(np.float32), axis=1, keepdims=True)
    hits = 0
    for _ in range(50):
        question = (centres[chance.integers(0, 300)] + 0.8 * chance.normal(size=256)).astype(np.float32)
        question /= np.linalg.norm(question)
        true = set(np.argsort(-(whole @ question))[:10].tolist())
        hits += len(true & set(table.nearest(question, np.ones(20_000, np.bool_), 200)[0][:10].tolist()))

    assert hits >= 0.97 * 500


def test_vectors_beyond_one_block_are_kept_and_compared() -> None:
    chance = np.random.default_rng(3)
    vectors = chance.integers(-127, 128, (70_000, 64)).astype(np.int8)
    table = VectorTable(64)
    for begin in range(0, 70_000, 999):
        part = vectors[begin : begin + 999]
        table.extend(np.arange(begin, begin + len(part)), part)
    places = np.array([0, 65_535, 65_536, 69_999])
    question = np.full(64, 0.125, np.float32)

    expected = vectors[places] @ question / np.linalg.norm(vectors[places].astype(np.float32), axis=1)

    assert table.likeness(question, places).tolist() == pytest.approx(expected.tolist(), abs=1e-4)
