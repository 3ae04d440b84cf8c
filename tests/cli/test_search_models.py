"""The models of search by meaning, vectors for what lacks them, and why a result has its place."""

from pathlib import Path

import pytest
from commandline import Commands


def test_the_static_model_is_used_until_another_is_chosen(run: Commands) -> None:
    assert [(one["name"], one["used"]) for one in run("models", "list", "--json").expect(0).json["models"]] == [
        ("static", True),
        ("none", False),
        ("bge-small", False),
    ]
    run("models", "use", "none").expect(0)
    run("set", "a", "b").expect(0)

    assert run("search", "b", "--json").expect(0).json["searched"] == "words"
    assert "[model_unavailable]" in run("reindex").expect(1).err
    run("models", "use", "static").expect(0)
    assert run("reindex", "--json").expect(0).json == {"model": "static-256", "memories": 1, "vectors": 1}
    assert run("reindex", "--json").expect(0).json["vectors"] == 0
    assert run("reindex", "--all", "--json").expect(0).json["vectors"] == 1


def test_a_model_that_is_unknown_or_not_here_is_refused_with_the_next_step(run: Commands) -> None:
    assert "take one of: static, none, bge-small." in run("models", "use", "gpt").expect(1).err
    assert "models pull bge-small" in run("models", "use", "bge-small").expect(1).err


def test_files_that_are_not_the_models_are_not_kept(run: Commands, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "model.onnx").write_bytes(b"no model")
    (folder / "tokenizer.json").write_text("{}")

    refused = run("models", "pull", "bge-small", "--from", str(folder)).expect(1)

    assert "another file than the one that was tested" in refused.err
    assert list((run.home / "models" / "bge-small").iterdir()) == []


def test_why_tells_the_place_and_what_it_is_made_of(run: Commands) -> None:
    run("set", "note/jwt", "rotate the refresh tokens").expect(0)
    run("set", "note/db", "the primary is in Frankfurt").expect(0)
    [first] = run("search", "refresh tokens", "--limit", "1", "--json").expect(0).json["results"]

    told = run("why", "refresh tokens", first["id"], "--json").expect(0).json
    shown = run("why", "refresh tokens", first["id"]).expect(0).out

    assert (told["place"], told["told"]) == (1, True)
    assert told["score"] == pytest.approx(first["score"], abs=0.001)
    assert [(term["name"], term["here"]) for term in told["terms"]] == [("refresh", True), ("tokens", True)]
    assert shown.startswith("place 1 of ")
    assert "[not_found]" in run("why", "x", "0" * 28).expect(1).err
