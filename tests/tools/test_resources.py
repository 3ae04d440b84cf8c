"""Resources by address, and word of their changes: in both eras of the protocol, over every transport."""

import json
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client, MCPError, StdioServerParameters, types
from mcp.client.sse import sse_client
from toolsession import ONLY_LOCAL, Session, environment, make_settings

from swarm_memory.app import App, open_app
from swarm_memory.models.addresses import Address, parse_address
from swarm_memory.server import build_server

pytestmark = [
    pytest.mark.anyio,
    # The client's way to the older protocol, which servers must go on to serve.
    pytest.mark.filterwarnings("ignore:resources/(un)?subscribe is removed"),
]

SERVE = ("-m", "swarm_memory", "serve", "--tools", "all")


@asynccontextmanager
async def client_of(kind: str, home: Path, web_server: str, told: list[str]) -> AsyncGenerator[Client]:
    """A client that keeps the addresses it is told of."""

    async def hear(message: Any) -> None:
        if isinstance(message, types.ResourceUpdatedNotification):
            told.append(str(message.params.uri))

    transport, _, era = kind.partition("-")
    mode: Any = "legacy" if era else "auto"
    if transport == "memory":
        async with (
            open_app(make_settings(home)) as app,
            Client(build_server(app, app.settings.tools), mode=mode, message_handler=hear) as client,
        ):
            yield client
        return

    where: Any = {
        "stdio": StdioServerParameters(
            command=sys.executable, args=list(SERVE), env=environment(home), cwd=home.parent
        ),
        "http": f"{web_server}/mcp",
        "sse": sse_client(f"{web_server}/sse"),
    }[transport]
    async with Client(where, mode=mode, message_handler=hear) as client:
        yield client


async def subscribe(client: Client, uri: str) -> None:
    await client.subscribe_resource(uri)  # pyright: ignore[reportDeprecated] - clients of the older protocol do


async def unsubscribe(client: Client, uri: str) -> None:
    await client.unsubscribe_resource(uri)  # pyright: ignore[reportDeprecated] - the same


async def until(condition: Any) -> None:
    with anyio.fail_after(15):
        while not condition():  # noqa: ASYNC110 - a client tells by a callback
            await anyio.sleep(0.01)


@pytest.mark.parametrize("kind", ["memory-legacy", "stdio-legacy", "http-legacy", "sse-legacy"])
async def test_a_client_of_the_older_protocol_is_told_of_what_it_subscribed_to(
    kind: str, tmp_path: Path, web_server: str
) -> None:
    told: list[str] = []
    async with client_of(kind, tmp_path / "home", web_server, told) as client:
        session = Session(client, f"project of {kind}")
        entry = str(Address("memory", (f"project of {kind}", "default", "plan/a")))
        swarm = (await session.call("swarm_init", topology="mesh", objective="x"))["swarmId"]
        ann = (await session.call("agent_spawn", type="ann"))["agent"]
        mail, status = f"swarm://{swarm}/inbox/{ann}", f"swarm://{swarm}/status"
        for uri in (entry, mail, status):
            await subscribe(client, uri)

        await session.store("plan/b", 1)
        await session.store("plan/a", 1)
        await until(lambda: entry in told)
        assert set(told) == {entry}
        await session.call("message_send", to=ann, body="hello")
        await until(lambda: mail in told and status in told)
        content = (await client.read_resource(mail)).contents[0]
        assert isinstance(content, types.TextResourceContents)
        assert json.loads(content.text) == {"agent": ann, "unread": 1}

        await unsubscribe(client, entry)
        told.clear()
        await session.store("plan/a", 2)
        await session.call("task_orchestrate", task="more")
        await until(lambda: status in told)
        assert entry not in told


@pytest.mark.parametrize("kind", ["memory", "stdio", "http"])
async def test_a_client_of_the_newer_protocol_listens_to_addresses(kind: str, tmp_path: Path, web_server: str) -> None:
    async with client_of(kind, tmp_path / "home", web_server, []) as client:
        session = Session(client, f"project of {kind}")
        entry = str(Address("memory", (f"project of {kind}", "default", "k")))
        with anyio.fail_after(20):
            async with client.listen(resource_subscriptions=[entry]) as events:
                await session.store("other", 1)
                await session.store("k", 1)
                async for event in events:
                    assert getattr(event, "uri", None) == entry
                    break


@ONLY_LOCAL
async def test_nothing_looks_for_changes_once_nobody_wants_to_know(app: App) -> None:
    entry = "memory://here/default/k"
    async with Client(build_server(app, app.settings.tools), mode="legacy") as client:
        await subscribe(client, entry)
        await subscribe(client, entry)
        await until(lambda: app.waiting.waiting == 1)
    await until(lambda: app.waiting.waiting == 0)
    async with Client(build_server(app, app.settings.tools)) as client:
        async with client.listen(resource_subscriptions=[entry, "memory://nothing"]):
            await until(lambda: app.waiting.waiting == 1)
        await until(lambda: app.waiting.waiting == 0)


@ONLY_LOCAL
async def test_resources_are_listed_and_read_by_their_address(app: App, session: Session) -> None:
    async with Client(build_server(app, app.settings.tools)) as client:
        swarm = (await session.call("swarm_init", objective="ship it"))["swarmId"]
        await session.store("plan/ä b", {"step": 1})

        [listed] = (await client.list_resources()).resources
        assert (str(listed.uri), listed.description) == (f"swarm://{swarm}/status", "ship it")
        templates = (await client.list_resource_templates()).resource_templates
        assert [one.uri_template for one in templates] == [
            "swarm://{id}/status",
            "swarm://{id}/inbox/{agent}",
            "memory://{project}/{namespace}/{key}",
        ]
        for uri, expected in (
            (f"swarm://{swarm}/status", ("swarmId", swarm)),
            ("memory://here/default/plan%2F%C3%A4%20b", ("value", {"step": 1})),
            ("memory://here/default/plan/%C3%A4%20b", ("value", {"step": 1})),
        ):
            [content] = (await client.read_resource(uri)).contents
            assert isinstance(content, types.TextResourceContents)
            assert json.loads(content.text)[expected[0]] == expected[1]
        for uri in ("memory://here/default/none", "swarm://none/status", "swarm://none", "file:///etc/passwd", "x"):
            with pytest.raises(MCPError):
                await client.read_resource(uri)


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("swarm://a/status", Address("status", ("a",))),
        ("swarm://a/inbox/ann.1", Address("inbox", ("a", "ann.1"))),
        (
            "memory://github.com%2Facme%2Fshop/default/a/b",
            Address("memory", ("github.com/acme/shop", "default", "a/b")),
        ),
        ("memory://p/n/a%2Fb", Address("memory", ("p", "n", "a/b"))),
        ("memory://p/n/", None),
        ("memory://p/n", None),
        ("swarm://a/other", None),
        ("swarm:///status", None),
        ("swarm://a/inbox/", None),
        ("memory", None),
        ("memory://p/n/" + "x" * 9_000, None),
    ],
)
async def test_addresses_have_one_form(uri: str, expected: Address | None) -> None:
    assert parse_address(uri) == expected
    if expected:
        assert parse_address(str(expected)) == expected
