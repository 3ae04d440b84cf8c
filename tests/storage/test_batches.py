"""Batches are atomic, and leave one row of the change sequence for each committed change."""

import pytest
from storebench import ORIGIN, PROJECT, Bench, MovedClock, append, delete, increment, store

from swarm_memory.errors import SchemaMismatch
from swarm_memory.models.caller import Caller
from swarm_memory.storage.database import Database
from swarm_memory.storage.driver import Refused
from swarm_memory.storage.memories import change_of
from swarm_memory.storage.migrate import Schema
from swarm_memory.storage.queries import Statement
from swarm_memory.storage.writer import OperationRefused, Writer

pytestmark = pytest.mark.anyio

REFUSE = Statement("some_guard", "INSERT INTO refusal SELECT 1")
NOTE = Statement("note", "INSERT INTO facts (name, value) VALUES ('note', 1)")
NOTES = Statement("notes", "SELECT count(*) FROM facts WHERE name = 'note'")


async def test_a_batch_returns_the_rows_of_each_statement_in_order(database: Database) -> None:
    rows = await database.write([Statement("a", "SELECT 1, 'x'"), NOTE, Statement("b", "SELECT ?1", (None,))])

    assert rows == [[(1, "x")], [], [(None,)]]


async def test_a_refused_guard_names_itself_and_its_position_and_undoes_the_batch(database: Database) -> None:
    with pytest.raises(Refused) as refused:
        await database.write([NOTE, REFUSE, NOTE])

    assert (refused.value.guard, refused.value.index) == ("some_guard", 1)
    assert await database.read(NOTES) == [[(0,)]]


async def test_a_fault_in_the_middle_undoes_the_batch_and_leaves_the_database_usable(database: Database) -> None:
    with pytest.raises(Exception, match="no such table"):
        await database.write([NOTE, Statement("bad", "INSERT INTO nowhere VALUES (1)")])

    assert await database.read(NOTES) == [[(0,)]]
    await database.write([NOTE])
    assert await database.read(NOTES) == [[(1,)]]


async def test_a_guard_that_finds_nothing_wrong_lets_the_batch_pass(database: Database) -> None:
    await database.write([Statement("guard", "INSERT INTO refusal SELECT 1 WHERE 1 = 2"), NOTE])

    assert await database.read(NOTES) == [[(1,)]]


async def test_reads_of_one_call_see_one_snapshot_and_an_empty_result_is_an_empty_list(database: Database) -> None:
    assert await database.read(NOTES, Statement("none", "SELECT 1 WHERE 0")) == [[(0,)], []]


@pytest.mark.parametrize("position", [0, 1, 2])
async def test_a_refused_operation_tells_its_position_among_the_operations(bench: Bench, position: int) -> None:
    await bench.apply(store("text", "no number"))
    operations = [store("a", 1), store("b", 2, if_version=0)]
    operations.insert(position, store("text", 3, if_version=9))
    before = await bench.seq()

    with pytest.raises(OperationRefused) as refused:
        await bench.apply(*operations)

    assert (refused.value.guard, refused.value.position) == ("refuse_other_version", position)
    assert await bench.seq() == before
    assert await bench.keys() == ["text"]


async def test_operations_of_a_batch_see_what_those_before_them_did(bench: Bench) -> None:
    outcomes = await bench.apply(
        store("n", 1), increment("n", 2), store("n", 10, if_version=2), delete("n"), delete("n"), append("n", "x")
    )

    assert [one.get("version") for one in outcomes] == [1, 2, 3, None, None, 5]
    assert [one.get("deleted") for one in outcomes] == [None, None, None, True, False, None]
    assert await bench.value("n") == ["x"]


async def test_each_committed_change_is_one_row_of_the_sequence_in_commit_order(bench: Bench) -> None:
    first = await bench.apply(store("a", 1))
    second = await bench.apply(store("a", 2), increment("b", 1), delete("a"), store("a", 3))
    nothing = await bench.apply(delete("missing"))

    a, b = first[0]["id"], second[1]["id"]
    rows = await bench.sql("SELECT seq, kind, op, ref, actor FROM changes ORDER BY seq")
    start = first[0]["seq"]
    told = [("create", a), ("update", a), ("create", b), ("delete", a), ("create", a)]
    assert rows == [(start + at, "memory", op, ref, "ann") for at, (op, ref) in enumerate(told)]
    assert [one["seq"] for one in (*first, *second, *nothing)] == [*range(start, start + 5), start + 4]


async def test_every_write_keeps_where_it_came_from(bench: Bench) -> None:
    await bench.apply(increment("n", 1))

    memory = await bench.get("n")
    assert memory is not None
    assert (memory.agent, memory.session, memory.host, memory.branch, memory.revision) == (
        ORIGIN.agent,
        ORIGIN.session,
        ORIGIN.host,
        ORIGIN.branch,
        ORIGIN.revision,
    )


async def test_projects_and_namespaces_do_not_see_each_others_keys(bench: Bench) -> None:
    await bench.apply(store("k", "mine"))
    await bench.apply(store("k", "theirs"), project="there")

    theirs = await bench.memories.by_key("there", "default", "k")
    assert (await bench.value("k"), theirs and theirs.value) == ("mine", "theirs")
    assert await bench.memories.by_key(PROJECT, "other", "k") is None


class OfANewerVersion(MovedClock):
    """A store whose schema demands a newer program to write."""

    async def prepare(self) -> Schema:
        return Schema(99, writable=False)


async def test_a_writer_on_a_newer_schema_refuses_before_anything_is_written(database: Database) -> None:
    writer = Writer(OfANewerVersion(database))

    with pytest.raises(SchemaMismatch):
        await writer.apply([change_of(store("k", 1), Caller(PROJECT, ORIGIN))])

    assert await database.read(Statement("count", "SELECT count(*) FROM memories")) == [[(0,)]]
