"""What a prompt brings up: memories that have enough of its words, of one project, and nothing else."""

import random
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from swarm_memory.models.caller import Caller, Origin
from swarm_memory.models.operations import Store
from swarm_memory.models.values import encode
from swarm_memory.services.recall import RecallService
from swarm_memory.storage.local import LocalDatabase, open_local
from swarm_memory.storage.memories import MemoryStore, change_of
from swarm_memory.storage.search import SearchReads
from swarm_memory.storage.writer import Writer

pytestmark = pytest.mark.anyio

SHOP = "github.com/acme/shop"
PROMPT = "How do refresh tokens rotate here?"
ROTATION = "Refresh tokens rotate on every use, because of replay attacks."


@dataclass(frozen=True)
class Stored:
    database: LocalDatabase

    async def put(
        self, texts: dict[str, str], *, project: str = SHOP, namespace: str = "default", ttl: int | None = None
    ) -> None:
        caller = Caller(project, Origin())
        operations = [Store(namespace, key, encode(text), ttl=ttl) for key, text in texts.items()]
        for begin in range(0, len(operations), 100):
            await Writer(self.database).apply([change_of(one, caller) for one in operations[begin : begin + 100]])

    async def recalled(self, prompt: str, limit: int = 5, without: str | None = None) -> Sequence[str | None]:
        service = RecallService(SearchReads(self.database), MemoryStore(self.database))
        hits = await service.recall(prompt, SHOP, limit, without=without)
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
        return [hit.memory.key for hit in hits]


@pytest.fixture
async def stored(tmp_path: Path) -> AsyncGenerator[Stored]:
    database = await open_local(tmp_path / "memory.db")
    await database.prepare()
    yield Stored(database)
    database.close()


async def test_what_has_the_words_comes_up_and_what_has_one_of_them_does_not(stored: Stored) -> None:
    await stored.put({"rotation": ROTATION, "css": "The tokens of the design system are colours.", "x": "Unrelated."})
    assert await stored.recalled(PROMPT) == ["rotation"]
    assert await stored.recalled('Why: "refresh" tokens: rotate?') == ["rotation"]
    assert await stored.recalled("How does the payment gateway settle its invoices?") == []
    assert await stored.recalled("tokens") == []
    assert await stored.recalled("") == []


async def test_irregular_forms_are_the_same_word(stored: Stored) -> None:
    await stored.put({"moved": "The billing service went to another region."})
    assert await stored.recalled("When does billing go to the other region?") == ["moved"]


async def test_other_projects_expired_memories_and_a_namespace_stay_out(stored: Stored) -> None:
    await stored.put({"foreign": ROTATION}, project="github.com/acme/other")
    await stored.put({"gone": ROTATION}, ttl=1)
    await stored.put({"kept": ROTATION}, namespace="checkpoints")
    while (await MemoryStore(stored.database).by_key(SHOP, "default", "gone")) is not None:
        pass  # a millisecond
    assert await stored.recalled(PROMPT, without="checkpoints") == []
    assert await stored.recalled(PROMPT) == ["kept"]


async def test_a_memory_is_found_however_many_newer_ones_have_its_common_words(stored: Stored) -> None:
    await stored.put({"old": "The deploy of the parser fails because zanzibar is unreachable."})
    chance = random.Random(1)
    words = ["deploy", "parser", "fails", "cache", "queue", "retries", "index", "proxy"]
    await stored.put({f"n{number}": " ".join(chance.sample(words, 4)) for number in range(1_500)})
    assert (await stored.recalled("Why does the deploy fail at zanzibar in the parser?"))[0] == "old"


async def test_a_long_prompt_needs_no_more_than_its_rarest_words(stored: Stored) -> None:
    noise = {f"n{number}": f"Note {number} about feature{number} of module{number % 20}." for number in range(300)}
    await stored.put({**noise, "rotation": ROTATION})
    long = "please have a careful look at " + " ".join(f"feature{number * 7}" for number in range(12))
    assert await stored.recalled(f"{PROMPT} {PROMPT}") == ["rotation"]
    assert "rotation" not in await stored.recalled(f"{long} and tokens")


async def test_no_more_come_up_than_are_asked_for(stored: Stored) -> None:
    await stored.put({f"rotation{number}": f"{ROTATION} Case {number}." for number in range(9)})
    assert len(await stored.recalled(PROMPT, limit=3)) == 3
