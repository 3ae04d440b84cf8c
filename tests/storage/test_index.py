"""Whatever is done in whatever order, the store equals a plain dict, and the index equals the store."""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from storebench import Bench, append, delete, increment, store

from swarm_memory.models.operations import Append, Delete, Increment, Operation, Store
from swarm_memory.models.values import Encoded, decode
from swarm_memory.storage.queries import Statement
from swarm_memory.storage.writer import OperationRefused

pytestmark = pytest.mark.anyio

KEYS = ("a", "b", "dir/c")
WORDS = ("apple", "berry", "cherry")
TAGS = ("t1", "t2")
HOUR = 3_600_000

_key = st.sampled_from(KEYS)
_word = st.sampled_from(WORDS)
_value = st.one_of(_word, _word.map(lambda word: {"w": word}), _word.map(lambda word: [word]), st.integers(0, 9))
_tags = st.none() | st.lists(st.sampled_from(TAGS), unique=True, max_size=2).map(tuple)
_version = st.none() | st.none() | st.integers(0, 4)

OPERATIONS = st.one_of(
    st.builds(store, _key, _value, tags=_tags, ttl=st.sampled_from([None, None, HOUR]), if_version=_version),
    st.builds(store, _key, tags=_tags),
    st.builds(delete, _key, if_version=_version),
    st.builds(increment, _key, st.integers(-3, 3)),
    st.builds(append, _key, _word),
)
# A step is a batch, or None: an hour and a minute pass, and the next write purges.
STEPS = st.lists(st.none() | st.lists(OPERATIONS, min_size=1, max_size=4), min_size=1, max_size=12)


class BrokenRuleError(Exception):
    """The model refuses the batch."""


@dataclass
class Slot:
    """One key as the model has it: ``value`` is ... where nothing lives."""

    value: Any = ...
    tags: tuple[str, ...] = ()
    expires: bool = False
    version: int = 0


class Model:
    """What the store should be, in a dict."""

    def __init__(self) -> None:
        self.slots = {key: Slot() for key in KEYS}
        self.changes = 0

    def copy(self) -> "Model":
        other = Model()
        other.changes = self.changes
        other.slots = {key: Slot(one.value, one.tags, one.expires, one.version) for key, one in self.slots.items()}
        return other

    def pass_an_hour(self) -> None:
        for slot in self.slots.values():
            if slot.expires and slot.value is not ...:
                slot.value, slot.tags, slot.expires = ..., (), False
                self.changes += 1  # its purge

    def do(self, operation: Operation) -> None:
        slot = self.slots[str(operation.key)]
        lives = slot.value is not ...
        wanted = getattr(operation, "if_version", None)
        if wanted is not None and wanted != (slot.version if lives else 0):
            raise BrokenRuleError
        match operation:
            case Store():
                self._store(operation, slot, lives=lives)
            case Delete():
                if lives:
                    slot.tags, slot.expires = (), False
                    self._set(slot, ...)
            case Increment(by=by):
                self._combine(slot, by, 0, lives=lives)
            case Append(item=item):
                self._combine(slot, _decoded(item), [], lives=lives)

    def _store(self, operation: Store, slot: Slot, *, lives: bool) -> None:
        if operation.value is None and not lives:
            raise BrokenRuleError
        slot.tags = slot.tags if operation.tags is None else operation.tags
        slot.expires = operation.ttl is not None
        self._set(slot, slot.value if operation.value is None else _decoded(operation.value))

    def _combine(self, slot: Slot, more: Any, start: Any, *, lives: bool) -> None:
        if lives and not isinstance(slot.value, type(start)):
            raise BrokenRuleError
        self._set(slot, (slot.value if lives else start) + more)

    def _set(self, slot: Slot, value: Any) -> None:
        slot.value = value
        slot.version += 1
        self.changes += 1

    def found(self, word: str) -> set[str]:
        return {key for key, slot in self.slots.items() if slot.value is not ... and word in str(slot.value)}

    def tagged(self, tag: str) -> set[str]:
        return {key for key, slot in self.slots.items() if tag in slot.tags}


def _decoded(encoded: Encoded) -> Any:
    return decode(encoded.content, encoded.format)


async def _empty(bench: Bench) -> None:
    """Forget all, so that each example begins with nothing in the same file."""
    await bench.database.write(
        [
            Statement("test", text)
            for text in (
                "INSERT INTO memory_index (memory_index) VALUES ('delete-all')",
                "DELETE FROM memories",
                "DELETE FROM memory_tags",
                "DELETE FROM versions",
                "DELETE FROM changes",
                "UPDATE facts SET value = 0 WHERE name = 'purged_at'",
            )
        ]
    )
    await bench.move_clock(0)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_any_sequence_of_batches_leaves_what_a_dict_would_hold_and_a_sound_index(
    bench: Bench, steps: list[list[Operation] | None]
) -> None:
    await _empty(bench)
    model, hours = Model(), 0
    for step in steps:
        if step is None:
            hours += 1
            await bench.move_clock(hours * (HOUR + 120_000))
            bench.fresh_writer()
            model.pass_an_hour()
            await bench.apply(delete("nothing"))  # a write that changes nothing, and purges
            continue
        after = model.copy()
        try:
            for operation in step:
                after.do(operation)
        except BrokenRuleError:
            with pytest.raises(OperationRefused):
                await bench.apply(*step)
        else:
            await bench.apply(*step)
            model = after
    await _compare(bench, model)


async def _compare(bench: Bench, model: Model) -> None:
    await bench.check_index()
    for key, slot in model.slots.items():
        memory = await bench.get(key)
        if slot.value is ...:
            assert memory is None
            continue
        assert memory is not None
        assert (memory.value, type(memory.value)) == (slot.value, type(slot.value))
        assert (memory.version, memory.tags) == (slot.version, list(slot.tags))
        assert (memory.expires_at is not None) == slot.expires
        assert (await bench.history(key))[0][0] == slot.version
    assert await bench.keys() == sorted(key for key, slot in model.slots.items() if slot.value is not ...)
    for word in WORDS:
        assert await bench.found(word) == model.found(word)
    for tag in TAGS:
        assert await bench.tagged(tag) == model.tagged(tag)
    assert await bench.sql("SELECT count(*) FROM changes") == [(model.changes,)]


async def test_words_of_every_part_are_found_and_those_of_past_versions_are_not(bench: Bench) -> None:
    await bench.apply(store("alpha/beta", {"gamma": ["delta", 42]}, tags=("epsilon",)))
    for word in ("alpha", "beta", "gamma", "delta", "42", "epsilon", "ann"):
        assert await bench.found(word) == {"alpha/beta"}

    await bench.apply(store("alpha/beta", "zeta"))
    assert await bench.found("delta") == set()
    assert await bench.found("zeta") == {"alpha/beta"}

    await bench.apply(delete("alpha/beta"))
    for word in ("alpha", "zeta", "epsilon"):
        assert await bench.found(word) == set()
    await bench.check_index()


@pytest.mark.parametrize(
    ("text", "word"),
    [("Größe der Straße", "grosse"), ("Ünïcödé", "unicode"), ("日本語 テスト", "テスト"), ("running tests", "run")],
)
async def test_words_are_found_without_regard_to_accents_case_and_ending(bench: Bench, text: str, word: str) -> None:
    await bench.apply(store("k", text))
    expected = {"k"} if word != "grosse" else set[str]()  # ß is a letter of its own

    assert await bench.found(word) == expected
