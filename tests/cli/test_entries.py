"""get, set and list."""

import pytest
from commandline import Commands

from swarm_memory.cli.entries import json_or_text

PROJECT = "local/shop"


def test_a_json_value_comes_back_with_its_type(run: Commands) -> None:
    told = run("set", "plan/steps", '{"a": [1, 2.5, null]}', "--tag", "x", "--tag", "y", "--ttl", "3600", "--json")
    assert told.expect(0).err == ""
    assert told.json["created"] is True
    assert told.json["version"] == 1
    got = run("get", "plan/steps", "--json").expect(0).json
    assert (got["value"], got["tags"], got["project"]) == ({"a": [1, 2.5, None]}, ["x", "y"], PROJECT)
    assert got["expires_at"] == told.json["expires_at"]


@pytest.mark.parametrize(
    ("arguments", "stdin", "printed"),
    [
        (["--", "k", "-5"], b"", "-5\n"),
        (["k", "-"], b'{"from": "stdin"}\n', '{\n  "from": "stdin"\n}\n'),
        (["k", "--text", "-"], "true\nzwei Zeilen äöü\n\n".encode(), "true\nzwei Zeilen äöü\n\n"),
    ],
)
def test_a_value_comes_from_the_argument_or_from_stdin_and_is_printed_as_it_was(
    run: Commands, arguments: list[str], stdin: bytes, printed: str
) -> None:
    run("set", *arguments, stdin=stdin).expect(0)
    assert run("get", "k").expect(0).out == printed


@pytest.mark.parametrize(
    ("content", "value"),
    [("true", True), ("null", None), ('"x"', "x"), ("007", "007"), ("NaN", "NaN"), ("[Infinity]", "[Infinity]")],
)
def test_a_value_is_json_if_it_parses_and_text_else(content: str, value: object) -> None:
    assert json_or_text(content) == value


def test_a_value_that_tools_answer_in_parts_is_printed_whole(run: Commands) -> None:
    text = "0123456789äöü€" * 20_000
    run("set", "long", "-", stdin=text).expect(0)
    assert run("get", "long").expect(0).out == text + "\n"
    answer = run("get", "long", "--json").expect(0).json
    assert answer["value"] == text
    assert not {"value_part", "truncated", "offset"} & answer.keys()
    assert run("get", "--id", answer["id"]).expect(0).out == text + "\n"


def test_a_missing_key_exits_1_with_the_near_keys_on_stderr(run: Commands) -> None:
    run("set", "deploy/status", "1").expect(0)
    run("set", "deploy/stage", "1", "--namespace", "ops").expect(0)
    missed = run("get", "deploy/stage").expect(1)
    assert missed.out == ""
    assert missed.err.startswith("[not_found] There is no key 'deploy/stage' in namespace default. Next: ")
    assert "deploy/status" in missed.err
    assert "--namespace: ops" in missed.err
    assert missed.err.count("\n") == 1
    as_json = run("get", "deploy/stage", "--json").expect(1)
    assert as_json.json["found"] is False
    assert as_json.json["near_keys"] == ["deploy/status"]


def test_a_version_that_has_moved_on_is_not_written_over(run: Commands) -> None:
    run("set", "shared", '"first"').expect(0)
    run("set", "shared", '"second"', "--if-version", "1").expect(0)
    late = run("set", "shared", '"late"', "--if-version", "1").expect(1)
    assert late.err.startswith("[version_conflict] ")
    assert "if_version 2" in late.err
    assert run("get", "shared").out == "second\n"


def test_a_list_is_tab_separated_in_a_pipe_and_goes_on_at_its_cursor(run: Commands) -> None:
    for key in ("a/1", "a/2", "b/1"):
        run("set", key, f"value of {key}", "--tag", "t").expect(0)
    rows = [line.split("\t") for line in run("list").expect(0).out.splitlines()]
    assert [row[0] for row in rows] == ["a/1", "a/2", "b/1"]
    assert [(row[1], row[2], row[6], row[7]) for row in rows][2] == ("default", "1", "t", "value of b/1")
    first = run("list", "a/*", "--limit", "1", "--json").expect(0).json
    assert [entry["key"] for entry in first["entries"]] == ["a/1"]
    second = run("list", "a/*", "--limit", "1", "--cursor", first["cursor"], "--json").expect(0).json
    assert [entry["key"] for entry in second["entries"]] == ["a/2"]
    assert "more" not in second


def test_an_empty_list_says_so_on_stderr_only(run: Commands) -> None:
    nothing = run("list", "x/**").expect(0)
    assert (nothing.out, nothing.err) == ("", f"No keys match in project {PROJECT}.\n")


def test_projects_and_namespaces_are_apart(run: Commands) -> None:
    run("set", "k", '"here"').expect(0)
    run("set", "k", '"there"', "--project", "other", "--namespace", "n").expect(0)
    assert run("get", "k").out == "here\n"
    assert run("get", "k", "--project", "other", "--namespace", "n").out == "there\n"
    run("get", "k", "--project", "other").expect(1)


def test_a_line_of_output_cannot_be_forged_by_a_value(run: Commands) -> None:
    run("set", "k", "--text", "-", stdin="one\ttwo\nthree\x1b[31m").expect(0)
    [line] = run("list").expect(0).out.splitlines()
    assert line.endswith("\tone two three\ufffd[31m")


@pytest.mark.parametrize(
    "arguments",
    [["get"], ["get", "k", "--id", "i"], ["set", "k"], ["list", "--limit", "many"], ["nothing"], ["get", "k", "--no"]],
)
def test_wrong_usage_exits_2_and_makes_no_store(run: Commands, arguments: list[str]) -> None:
    wrong = run(*arguments).expect(2)
    assert "Usage: swarm-memory" in wrong.err
    assert not run.home.exists()


@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [
        (["set", "k", "v", "--ttl", "-1"], b""),
        (["set", "k", "-"], b"\xff\xfe"),
        (["set", "k", "-"], b"[" * 100_000),
    ],
)
def test_a_bad_argument_is_refused_in_one_line_with_the_next_step(
    run: Commands, arguments: list[str], stdin: bytes
) -> None:
    refused = run(*arguments, stdin=stdin).expect(1)
    assert refused.out == ""
    assert refused.err.startswith("[invalid_argument] ")
    assert " Next: " in refused.err
    assert refused.err.count("\n") == 1
