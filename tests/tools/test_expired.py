"""What has expired is told by no tool, even before it is purged."""

import pytest
from toolsession import ONLY_LOCAL, Session

from swarm_memory.app import App
from swarm_memory.storage.driver import choose_engine, connect

pytestmark = pytest.mark.anyio


def _let_all_expire(app: App) -> None:
    """Move the ends of life into the past, where the test need not wait for them."""
    connection = connect(app.settings.database_path, choose_engine("auto"))
    for table in ("memories", "versions"):
        connection.run(f"UPDATE {table} SET expires_at = 1 WHERE expires_at < 9999999999999")
    connection.close()


@ONLY_LOCAL
async def test_an_expired_key_is_nowhere_and_its_past_is_told_without_its_values(session: Session, app: App) -> None:
    await session.store("k", "secret one", tags=["t"], ttl=60)
    await session.store("k", "secret two", ttl=60)
    id_ = (await session.usage("retrieve", key="k"))["id"]
    await session.store("other", "kept")
    _let_all_expire(app)

    assert (await session.usage("retrieve", key="k"))["found"] is False
    assert (await session.usage("retrieve", id=id_))["found"] is False
    assert [one["key"] for one in (await session.usage("list"))["entries"]] == ["other"]
    assert (await session.usage("search", query="secret"))["results"] == []
    assert (await session.search("secret"))["results"] == []
    assert (await session.search(tags="t"))["results"] == []
    assert [one["topic"] for one in (await session.search())["results"]] == ["other"]
    assert (await session.call("memory_search", query="secret"))["results"] == []
    assert (await session.call("memory_status"))["entries"] == 1
    versions = (await session.usage("history", key="k"))["versions"]
    assert [(one["version"], one["expired"], "value" in one) for one in versions] == [
        (2, True, False),
        (1, True, False),
    ]
    assert "secret" not in session.text
    refused = await session.refused("memory_usage", action="store", key="k", value=1, if_version=2)
    assert "secret" not in refused[0]
    assert (await session.usage("increment", key="k"))["version"] == 3
