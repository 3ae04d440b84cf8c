"""Every query of every .sql file prepares against the migrated schema, and the hot ones use an index."""

import re
from importlib.resources import files

import pytest

from swarm_memory.storage.database import Database
from swarm_memory.storage.queries import Query, Statement, load_queries

pytestmark = pytest.mark.anyio

MODULES = sorted(item.name[:-4] for item in files("swarm_memory.storage").iterdir() if item.name.endswith(".sql"))
QUERIES = {f"{module}.{name}": query for module in MODULES for name, query in load_queries(module).items()}

# A table that is read from end to end is a fault here; these do so on purpose, or are not statements of their own.
MAY_SCAN = {
    "backup.facts": "a backup is read whole",
    "health.counts": "a status answer counts",
    "health.projects": "a status answer counts",
    "memories.put_result": "the newest row, from the end of the table",
    "agents.agent_result": "the newest row, from the end of the table",
    "sessions.free_expired": "the few that are claimed",
    "sessions.renew_claims": "the few that are claimed",
    "sessions.drop_ended_reservations": "the few that live",
    "reservations.refuse_reserved": "the few that live",
    "reservations.holders": "the few that live",
    "claims.claim_task": "the few agents and reservations that live",
    "updates.cancel": "a union of lookups",
    "purge.forget_actor": "a purge may take a while",
    "purge.purge_changes": "a purge may take a while",
    "purge.purge_lesson_uses": "a purge may take a while",
    "purge.purge_outcomes": "a purge may take a while",
    "migrate.applied_migrations": "a handful of rows",
    "migrate.has_migrations": "the schema itself",
    "stats.days": "for a person who asks",
    "stats.histories": "for a person who asks",
    "stats.pages": "three PRAGMAs of one row each",
    "stats.projects": "for a person who asks",
    "stats.totals": "for a person who asks",
}
NO_STATEMENT = {
    "backup.check_whole": "a PRAGMA",
    "backup.copy_into": "VACUUM, which has no plan",
    "purge.empty_wal": "a PRAGMA",
    "purge.overwrite_freed": "a PRAGMA",
    "purge.write_file_anew": "VACUUM, which has no plan",
    "health.check_database": "a PRAGMA",
    "requests.record_outcome": "a frame around another SELECT",
}
# Views of one row, subqueries over a bounded list of the call's own, and the full-text index, whose plan says SCAN for
# a lookup of words.
_HARMLESS = re.compile(
    r"SCAN (one VIRTUAL|coordinators|"
    r"json_each|wanted|clock|known|memory_index VIRTUAL|CONSTANT ROW|refusal|\(subquery|due_for_purge|excluded)"
)


async def _plan(database: Database, query: Query) -> list[str]:
    arguments = tuple(None for _ in query.params)
    [rows] = await database.read(Statement(query.name, f"EXPLAIN QUERY PLAN {query.sql}", arguments))
    return [str(row[3]) for row in rows]


def test_there_are_queries_to_check() -> None:
    assert {"memories", "search", "requests", "swarms", "tasks", "claims", "health", "migrate"} <= set(MODULES)
    assert set(MAY_SCAN) | set(NO_STATEMENT) <= set(QUERIES)


@pytest.mark.parametrize("name", sorted(set(QUERIES) - set(NO_STATEMENT)))
async def test_a_query_prepares_and_scans_no_table(schema_only: Database, name: str) -> None:
    plan = await _plan(schema_only, QUERIES[name])

    scans = [step for step in plan if step.startswith("SCAN") and not _HARMLESS.match(step)]
    if name in MAY_SCAN:
        return
    assert scans == []


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("memories.get_by_key", "sqlite_autoindex_memories_2 (project=? AND namespace=? AND key=?)"),
        ("memories.get_by_id", "sqlite_autoindex_memories_1 (id=?)"),
        ("memories.list_namespace", "sqlite_autoindex_memories_2 (project=? AND namespace=? AND key>? AND key<?)"),
        ("memories.keys_between", "sqlite_autoindex_memories_2 (project=? AND namespace=? AND key>? AND key<?)"),
        ("memories.turns", "memories_by_turn (project=? AND conversation=? AND num<?)"),
        ("search.newest", "memories_by_change (project=?)"),
    ],
)
async def test_a_hot_read_goes_straight_to_its_rows(schema_only: Database, name: str, index: str) -> None:
    plan = await _plan(schema_only, QUERIES[name])

    assert any(f"SEARCH memories USING INDEX {index}" in step for step in plan), plan
    assert not any("TEMP B-TREE" in step for step in plan), plan


async def test_a_query_takes_exactly_its_parameters() -> None:
    query = QUERIES["memories.get_by_id"]
    with pytest.raises(TypeError, match="get_by_id takes"):
        query.bind(id="x")
    with pytest.raises(TypeError, match="get_by_id takes"):
        query.bind(id="x", now=1, more=2)
