"""A server keeps so many changes as its settings say, and tells who waits from before them to begin anew."""

from pathlib import Path

import pytest
from mcp import Client
from toolsession import Session, make_settings

from swarm_memory.app import open_app
from swarm_memory.server import build_server
from swarm_memory.storage.driver import choose_engine, connect

pytestmark = pytest.mark.anyio


async def test_the_oldest_changes_go_with_a_write_and_a_cursor_from_then_is_reset(tmp_path: Path) -> None:
    settings = make_settings(tmp_path).model_copy(update={"kept_changes": 1_000})
    async with open_app(settings) as app, Client(build_server(app, app.settings.tools)) as client:
        session = Session(client)
        await session.store("first", 1)
        begin = (await session.call("wait_for_changes", timeout=0))["cursor"]
        operations = [{"action": "store", "key": f"k{number}", "value": number} for number in range(100)]
        for _ in range(12):
            await session.usage("batch", operations=operations)
    connection = connect(settings.database_path, choose_engine("auto"))
    connection.run("UPDATE facts SET value = 0 WHERE name = 'purged_at'")  # a minute has passed

    async with open_app(settings) as app, Client(build_server(app, app.settings.tools)) as client:
        session = Session(client)
        last = (await session.store("last", 1))["seq"]
        reset = await session.call("wait_for_changes", since=begin, timeout=0)

    [(count, newest)] = connection.run("SELECT count(*), max(seq) FROM changes")
    connection.close()
    assert (count, newest) == (1_001, last)  # those that were there at the write, and its own
    assert reset["reset"] is True
