"""search and status."""

from commandline import Commands


def test_search_finds_by_words_and_prints_what_is_asked_for(run: Commands) -> None:
    run("set", "auth/decision", "JWT with rotating refresh tokens", "--tag", "security").expect(0)
    run("set", "db/decision", "one libSQL file").expect(0)
    found = run("search", "rotating", "tokens").expect(0)
    assert found.out.startswith("auth/decision\n")
    assert "JWT with rotating refresh tokens" in found.out
    assert "db/decision" not in found.out
    answer = run("search", "tokens", "--tag", "security", "--kind", "entry", "--json").expect(0).json
    assert [result["key"] for result in answer["results"]] == ["auth/decision"]
    assert run("get", "--id", answer["results"][0]["id"]).out == "JWT with rotating refresh tokens\n"


def test_search_without_words_is_the_brief_of_the_project(run: Commands) -> None:
    empty = run("search").expect(0)
    assert (empty.out, empty.err) == ("", "Nothing is stored in this project yet.\n")
    run("set", "today", "ship it").expect(0)
    assert run("search", "--json").expect(0).json["brief"] is True
    assert "ship it" in run("search").out


def test_a_search_without_results_says_so_on_stderr_and_succeeds(run: Commands) -> None:
    nothing = run("search", "unheard-of", "--strict", "--since", "7d").expect(0)
    assert (nothing.out, nothing.err) == ("", "Nothing was found.\n")


def test_status_tells_where_what_and_why(run: Commands) -> None:
    run("set", "k", "v").expect(0)
    run("set", "k", "v", "--project", "other").expect(0)
    told = run("status", "--projects", "--json").expect(0).json
    assert (told["project"], told["mode"], told["entries"], told["all_projects"]) == ("local/shop", "local", 1, 2)
    assert told["path"] == str(run.home / "memory.db")
    assert told["projects"] == [{"project": "local/shop", "memories": 1}, {"project": "other", "memories": 1}]
    shown = run("status", "--project", "other").expect(0).out
    assert "project reason  named by the call" in shown
    assert str(run.home) in shown
