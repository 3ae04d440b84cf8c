"""Lessons are ranked and retired by what they did: bounds, decay, and who is believed how far."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swarm_memory.models.lessons import HALF_LIFE, OWN_WORD, UNPROVEN, Record, explores, growth, rank

NOW = 1_800_000_000_000
counts = st.floats(min_value=0, max_value=1_000)


def record(
    helpful: float = 0, harmful: float = 0, own_helpful: float = 0, own_harmful: float = 0, at: int = NOW
) -> Record:
    """Weights of outcomes at this time."""
    grown = growth(at)
    return Record(helpful * grown, harmful * grown, own_helpful * grown, own_harmful * grown)


def simulated(rate: float, uses: int, source: random.Random, *, own: bool = False) -> Record:
    good = sum(source.random() < rate for _ in range(uses))
    weight = OWN_WORD if own else 1.0
    sums = (good * weight, (uses - good) * weight)
    return record(0, 0, *sums) if own else record(*sums)


@pytest.mark.parametrize(
    ("helpful", "number", "low", "high"),
    [
        (10, 10, 0.7225, 1.0),
        (0, 10, 0.0, 0.2775),
        (5, 10, 0.2366, 0.7634),
        (90, 100, 0.8256, 0.9448),
        (1, 1, 0.2065, 1),
    ],
)
def test_the_bounds_are_wilsons(helpful: int, number: int, low: float, high: float) -> None:
    bounds = record(helpful, number - helpful).at(NOW).bounds()
    assert bounds == pytest.approx((low, high), abs=1e-4)


@given(counts, counts, counts, counts)
def test_the_rate_lies_between_its_bounds_and_these_between_0_and_1(a: float, b: float, c: float, d: float) -> None:
    weighed = record(a, b, c, d).at(NOW)
    low, high = weighed.bounds()
    assert 0 <= low <= high <= 1
    if weighed.number > 1e-6:
        assert low - 1e-9 <= weighed.helpful / weighed.number <= high + 1e-9


def test_an_outcome_loses_half_of_its_weight_in_thirty_days() -> None:
    old = record(8, 4, at=NOW)
    for months in range(4):
        weighed = old.at(NOW + months * HALF_LIFE)
        assert (weighed.helpful, weighed.harmful) == pytest.approx((8 / 2**months, 4 / 2**months))
    assert math.isfinite(growth(NOW + 1_000 * HALF_LIFE))


def test_true_rates_are_ranked_right_in_95_of_100_seeds() -> None:
    right = 0
    for seed in range(400):
        source = random.Random(seed)
        lessons = [(name, 1.0, simulated(rate, 25, source)) for name, rate in (("a", 0.1), ("b", 0.9), ("c", 0.5))]
        best = rank(lessons, NOW, 3, exploring=False)
        right += best in (["b", "c", "a"], ["b", "c"])
    assert right >= 380


def test_a_harmful_lesson_is_retired_within_forty_uses_and_a_good_one_is_not() -> None:
    retired = 0
    for seed in range(200):
        source = random.Random(seed)
        outcomes = [source.random() < 0.1 for _ in range(40)]
        retired += any(record(sum(outcomes[:n]), n - sum(outcomes[:n])).at(NOW).is_retired() for n in range(1, 41))
        good = [source.random() < 0.9 for _ in range(40)]
        assert not any(record(sum(good[:n]), n - sum(good[:n])).at(NOW).is_retired() for n in range(1, 41))
    assert retired >= 190


@given(st.integers(min_value=3, max_value=200), st.integers(min_value=1, max_value=100_000), st.floats(0, 1))
def test_an_agents_own_word_never_beats_a_verified_lesson_of_equal_rate(verified: int, own: int, rate: float) -> None:
    proved = record(verified * rate, verified * (1 - rate)).at(NOW).worth(exploring=False)
    claimed = record(0, 0, own * rate * OWN_WORD, own * (1 - rate) * OWN_WORD).at(NOW).worth(exploring=False)
    assert claimed <= proved + 1e-9
    assert claimed <= UNPROVEN


def test_one_claim_in_eight_explores_and_shows_what_may_be_good() -> None:
    assert sum(explores(seq, fence) for seq in range(1, 4_001) for fence in (1, 2)) == pytest.approx(1_000, abs=60)
    assert explores(7, 1) == explores(7, 1)
    lessons = [("new", 0.98, Record()), ("proved", 1.0, record(30, 5)), ("bad", 1.0, record(1, 30))]
    assert rank(lessons, NOW, 1, exploring=False) == ["proved"]
    assert rank(lessons, NOW, 1, exploring=True) == ["new"]
    assert "bad" not in rank(lessons, NOW, 3, exploring=False)
