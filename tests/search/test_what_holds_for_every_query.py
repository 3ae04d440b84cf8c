"""Properties: no query is an error, a sentence finds itself, and what is gone or elsewhere is never told."""

import string
import time
from pathlib import Path

import anyio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from searchbench import add, found, put, remove, search, settings_of

from swarm_memory.app import App, open_app

pytestmark = pytest.mark.anyio

SENTENCES = [
    "The login service rotates refresh tokens on every use.",
    "Deploys happen on Tuesday because the on-call engineer is back.",
    "Tabs are used for indentation in the legacy module only.",
    "The invoice parser fails on amounts with a comma.",
    "Backups of the primary are taken at three in the morning.",
    "Feature flags live in the database and not in files.",
    "The cache is keyed by tenant and by locale.",
    "Webhooks are retried five times with exponential backoff.",
]
OPERATORS = ["AND", "OR", "NOT", "NEAR(", ")", '"', "*", "a:b", "tags:", "^x", "🎉", "\0", "数据"]
HOSTILE = st.one_of(
    st.text(max_size=200),
    st.text(string.punctuation + " \t\n\"'():*^-+{}[]", max_size=80),
    st.lists(
        st.sampled_from(["AND", "OR", "NOT", "NEAR(", ")", '"', "*", "a:b", "tags:", "^x", "🎉", "\0", "数据"])
    ).map(" ".join),
)


async def _filled(home: Path) -> int:
    """Every sentence in three places; how many queries were asked."""
    asked = 0
    async with open_app(settings_of(home)) as app:
        await app.search.embedding.loaded(60)
        for number, sentence in enumerate(SENTENCES):
            await add(app, sentence, f"topic {number}", tags=("kept",))
            await add(app, f"{sentence} Elsewhere.", f"topic {number}", project="there", tags=("kept",))
            await add(app, f"{sentence} Untagged.", f"topic {number}")
        return asked


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("search") / "home"
    anyio.run(_filled, folder)
    return folder


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=HOSTILE, mode=st.sampled_from(["words", "meaning", "hybrid"]), tagged=st.booleans(), alone=st.booleans())
def test_no_query_raises_and_none_leaves_its_project_or_tags(
    home: Path, query: str, mode: str, *, tagged: bool, alone: bool
) -> None:
    async def run() -> None:
        async with open_app(settings_of(home)) as app:
            await app.search.embedding.loaded(60)
            told = await search(app, query, mode=mode, only_project=alone, tags=("kept",) if tagged else ())
            assert all(hit.memory.project == "here" for hit in told.hits if alone)
            assert all("kept" in hit.memory.tags for hit in told.hits if tagged)
            assert all(0 <= hit.score <= 1 for hit in told.hits)

    anyio.run(run)


@pytest.mark.parametrize(
    "query",
    ["word " * 25_000, " ".join(f"w{number}" for number in range(10_000)), '"' * 100_000, "数" * 50_000, "a:" * 9_999],
)
async def test_a_very_long_query_is_bounded(app: App, query: str) -> None:
    await add(app, "word 数", "topic")
    begin = time.process_time()

    await search(app, query)

    assert time.process_time() - begin < 30  # a bound for "does not hang", far above what it takes


@settings(max_examples=40, deadline=None)
@given(
    sentence=st.lists(
        st.text(string.ascii_lowercase, min_size=3, max_size=12), min_size=4, max_size=12, unique=True
    ).map(" ".join)
)
def test_a_stored_sentence_is_found_by_its_own_words_within_the_first_three(home: Path, sentence: str) -> None:
    async def run() -> None:
        async with open_app(settings_of(home)) as app:
            await app.search.embedding.loaded(60)
            id_ = await add(app, sentence, "random")
            assert sentence in (await found(app, sentence))[:3]
            await remove(app, id_)
            assert sentence not in await found(app, sentence)

    anyio.run(run)


async def test_what_is_deleted_or_expired_is_in_no_answer_and_no_index(app: App) -> None:
    kept = await add(app, "the red panda eats bamboo shoots", "kept")
    gone = await add(app, "the red panda eats bamboo leaves", "gone")
    await put(app, "short", "the red panda eats bamboo roots", ttl=400)
    assert len(await found(app, "red panda bamboo")) == 3

    await remove(app, gone)
    await anyio.sleep(0.5)

    for mode in ("words", "meaning", "hybrid"):
        assert await found(app, "red panda bamboo", mode=mode) == ["the red panda eats bamboo shoots"]
    assert await app.memory.by_id(kept) is not None


async def test_a_changed_memory_is_found_by_what_it_says_now_only(app: App) -> None:
    await put(app, "where", "the office is in Lisbon near the harbour")
    assert await found(app, "Lisbon harbour")

    await put(app, "where", "the team works remotely from mountains")

    assert await found(app, "Lisbon harbour") == []
    assert (await found(app, "mountains remote team"))[0].endswith("mountains")
