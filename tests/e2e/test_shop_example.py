"""The example of the shop builds it, and shows what it promises."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

RUN = Path(__file__).parents[2] / "examples" / "shop-api" / "run.py"


def run(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, str(RUN), *arguments], capture_output=True, text=True, timeout=280, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    return done.stdout


def check_figures(shown: str, workers: int) -> None:
    assert re.search(rf"20 tasks by one worker: .+\n20 tasks by {workers} workers: .+ times sooner\n", shown), shown
    best, ratio = (float(one) for one in re.findall(r"possible takes ([\d.]+) s; .* took ([\d.]+) times", shown)[0])
    assert best > 0
    assert ratio >= 0.95  # nothing is quicker than the best schedule possible, but for rounding
    without, learned = re.findall(r"(\d+) attempts without lessons, (\d+) with them", shown)[0]
    assert (int(without), int(learned)) == (8, 5)


def test_the_shop_is_built_by_one_worker_and_by_several_and_a_lesson_saves_attempts() -> None:
    check_figures(run("--unit", "0.05", "--workers", "2", "--skip-takeover"), 2)


@pytest.mark.stress
def test_the_shop_is_built_by_eight_workers_and_a_killed_ones_task_is_taken_over() -> None:
    shown = run()
    check_figures(shown, 8)
    assert re.search(
        r"killed .+; \d+ s later another one had it.*\n +it had coder\.1; it expired; half of checkout", shown
    )
