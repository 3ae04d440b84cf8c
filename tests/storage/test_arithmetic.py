"""increment is exact, append appends; both start a missing key."""

import json
import math
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from storebench import Bench, append, delete, increment, store

from swarm_memory.errors import InvalidArgument
from swarm_memory.models.values import encode
from swarm_memory.storage.writer import OperationRefused

pytestmark = pytest.mark.anyio

SHARED_STORE = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)  # each example begins its own life of the key

INT64 = st.integers(-(2**63), 2**63 - 1)
NEAR_THE_EDGES = st.sampled_from([2**31, 2**53, 2**53 + 1, 2**62, 2**63 - 2, 2**63 - 1, -(2**63), -(2**53) - 1])
DOUBLES = st.floats(allow_nan=False, allow_infinity=False)
EVERYDAY = st.decimals(-10_000, 10_000, places=3, allow_nan=False).map(float)


@SHARED_STORE
@given(start=INT64 | NEAR_THE_EDGES, by=INT64 | NEAR_THE_EDGES | st.integers(-100, 100))
async def test_integers_stay_integers_and_are_exact_up_to_64_bits(bench: Bench, start: int, by: int) -> None:
    await bench.apply(store("n", start))
    total = start + by

    if -(2**63) <= total < 2**63:
        [outcome] = await bench.apply(increment("n", by))
        assert (outcome["value"], type(outcome["value"])) == (total, int)
        memory = await bench.get("n")
        assert memory is not None
        assert (memory.content, memory.size) == (str(total), len(str(total)))
    else:
        with pytest.raises(OperationRefused, match="refuse_overflow"):
            await bench.apply(increment("n", by))
        assert await bench.value("n") == start


@SHARED_STORE
@given(by=INT64 | NEAR_THE_EDGES | DOUBLES)
async def test_a_missing_key_starts_at_zero(bench: Bench, by: float) -> None:
    await bench.apply(delete("n"))

    [outcome] = await bench.apply(increment("n", by))

    assert (outcome["value"], type(outcome["value"]), outcome["created"]) == (by, type(by), True)


@pytest.mark.parametrize("start", [2**63, -(2**63) - 1, 10**40])
async def test_an_integer_beyond_64_bits_can_be_kept_but_not_counted_on(bench: Bench, start: int) -> None:
    await bench.apply(store("n", start))

    with pytest.raises(OperationRefused, match="refuse_overflow"):
        await bench.apply(increment("n", -1))

    assert await bench.value("n") == start


async def _sum(bench: Bench, start: float, by: float) -> float | None:
    """The stored sum; None where it would be no finite double, and nothing was written."""
    await bench.apply(store("n", start))
    try:
        [outcome] = await bench.apply(increment("n", by))
    except OperationRefused:
        assert await bench.value("n") == start
        return None
    memory = await bench.get("n")
    assert memory is not None
    assert isinstance(memory.value, float)
    assert (outcome["value"], outcome["size"]) == (memory.value, len(memory.content))
    assert json.loads(memory.content) == memory.value
    return memory.value


@SHARED_STORE
@given(start=EVERYDAY, by=EVERYDAY)
async def test_everyday_fractions_add_as_python_adds_them(bench: Bench, start: float, by: float) -> None:
    assert await _sum(bench, start, by) == start + by


@SHARED_STORE
@given(start=DOUBLES, by=DOUBLES)
async def test_any_two_doubles_add_as_doubles(bench: Bench, start: float, by: float) -> None:
    total = start + by
    found = await _sum(bench, start, by)

    # SQLite reads one in some ten thousand texts of 16 or more digits a last bit off, and before 3.42 it wrote some so.
    slack = 4 * (math.ulp(start) + math.ulp(total)) if math.isfinite(total) else math.inf
    if found is None:
        assert math.isinf(total) or abs(total) + slack > sys.float_info.max
    else:
        assert found == total or abs(found - total) <= slack


@SHARED_STORE
@given(steps=st.lists(EVERYDAY, min_size=2, max_size=12))
async def test_many_small_steps_add_up(bench: Bench, steps: list[float]) -> None:
    await bench.apply(delete("n"))

    await bench.apply(*(increment("n", by) for by in steps))

    assert await bench.value("n") == pytest.approx(sum(steps), rel=1e-14, abs=1e-10)


@pytest.mark.parametrize(("start", "by"), [(1, 0.5), (0.5, 1), (2**53 + 1, 0.0), (10**30, 1.0), (-0.0, 0), (1e308, 1)])
async def test_an_integer_and_a_double_make_a_double(bench: Bench, start: float, by: float) -> None:
    await bench.apply(store("n", start))

    await bench.apply(increment("n", by))

    value = await bench.value("n")
    assert (value, type(value)) == (float(start) + float(by), float)


@pytest.mark.parametrize("value", ["7", "text", True, None, [1], {"n": 1}, ""])
async def test_what_is_no_number_cannot_be_counted_on(bench: Bench, value: object) -> None:
    await bench.apply(store("k", value))

    with pytest.raises(OperationRefused, match="refuse_not_a_number"):
        await bench.apply(increment("k", 1))

    assert await bench.history("k") == [(1, value, False)]


@pytest.mark.parametrize("value", ["[1]", "text", True, None, 7, {"n": 1}, ""])
async def test_what_is_no_list_cannot_be_appended_to(bench: Bench, value: object) -> None:
    await bench.apply(store("k", value))

    with pytest.raises(OperationRefused, match="refuse_not_a_list"):
        await bench.apply(append("k", 1))

    assert await bench.history("k") == [(1, value, False)]


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | DOUBLES | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab'\"\\é", max_size=3), inner, max_size=3),
    max_leaves=8,
)


@SHARED_STORE
@given(start=st.lists(JSON_VALUES, max_size=3), item=JSON_VALUES)
async def test_append_adds_the_item_as_it_is_and_changes_nothing_before_it(
    bench: Bench, start: list[object], item: object
) -> None:
    await bench.apply(store("l", start))

    [outcome] = await bench.apply(append("l", item))

    memory = await bench.get("l")
    assert memory is not None
    assert memory.content == encode([*start, item]).content
    assert memory.size == len(memory.content.encode())
    assert outcome["value"] == memory.value


async def test_append_starts_a_missing_key_and_finds_all_its_words(bench: Bench) -> None:
    await bench.apply(append("l", "first"), append("l", {"second": ["third", 4]}), append("l", None))

    assert await bench.value("l") == ["first", {"second": ["third", 4]}, None]
    for word in ("first", "second", "third", "4"):
        assert await bench.found(word) == {"l"}
    await bench.check_index()


async def test_a_list_grows_up_to_the_limit_of_a_value_and_not_past_it(bench: Bench) -> None:
    await bench.apply(store("l", ["x" * 999_980]))  # 999,984 bytes
    await bench.apply(append("l", "y" * 13))  # a comma, two quotes: 1,000,000 bytes

    with pytest.raises(OperationRefused, match="refuse_long_list"):
        await bench.apply(append("l", 1))

    memory = await bench.get("l")
    assert memory is not None
    assert (memory.size, memory.version) == (1_000_000, 2)


def test_the_values_a_key_can_hold_have_limits_of_their_own() -> None:
    with pytest.raises(InvalidArgument):
        encode(float("inf"))
