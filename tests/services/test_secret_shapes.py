"""Secrets of every known shape are found, where they are is told, and what they are is not."""

import base64
import json
import random
import string
import time

import pytest
from shapes import shaped

from swarm_memory.errors import LooksLikeSecret
from swarm_memory.services.secrets import find_secrets, known_rules, look, refuse_secrets

CHANCE = random.Random("shapes")
RULES = known_rules()
MEGABYTE = 1_000_000


def letters(number: int, alphabet: str = string.ascii_letters + string.digits) -> str:
    """So many, each another one than a person would type."""
    return "".join(CHANCE.choice(alphabet) for _ in range(number))


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


# Written down from what the services tell of their tokens, and not from the rules. Built here, so that no scanner of
# repositories takes this file for a leak.
UPPER = string.ascii_uppercase + "234567"
KNOWN = {
    "aws-access-token": "AKIA" + letters(16, UPPER),
    "github-pat": "ghp_" + letters(36),
    "github-fine-grained-pat": "github_pat_" + letters(82),
    "gitlab-pat": "glpat-" + letters(20),
    "slack-bot-token": f"xoxb-{letters(12, string.digits)}-{letters(12, string.digits)}-{letters(24)}",
    "stripe-access-token": "sk_live_" + letters(24),
    "openai-api-key": f"sk-proj-{letters(74)}T3BlbkFJ{letters(74)}",
    "anthropic-api-key": f"sk-ant-api03-{letters(93)}AA",
    "gcp-api-key": "AIza" + letters(35),
    "npm-access-token": "npm_" + letters(36).lower(),
    "pypi-upload-token": "pypi-AgEIcHlwaS5vcmc" + letters(100),
    "huggingface-access-token": "hf_" + letters(34, string.ascii_lowercase),
    "jwt": f"{part({'alg': 'EdDSA', 'typ': 'JWT'})}.{part({'a': 'rw', 'iat': 1_790_000_000})}.{letters(86)}",
    "private-key": f"-----BEGIN PRIVATE KEY-----\n{letters(64)}\n{letters(64)}\n-----END PRIVATE KEY-----",
    "password-in-url": f"postgres://app:{letters(16)}@db.internal:5432/app",
    "authorization-header": f"curl -H 'Authorization: Bearer {letters(40)}' https://api.internal/v1",
}


@pytest.mark.parametrize("name", KNOWN)
def test_a_known_credential_is_found_wherever_it_stands(name: str) -> None:
    secret = KNOWN[name]
    for text in (
        secret,
        f"Use this:\n{secret}\nfor the deploy.",
        f"export TOKEN={secret} # ours",
        f'{{"t":"{secret}"}}',
    ):
        assert name in {one.rule for one in find_secrets({"content": text})}, text
    assert name in {one.rule for one in find_secrets({"value": {"a": [1, {"token": secret}]}})}


@pytest.mark.parametrize("name", sorted(RULES))
def test_every_rule_finds_what_it_describes(name: str) -> None:
    rule = RULES[name]
    for _ in range(3):
        text = shaped(rule.regex, CHANCE)
        near = "" if any(word in text.lower() for word in rule.keywords) else f" of {rule.keywords[0]}"
        assert find_secrets({"content": f"The key{near}:\n{text}\nis for the deploy."}), text


@pytest.mark.parametrize(
    "text",
    [
        "export GITHUB_TOKEN=${GITHUB_TOKEN} # from the keychain",
        "aws_access_key_id = AKIAIOSFODNN7EXAMPLE",
        "postgres://user:password@localhost/db and libsql://name-org.turso.io",
        "curl -H 'Authorization: Bearer $TOKEN' or 'Authorization: Bearer your-token-goes-here-please'",
        "if line.startswith('-----BEGIN PRIVATE KEY-----'): raise ValueError",
        "commit 9c1185a5c5e9fc54612808977ee8f548b2258d31, sha256 " + "e3b0c44298fc1c149afbf4c8996fb924" * 2,
        "id 01k5xyz0123456789abcdefghj, uuid 0b4f0c9e-9d4e-4c0a-8f3b-1c2d3e4f5a6b",
        "key = self.partition_key; api_key: str = Field(default=None); token = next(tokens)",
        "We rotate refresh tokens on use; the secret is in the vault under kv/deploy/token.",
    ],
)
def test_what_only_speaks_of_secrets_is_none(text: str) -> None:
    assert find_secrets({"content": text}) == []


def test_the_place_is_told_and_the_secret_is_not() -> None:
    secret = KNOWN["github-pat"]
    [inside] = find_secrets({"key": "deploy", "value": {"ci": [{"name": "x"}, {"token": f"İ here\n  {secret}"}]}})

    assert (inside.rule, inside.place, inside.offset, inside.line) == ("github-pat", "value.ci[1].token", 9, 2)
    assert inside.where == "value.ci[1].token, line 2, behind 9 characters"
    assert secret not in repr(inside)


def test_a_secret_in_a_name_is_found_and_not_told_as_part_of_the_place() -> None:
    secret, other = KNOWN["github-pat"], KNOWN["aws-access-token"]
    found = find_secrets({"value": {secret: {"id": other}}})

    assert {one.rule for one in found} == {"github-pat", "aws-access-token"}
    assert {one.place for one in found} == {"value (somewhere in it)"}


@pytest.mark.anyio
async def test_a_refusal_says_where_by_which_rule_and_what_to_do() -> None:
    with pytest.raises(LooksLikeSecret) as told:
        await refuse_secrets({"content": f"It is {KNOWN['gcp-api-key']}"}, override="allow_secret: true")

    assert told.value.message == (
        "content, behind 6 characters looks like a secret (rule gcp-api-key); nothing was written."
    )
    assert "allow_secret: true" in told.value.next_step
    with pytest.raises(LooksLikeSecret) as told:
        await refuse_secrets({"content": KNOWN["gcp-api-key"]}, override=None)
    assert told.value.next_step == "say where the secret is kept instead."


def _repeated(unit: str) -> str:
    return (unit * (MEGABYTE // len(unit) + 1))[:MEGABYTE]


@pytest.mark.parametrize(
    "unit",
    [
        " ".join(rule.keywords[0] for rule in RULES.values()),
        " ".join(shaped(rule.regex, CHANCE)[:-3] for rule in RULES.values()),
        " ".join(shaped(rule.regex, CHANCE)[: len(rule.keywords[0]) + 30] for rule in RULES.values()),
        "-----BEGIN PRIVATE KEY-----",
        "eyJ" * 20 + ".",
        "://a:" * 3,
        "İ" * 10,
    ],
)
def test_a_megabyte_made_to_be_slow_is_searched_in_bounded_time_and_lets_others_have_turns(unit: str) -> None:
    begun = time.monotonic()
    turns = sum(one is None for one in look({"content": _repeated(unit)}))

    assert time.monotonic() - begun < 10.0  # a tenth of that is usual
    assert turns > 5 or len(find_secrets({"content": _repeated(unit)})) > 50


def test_a_value_of_many_parts_and_long_names_is_searched_in_bounded_time() -> None:
    value: object = {f"k{number}": "x" for number in range(50_000)}
    for _ in range(60):
        value = {"n" * 8_000: value}
    begun = time.monotonic()

    assert find_secrets({"value": [value, {"t": KNOWN["github-pat"]}]})[0].place == "value[1].t"
    assert time.monotonic() - begun < 10.0


def test_there_are_rules_of_many_services() -> None:
    assert len(RULES) > 200
    assert set(KNOWN) <= set(RULES)
