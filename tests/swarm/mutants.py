"""Runs tests on a program with one guard taken out: ``python mutants.py NAME PYTEST_ARGUMENT...``.

Each mutant changes the text of a statement before the program reads it, or splits the claim in two.
"""

import asyncio
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from swarm_memory.models.caller import Request
from swarm_memory.storage import queries
from swarm_memory.storage.queries import Query, Statement, parse_query
from swarm_memory.storage.writer import Change, Writer

MUTANTS = {
    "no fence": ("updates", "refuse_stale_claim", "AND fence = :fence", "AND :fence = :fence"),
    "no owner": ("updates", "refuse_stale_claim", "AND owner = :actor", "AND :actor = :actor"),
    "no status": ("claims", "claim_task", "AND t.status = 'ready' AND t.role", "AND t.role"),
    "no files": ("claims", "claim_task", "AND o.other = r.glob", "AND o.other = r.glob AND 0"),
    "a seat too many": ("agents", "refuse_full_swarm", ">= (SELECT max_agents", "> (SELECT max_agents"),
}
"""Module of the .sql file, block, its text, and what stands there instead."""
SPLIT = "claim in two"


def mutate(module: str, block: str, old: str, new: str) -> None:
    """Change what ``load_queries`` gives, before any store asks for it."""
    load = queries.load_queries

    def load_mutant(asked: str) -> Mapping[str, Query]:
        loaded = load(asked)
        if asked != module:
            return loaded
        text = (Path(queries.__file__).parent / f"{module}.sql").read_text("utf-8")
        body = text.split(f"-- name: {block}\n")[1].split("-- name: ")[0]
        if body.count(old) != 1:
            sys.exit(f"{block} has {body.count(old)} times {old!r}")
        return MappingProxyType({**loaded, block: parse_query(block, body.replace(old, new))})

    queries.load_queries = load_mutant


def split_claims() -> None:
    """Look for a task first and take it in a second step, as a naive claim does."""
    apply = Writer.apply

    async def in_two(self: Writer, changes: Sequence[Change], request: Request | None = None) -> list[Any]:
        naive: list[Change] = []
        for change in changes:
            statements = [await _chosen(self, one) if one.name == "claim_task" else one for one in change.statements]
            naive.append(replace(change, statements=tuple(statements)))
        return await apply(self, naive, request)

    Writer.apply = in_two


async def _chosen(writer: Writer, claim: Statement) -> Statement:
    """The claim of the task that a look of its own has found."""
    literal = re.sub(r"\?(\d+)", lambda found: _literal(claim.args[int(found[1]) - 1]), claim.sql)
    look, take = literal.split("UPDATE tasks\n")
    take, search = take.split(" WHERE seq = (\n")
    [rows] = await writer._database.read(Statement("look", look + search.rstrip().removesuffix(")")))  # pyright: ignore[reportPrivateUsage] - a mutant
    await asyncio.sleep(0.005)  # others look meanwhile
    return Statement("claim_task", f"UPDATE tasks\n{take} WHERE seq = {rows[0][0] if rows else 0}")


def _literal(value: Any) -> str:
    return "NULL" if value is None else str(value) if isinstance(value, int) else "'" + str(value) + "'"


if __name__ == "__main__":
    name, *arguments = sys.argv[1:]
    if name == SPLIT:
        split_claims()
    else:
        mutate(*MUTANTS[name])
    # anyio is imported here before pytest could rewrite its assertions.
    quiet = ["-W", "ignore::pytest.PytestAssertRewriteWarning", "-p", "no:cacheprovider"]
    sys.exit(pytest.main(["-q", "-x", *quiet, *arguments]))
