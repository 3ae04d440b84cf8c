"""The tests notice when a guard is gone: each mutant of the program fails one of them."""

import subprocess
import sys
from pathlib import Path

import pytest
from mutants import MUTANTS, SPLIT

ROOT = Path(__file__).parents[2]
CAUGHT_BY = {
    "no fence": "tests/swarm/test_leases.py::test_an_agents_own_old_claim_is_over_when_it_claims_again",
    "no owner": "tests/tools/test_tasks.py::test_a_claim_is_one_for_its_owner_alone_and_over_when_it_ends[local]",
    "no status": "tests/swarm/test_invariants.py::test_servers_that_claim_at_once_get_a_task_each",
    "no files": "tests/tools/test_tasks.py::test_two_tasks_that_write_one_file_are_never_claimed_together[local]",
    "a seat too many": "tests/swarm/test_invariants.py::test_servers_join_as_often_as_there_are_seats",
    SPLIT: "tests/swarm/test_invariants.py::test_servers_that_claim_at_once_get_a_task_each",
}
FAILED = 1
"""Of pytest: tests ran, and some failed."""


def test_every_mutant_has_its_test() -> None:
    assert set(CAUGHT_BY) == {*MUTANTS, SPLIT}


@pytest.mark.parametrize(
    "mutant", [one if one in ("no fence", SPLIT) else pytest.param(one, marks=pytest.mark.stress) for one in CAUGHT_BY]
)
def test_a_mutant_is_caught(mutant: str) -> None:
    command = [sys.executable, "tests/swarm/mutants.py", mutant, CAUGHT_BY[mutant]]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == FAILED, done.stdout + done.stderr
    assert "1 failed" in done.stdout
