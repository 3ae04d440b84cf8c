"""Vectors are written with their memory, follow it, and are made again where they are missing."""

import anyio
import anyio.lowlevel
import pytest
from searchbench import Opener, add, found, lacking, put, reads_of, remove, search

from swarm_memory.app import App
from swarm_memory.models.operations import Append
from swarm_memory.models.values import encode

pytestmark = pytest.mark.anyio


async def test_a_write_brings_its_vector_in_the_same_batch_and_a_deletion_takes_it_away(app: App) -> None:
    id_ = await add(app, "text of it", "first")
    await put(app, "second", {"a": 1})
    assert await lacking(app) == []

    await remove(app, id_)
    assert [one.title for one in await reads_of(app).after(0, "static-256", 10)] == ["second"]

    await app.memory.apply([Append("default", "list", encode(["red panda"]))], app.caller())
    assert await lacking(app) == ["list"]
    assert await found(app, "red panda") == ["red panda"]


async def test_what_another_process_has_just_stored_is_found_by_the_next_search(opener: Opener) -> None:
    async with opener() as one, opener(embedder="none") as other:
        await add(one, "the first memory of all", "first")
        assert (await search(one, "memory")).searched == "words+static-256"
        assert (await search(other, "memory")).searched == "words"
        for number in range(30):
            await add(other, f"a physician visited ward {number}", f"ward {number}")
            told = await search(one, f"doctor in ward {number}", mode="hybrid")
            assert f"a physician visited ward {number}" in [hit.memory.text for hit in told.hits]
        assert len(await lacking(one)) == 30


async def test_a_run_over_the_store_makes_what_is_missing_and_search_goes_on(opener: Opener) -> None:
    async with opener(embedder="none") as other:
        for number in range(120):
            await add(other, f"note {number} about the harbour", f"note {number}")
        assert other.search.embedding.name is None
    async with opener() as one:
        assert len(await lacking(one)) == 120
        async with anyio.create_task_group() as group:
            group.start_soon(_fill, one)
            assert len(await found(one, "harbour", limit=50)) == 50
        assert await lacking(one) == []


async def _fill(app: App) -> None:
    async for _ in app.search.indexer.fill():
        await anyio.lowlevel.checkpoint()


async def test_a_memory_that_changes_while_its_vector_is_made_keeps_none_of_the_old_text(app: App) -> None:
    reads = reads_of(app)
    await app.memory.apply([Append("default", "list", encode(["old"]))], app.caller())
    [source] = await reads.after(0, "static-256", 10)
    await app.memory.apply([Append("default", "list", encode(["new"]))], app.caller())

    put_now = await app.search.indexer._put([source])  # pyright: ignore[reportPrivateUsage] - the moment between

    assert put_now == 0
    assert await lacking(app) == ["list"]


async def test_without_a_model_search_is_by_words_and_says_so(opener: Opener) -> None:
    async with opener(embedder="none") as app:
        await add(app, "the invoice parser", "parser")

        told = await search(app, "invoice parser")

        assert (told.searched, len(told.hits)) == ("words", 1)


async def test_a_model_that_is_not_here_is_told_and_words_still_find(opener: Opener) -> None:
    async with opener(embedder="bge-small") as app:
        await add(app, "the invoice parser", "parser")

        assert await found(app, "invoice parser") == ["the invoice parser"]
        assert app.search.embedding.fault is not None
        assert app.search.embedding.fault.code == "model_unavailable"
