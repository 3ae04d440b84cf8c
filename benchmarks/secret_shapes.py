"""How often what is no secret looks like one, and how many are missed: ``scripts/bench secret_shapes [FOLDER ...]``.

False alarms are counted over real source and prose, cut into pieces as large as memories are: the standard library, the
packages installed beside it with their documentation, and the documentation of the system (``/usr/share/doc``,
``/usr/share/man``), or the folders that are given. What is found there is counted as a false alarm, though some of it
are real keys in examples. Secrets are made at random from the shape of each rule. Writes
``benchmarks/results/secret_shapes.json``.
"""

import argparse
import gzip
import json
import random
import sys
import sysconfig
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rawserver import machine

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "services"))

from shapes import shaped

from swarm_memory.services.secrets import find_secrets, known_rules

RESULTS = Path(__file__).with_name("results")
PIECE = 2_000  # characters, up to the end of the line
MOST = 4_000
LARGEST = 5_000_000
KINDS = set(".py .pyi .c .h .js .ts .css .html .json .toml .yaml .yml .md .rst .txt .gz .1 .3".split()) | {""}
SAMPLES = 50
WANTED = 0.1  # per cent


def pieces(folder: Path) -> Iterator[str]:
    for file in sorted(folder.rglob("*")):
        if file.suffix not in KINDS or not file.is_file() or file.is_symlink() or file.stat().st_size > LARGEST:
            continue
        try:
            data = file.read_bytes()
            text = (gzip.decompress(data) if file.suffix == ".gz" else data).decode()
        except (OSError, ValueError, EOFError):
            continue
        piece = ""
        for line in text.splitlines(keepends=True):
            piece += line[:MOST]
            if len(piece) >= PIECE:
                yield piece[:MOST]
                piece = ""
        if piece:
            yield piece


def false_alarms(folder: Path) -> dict[str, Any]:
    number = alarms = characters = 0
    rules: Counter[str] = Counter()
    seconds = 0.0
    for piece in pieces(folder):
        begun = time.process_time()
        found = find_secrets({"content": piece})
        seconds += time.process_time() - begun
        number, characters, alarms = number + 1, characters + len(piece), alarms + bool(found)
        rules.update({one.rule for one in found})
    share = 100 * alarms / max(1, number)
    told = dict(rules.most_common())
    return {"pieces": number, "MB": characters / 1e6, "alarms": alarms, "per cent": share, "rules": told, "s": seconds}


def missed() -> tuple[int, int]:
    """Texts with a secret, and how many of them nothing is found in."""
    chance = random.Random("secrets")
    misses = 0
    for rule in known_rules().values():
        for _ in range(SAMPLES):
            text = shaped(rule.regex, chance)
            near = "" if any(word in text.lower() for word in rule.keywords) else f" of {rule.keywords[0]}"
            misses += not find_secrets({"content": f"The key{near}:\n{text}\nis for the deploy."})
    return len(known_rules()) * SAMPLES, misses


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    installed = [Path(sysconfig.get_paths()["stdlib"]), Path(sysconfig.get_paths()["purelib"])]
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    folders = parser.parse_args().folders or [*installed, Path("/usr/share/doc"), Path("/usr/share/man")]
    report: dict[str, Any] = {"machine": machine(), "false alarms": {}}
    print(
        "| folder | pieces | MB | alarms | per cent | wanted | ms a MB |\n| --- | --- | --- | --- | --- | --- | --- |"
    )
    for folder in folders:
        told = report["false alarms"][str(folder)] = false_alarms(folder)
        speed = 1000 * told["s"] / max(1e-9, told["MB"])
        print(
            f"| {folder} | {told['pieces']:,} | {told['MB']:.1f} | {told['alarms']} | {told['per cent']:.4f} "
            f"| ≤ {WANTED} | {speed:.0f} |"
        )
    total, misses = report["secrets"], report["missed"] = missed()
    print(f"\nsecrets of every shape: {total:,}, missed {misses}")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "secret_shapes.json").write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
