"""``set`` refuses a secret; ``scan`` finds those that are stored, in past versions too."""

from commandline import Commands

TOKEN = "ghp_" + "aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5"  # of nobody


def test_set_refuses_a_secret_unless_it_is_meant(run: Commands) -> None:
    refused = run("set", "ci", f'{{"token": "{TOKEN}"}}').expect(1)
    assert refused.err.startswith("[looks_like_secret] value.token looks like a secret (rule github-pat)")
    assert TOKEN not in refused.err + refused.out
    run("get", "ci").expect(1)

    run("set", "ci", TOKEN, "--allow-secret").expect(0)
    assert run("get", "ci").expect(0).out == f"{TOKEN}\n"


def test_scan_finds_nothing_in_a_store_without_secrets(run: Commands) -> None:
    run("set", "k", "the secret is in the vault").expect(0)

    assert run("scan").expect(0).out == ""
    assert run("scan", "--json").expect(0).json == {"found": 0, "secrets": []}


def test_scan_tells_where_secrets_are_and_not_what_they_are(run: Commands) -> None:
    run("set", "ci", TOKEN, "--allow-secret").expect(0)
    run("set", "ci", '{"token": "in the vault"}').expect(0)
    run("set", TOKEN, "named badly", "--allow-secret").expect(0)
    run("set", "--project", "other/shop", "fine", "nothing").expect(0)

    told = run("scan").expect(1)
    assert TOKEN not in told.out + told.err
    assert len(told.out.splitlines()) == 2
    assert "github-pat in value of default/ci in local/shop, version 1 (past), id " in told.out
    assert "github-pat in key of an entry in local/shop, id " in told.out
    assert "swarm-memory purge --id" in told.err

    found = run("scan", "--json").expect(1).json
    assert [(one["key"], one["version"], one["is_past"]) for one in found["secrets"]] == [
        (None, 1, False),
        ("ci", 1, True),
    ]
    assert run("scan", "--project", "other/shop", "--json").expect(0).json["found"] == 0

    for one in found["secrets"]:
        run("purge", "--id", one["id"], "--yes").expect(0)
    assert run("scan").expect(0).out == ""
