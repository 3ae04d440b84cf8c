"""The demonstration holds what it shows."""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
SECONDS = 30.0
LINES = 80  # two screens


def test_the_demo_shows_everything_within_two_screens_and_half_a_minute() -> None:
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, str(ROOT / "examples" / "demo.py")], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert time.monotonic() - begun < SECONDS
    assert done.stderr == ""
    assert "✘" not in done.stdout
    assert len(done.stdout.splitlines()) < LINES
    for shown in ("[no_primary]", "[value_missing]", "[version_conflict]", "written by agent-A", "the counter is 100"):
        assert shown in done.stdout
