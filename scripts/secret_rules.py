"""Make the rules by which secrets are found from those of gitleaks (https://github.com/gitleaks/gitleaks, MIT).

    .venv/bin/python scripts/secret_rules.py CHECKOUT_OF_GITLEAKS

Reads ``config/gitleaks.toml`` and ``LICENSE`` there, and writes ``src/swarm_memory/services/secret_rules.json`` with
the licence in it. Then run ``scripts/bench secret_shapes``: docs/decisions/0015 has the figures to compare.

gitleaks' regular expressions are of RE2, which cannot backtrack. Three things differ for Python's engine, which can:
a flag in the middle is given its group, ``\\z`` is ``\\Z``, and the fifty characters in front of a name are left out,
which only lengthen what is found. A class of POSIX is written out.
"""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from re import _parser
from typing import Any

TARGET = Path(__file__).parents[1] / "src" / "swarm_memory" / "services" / "secret_rules.json"
LEFT_OUT = {
    "generic-api-key": "a name such as key or token next to any text of mixed letters: 0.6 % false alarms",
    "curl-auth-header": "several unbounded repetitions in a row; authorization-header stands for it",
    "curl-auth-user": "several unbounded repetitions in a row",
}
"""What is not taken over, besides rules for files of certain names."""
OWN: list[dict[str, Any]] = [
    {
        "id": "password-in-url",
        "regex": r"\b[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s:@/<>\"'`]{0,64}:([^\s:@/<>\"'`]{8,128})@[A-Za-z0-9\[]",
        "keywords": ["://"],
        "entropy": 2.7,
        "allowlists": [{"regexes": [r"^[$%{\[]", r"(?i)passw|secret|token|xxxx|\*\*\*\*|\.\.\."]}],
    },
    {
        "id": "authorization-header",
        "regex": r"(?i)\bauthorization[\"']?[ \t]{0,5}[:=][ \t]{0,5}[\"']?(?:bearer|basic|token)[ \t]{1,5}"
        r"([\w~@.+/-]{20,200}={0,2})(?:[\x60'\"\s;,]|\\[nr]|$)",
        "keywords": ["authorization"],
        "entropy": 3.5,
        "allowlists": [{"regexes": [r"^[^0-9]*$", r"(?i)your|xxxx|\.\.\."]}],
    },
]
"""Shapes that gitleaks has no rule for, or none that can be taken over."""
KEYWORDS = {"jwt": ["eyj"]}
"""Instead of gitleaks': ``ey`` is in every other sentence, and each token begins with ``{"`` in base64."""
LONGEST = 600
AROUND = 1_000
REACHES = {"private-key": 8_192, "pypi-upload-token": 1_100, "jwt": 4_096}
"""Characters that a match may take on either side of the rule's keyword: where it has no bound, where the keyword is
not in it but near it, and exceptions."""


def for_python(pattern: str) -> str:
    """The same regular expression for Python's engine."""
    pattern = pattern.replace(r"[\w.-]{0,50}?", "").replace("[:alnum:]", "A-Za-z0-9")
    made, open_flags, in_class, at = "", [0], False, 0
    while at < len(pattern):
        token = pattern[at : at + 2] if pattern[at] == "\\" else pattern[at]
        token = "(?i)" if pattern.startswith("(?i)", at) and not in_class else token
        at += len(token)
        if in_class:
            made += "\\[" if token == "[" else token
            in_class = token != "]"
        elif token == "(?i)":
            made += "(?i:"
            open_flags[-1] += 1
        elif token == ")":
            made += ")" * (open_flags.pop() + 1)
        else:
            made += {"\\z": "\\Z"}.get(token, token)
            in_class = token == "["
            open_flags += [0] if token == "(" else []
    return made + ")" * open_flags[0]


def rule_of(given: dict[str, Any]) -> dict[str, Any]:
    """A rule as the program reads it."""
    regex = for_python(given["regex"])
    keywords = KEYWORDS.get(given["id"], given["keywords"])
    longest = min(int(_parser.parse(regex, re.ASCII).getwidth()[1]), LONGEST)
    is_in_it = all(re.sub(r"\\(?=\W)", "", regex.lower()).count(one) for one in keywords)
    allowed = [one for group in given.get("allowlists", []) for one in group.get("regexes", [])]
    return {
        "id": given["id"],
        "keywords": keywords,
        "regex": regex,
        "reach": REACHES.get(given["id"], longest if is_in_it else AROUND),
        "entropy": given.get("entropy", 0),
        "allowed": [for_python(one) for one in allowed],
    }


def main(checkout: str) -> None:
    config = tomllib.loads(Path(checkout, "config", "gitleaks.toml").read_text("utf-8"))
    told = subprocess.run(["git", "-C", checkout, "describe", "--tags"], capture_output=True, text=True, check=True)
    taken = [one for one in config["rules"] if one["id"] not in LEFT_OUT and "path" not in one]
    rules = [rule_of(one) for one in [*taken, *OWN]]
    report = {
        "source": f"gitleaks {told.stdout.strip()}, config/gitleaks.toml; made by scripts/secret_rules.py",
        "licence": Path(checkout, "LICENSE").read_text("utf-8"),
        "allowed": [for_python(one) for one in config["allowlist"]["regexes"]],
        "stopwords": config["allowlist"]["stopwords"],
    }
    lines = ",\n".join(f"  {json.dumps(one)}" for one in rules)
    head = json.dumps(report, indent=1)[:-2]
    TARGET.write_text(f'{head},\n "rules": [\n{lines}\n ]\n}}\n', "utf-8")
    print(f"{len(rules)} rules, {TARGET.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:])
