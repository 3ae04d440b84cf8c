"""Two globs of files overlap exactly if a brute-force search finds a path that both have."""

import itertools
import random
import re
import time

import pytest

from swarm_memory.errors import InvalidArgument
from swarm_memory.models.paths import MAX_GLOB, covers, overlap, overlapping, path_glob

LETTERS = "a./"
LONGEST = 8
"""Two globs of four tokens each that are no star have, if any, a common path of at most as many characters."""
PATHS = ["".join(letters) for length in range(1, LONGEST + 1) for letters in itertools.product(LETTERS, repeat=length)]


def expression(text: str) -> re.Pattern[str]:
    """The definition of a glob once more, as a regular expression."""
    last = text.rpartition("/")[2]
    directory = "" if set("*?") & set(last) or "." in last[1:] else "(/.*)?"
    parts: list[str] = re.findall(r"(?:(?<=/)|^)\*\*/|\*\*|.", text)
    meaning = {"**/": "(.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    body = "".join(meaning.get(part, re.escape(part)) for part in parts)
    return re.compile(body + directory)


def random_glob(dice: random.Random) -> str:
    while True:
        text = "".join(dice.choice(["a", ".", "a", ".", "/", "/", "?", "*", "**"]) for _ in range(dice.randint(1, 7)))
        plain = text.replace("*", "") + ("/" if expression(text).pattern.endswith("(/.*)?") else "")
        if len(plain) <= LONGEST // 2 and path_glob_or_none(text) == text:
            return text


def path_glob_or_none(text: str) -> str | None:
    try:
        return path_glob(text).text
    except InvalidArgument:
        return None


def test_ten_thousand_pairs_overlap_exactly_where_brute_force_finds_a_common_path() -> None:
    dice = random.Random(13)
    pool = sorted({random_glob(dice) for _ in range(900)})
    has: dict[str, int] = {}
    for text in pool:
        matches = expression(text).fullmatch
        has[text] = sum(1 << place for place, path in enumerate(PATHS) if matches(path))
    pairs = [(dice.choice(pool), dice.choice(pool)) for _ in range(10_000)]

    wrong = [(a, b) for a, b in pairs if overlap(path_glob(a), path_glob(b)) != bool(has[a] & has[b])]

    assert len(pool) > 250
    assert not wrong
    assert 2_000 < sum(bool(has[a] & has[b]) for a, b in pairs) < 8_000


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("src/a.py", "src/a.py", True),
        ("src/*", "src/a/b.py", False),
        ("src/*/x.py", "src/a/**", True),
        ("src/**/a.py", "src/a.py", True),
        ("**/a.py", "a.py", True),
        ("**/a.py", "ba.py", False),
        ("src", "src/a/b.py", True),
        ("src", "srcs/a.py", False),
        ("src/a.py", "src/a.py/b", False),
        (".github", ".github/workflows/ci.yml", True),
        ("src/", "./src//a.py", True),
        (".", "anything", True),
        ("*.py", "*.ts", False),
        ("**/*.py", "src/x/y.py", True),
        ("a*b", "*ab", True),
        ("a*b", "*ba", False),
        ("a?c", "a/c", False),
        ("a/**/b/**/c", "a/b/c", True),
        ("app/[id]/page.tsx", "app/i/page.tsx", False),
        ("tests/test_*.py", "tests/*_api.py", True),
    ],
)
def test_whether_two_globs_overlap(one: str, other: str, *, expected: bool) -> None:
    assert overlap(path_glob(one), path_glob(other)) is expected
    assert overlap(path_glob(other), path_glob(one)) is expected


@pytest.mark.parametrize(
    "text", ["", "/etc/passwd", "~/x", "C:/x", "src\\a.py", "../x", "src/../../x", "a.{ts,tsx}", "x" * (MAX_GLOB + 1)]
)
def test_what_would_silently_mean_something_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument):
        path_glob(text)


def test_a_glob_covers_another_if_it_has_whatever_its_wildcards_stand_for() -> None:
    assert covers(path_glob("src/**"), path_glob("src/*/a.py"))
    assert covers(path_glob("src"), path_glob("src/*.py"))
    assert not covers(path_glob("src/a.py"), path_glob("src/*.py"))
    assert not covers(path_glob("src/a.py"), path_glob("src"))


def test_all_pairs_of_many_globs_are_found() -> None:
    dice = random.Random(5)
    globs = [path_glob(text) for text in sorted({random_glob(dice) for _ in range(60)})]

    expected = {pair for pair in itertools.combinations(range(len(globs)), 2) if overlap(*(globs[one] for one in pair))}

    found = list(overlapping(globs))
    assert set(found) == expected
    assert len(found) == len(expected)


def test_globs_that_take_long_to_compare_are_refused() -> None:
    globs = [path_glob(f"{'*a' * 200}{number}") for number in range(500)]
    begun = time.perf_counter()

    with pytest.raises(InvalidArgument, match="begin alike"):
        list(overlapping(globs))

    assert time.perf_counter() - begun < 20  # unbounded it takes minutes
