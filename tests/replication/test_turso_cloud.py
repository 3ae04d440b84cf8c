"""Turso Cloud itself: run when TURSO_TEST_URL and TURSO_TEST_TOKEN name a database that may be written to.

What it stores there is under a project of its own and is deleted again. Without the variables only the stand-in of
tests/primary/cloud.py is tested, and README says so.
"""

import os
import secrets
from pathlib import Path

import pytest
from primaries import a_replica

from swarm_memory.models.caller import Caller, Origin
from swarm_memory.models.operations import Delete, Store
from swarm_memory.models.values import encode
from swarm_memory.storage.memories import MemoryStore, change_of
from swarm_memory.storage.writer import Writer

URL, TOKEN = os.environ.get("TURSO_TEST_URL"), os.environ.get("TURSO_TEST_TOKEN")

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(not (URL and TOKEN), reason="opt-in: set TURSO_TEST_URL and TURSO_TEST_TOKEN"),
]


async def test_a_write_to_turso_cloud_comes_back_in_the_replica(tmp_path: Path) -> None:
    address = str(URL).replace("libsql://", "https://")
    caller = Caller(f"test-{secrets.token_hex(8)}", Origin("test"))
    async with a_replica(address, tmp_path / "r", TOKEN, patience=20.0) as replica:
        writer = Writer(replica)
        await writer.apply([change_of(Store("default", "k", encode("v")), caller)])
        try:
            assert await replica.synchronise(60.0)
            memory = await MemoryStore(replica.at("replica")).by_key(caller.project, "default", "k")
            assert memory is not None
            assert memory.value == "v"
        finally:
            await writer.apply([change_of(Delete("default", "k"), caller)])
