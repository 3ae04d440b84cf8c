"""An HTTP server process: whom it serves, what it answers to strange bodies, and how it ends with streams open."""

import asyncio
import json
import re
import signal
import subprocess
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import anyio
import httpx2
import pytest
from anyio import to_thread
from mcp import Client
from mcp.client.sse import sse_client
from mcp.server.lowlevel import Server
from rawclient import PROMPT_END, TINY_SERVER

from swarm_memory.errors import ConfigurationError
from swarm_memory.transports.http import serve_http

pytestmark = pytest.mark.anyio

JSON_OR_STREAM = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
MODERN: dict[str, Any] = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientCapabilities": {},
}
MODERN_HEADERS = {"mcp-protocol-version": "2026-07-28", "mcp-method": "tools/call"}
REFUSED = "[invalid_argument] value holds a lone surrogate. Next: send text."
STREAMS_END = 1.0  # seconds; half of them are for a loaded machine


class WebProcess:
    """A tiny server on a free port, and what it wrote to stderr."""

    def __init__(self) -> None:
        self.process = subprocess.Popen([*TINY_SERVER, "http", "0"], stderr=subprocess.PIPE, text=True)
        assert self.process.stderr is not None
        self.stderr = self.process.stderr
        greeting = self.stderr.readline()
        found = re.search(r"(http://127\.0\.0\.1:\d+)/mcp", greeting)
        assert found, greeting
        self.url = found[1]

    def end(self, number: signal.Signals) -> tuple[int, float, str]:
        """Send a signal; return exit code, seconds until the end, and stderr."""
        begun = time.monotonic()
        self.process.send_signal(number)
        code = self.process.wait(10)
        return code, time.monotonic() - begun, self.stderr.read()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.stderr.close()


@pytest.fixture
def server() -> Iterator[WebProcess]:
    process = WebProcess()
    yield process
    process.close()


@pytest.fixture(scope="module")
def lasting() -> Iterator[WebProcess]:
    """One server for all tests after which it must still serve."""
    process = WebProcess()
    yield process
    process.close()


def client_of(server: WebProcess, kind: str) -> Client:
    if kind == "sse":
        return Client(sse_client(f"{server.url}/sse"), mode="legacy")
    return Client(f"{server.url}/mcp", mode=kind)


@asynccontextmanager
async def standing_get(server: WebProcess) -> AsyncGenerator[None]:
    """The stream that clients of the handshake era keep open for notifications."""
    async with httpx2.AsyncClient(base_url=server.url, headers=JSON_OR_STREAM) as http:
        http.headers["mcp-session-id"] = await open_session(http)
        async with http.stream("GET", "/mcp"):
            yield


@asynccontextmanager
async def listening(server: WebProcess) -> AsyncGenerator[None]:
    """A client of the modern era that listens."""
    async with (
        Client(f"{server.url}/mcp", mode="2026-07-28") as client,
        client.listen(tools_list_changed=True) as events,
    ):
        yield
        # Closed by the server on purpose: the loop ends, instead of raising that the stream was lost.
        assert [event async for event in events] == []


@asynccontextmanager
async def sse_stream(server: WebProcess) -> AsyncGenerator[None]:
    async with httpx2.AsyncClient(base_url=server.url) as http, http.stream("GET", "/sse"):
        yield


def calling(kind: str, tool: str) -> Callable[[WebProcess], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def call(server: WebProcess) -> AsyncGenerator[None]:
        """A call that runs for a minute if it is let."""
        async with client_of(server, kind) as client:
            running = asyncio.ensure_future(client.call_tool(tool, {"value": 60}))
            await client.call_tool("echo", {})  # the call before it has begun by now
            yield
            running.cancel()

    return call


def test_health_tells_name_and_version(lasting: WebProcess):
    assert httpx2.get(f"{lasting.url}/health").json() == {"status": "ok", "name": "tiny", "version": "1"}


@pytest.mark.parametrize("path", ["/mcp", "/sse", "/messages/?session_id=1", "/health"])
@pytest.mark.parametrize(
    ("header", "value", "status"), [("host", "evil.example:80", 421), ("origin", "http://evil.example", 403)]
)
def test_requests_of_foreign_pages_are_refused_on_every_route(
    lasting: WebProcess, path: str, header: str, value: str, status: int
):
    assert httpx2.get(lasting.url + path, headers={header: value}).status_code == status


@pytest.mark.parametrize("path", ["/mcp", "/messages/?session_id=1"])
def test_a_body_over_four_mebibytes_is_refused(lasting: WebProcess, path: str):
    body = b" " * ((4 << 20) + 1)
    assert httpx2.post(lasting.url + path, headers=JSON_OR_STREAM, content=body).status_code == 413


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        (r'"\ud800"', REFUSED),
        (r'"\uDFFF and \ud83d\ude00"', REFUSED),
        (r'"\ud83d\ude00"', "str '😀'"),
        ("NaN", "float nan"),
        ("-Infinity", "float -inf"),
    ],
)
@pytest.mark.parametrize("post", ["legacy", "modern", "sse"])
async def test_a_value_that_json_cannot_mean_reaches_the_tool(lasting: WebProcess, post: str, value: str, answer: str):
    async with httpx2.AsyncClient(base_url=lasting.url, headers=JSON_OR_STREAM) as http:
        with anyio.fail_after(20):
            text = await POSTS[post](http, value)
    assert text == answer


async def test_answers_are_not_held_back_by_the_network_layer(lasting: WebProcess):
    # Nagle's algorithm and the client's delayed acknowledgement together cost 40 ms a call.
    async with httpx2.AsyncClient(base_url=lasting.url, headers=JSON_OR_STREAM) as http:
        await post_modern(http, "1")
        begun = time.monotonic()
        for _ in range(25):
            await post_modern(http, "1")
    assert time.monotonic() - begun < 25 * 0.03


@pytest.mark.parametrize("kind", ["legacy", "2026-07-28", "auto", "sse"])
async def test_the_protocols_own_client_is_served_in_both_eras(lasting: WebProcess, kind: str):
    async with client_of(lasting, kind) as client:
        tools = await client.list_tools()
        answer = await client.call_tool("echo", {"value": [1, {"a": None}]})
    assert "echo" in [tool.name for tool in tools.tools]
    assert answer.model_dump()["content"][0]["text"] == "list [1, {'a': None}]"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_an_idle_server_ends_cleanly_and_at_once(server: WebProcess, number: signal.Signals):
    httpx2.get(f"{server.url}/health")
    code, seconds, errors = server.end(number)
    assert (code, errors) == (0, "the end was reached\n")
    assert seconds < PROMPT_END


@pytest.mark.parametrize(
    "busy",
    [
        standing_get,
        listening,
        sse_stream,
        calling("legacy", "sleep"),
        calling("2026-07-28", "sleep"),
        calling("sse", "sleep"),
    ],
    ids=["standing GET", "listening", "SSE", "call, legacy", "call, modern", "call, SSE"],
)
async def test_open_streams_and_running_calls_do_not_hold_up_the_end(
    server: WebProcess, busy: Callable[[WebProcess], AbstractAsyncContextManager[None]]
):
    async with busy(server):
        code, seconds, errors = await to_thread.run_sync(server.end, signal.SIGTERM)
    assert (code, errors) == (0, "the end was reached\n")
    assert seconds < STREAMS_END


async def test_a_call_stuck_in_a_thread_does_not_keep_the_process_alive(server: WebProcess):
    async def call() -> None:
        async with httpx2.AsyncClient(base_url=server.url, headers=JSON_OR_STREAM) as http:
            with pytest.raises(httpx2.RemoteProtocolError, match="disconnected"):
                await http.post(
                    "/mcp",
                    headers={**MODERN_HEADERS, "mcp-name": "block"},
                    content=call_of("block", "60", _meta=MODERN),
                )

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(call)
        assert await to_thread.run_sync(server.stderr.readline) == "blocking\n"
        code, seconds, errors = await to_thread.run_sync(server.end, signal.SIGTERM)
        assert code == 0
        assert seconds < 3.5
        assert "the end was reached" in errors


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org", ""])
async def test_serving_beyond_loopback_is_refused(host: str):
    with pytest.raises(ConfigurationError, match="needs a token") as refused:
        await serve_http(Server("tiny"), host, 0, version="1")
    assert "Serve on 127.0.0.1" in refused.value.next_step


async def test_a_port_in_use_is_told_with_what_to_do(lasting: WebProcess):
    port = int(lasting.url.rpartition(":")[2])
    with pytest.raises(ConfigurationError, match=f"Port {port} on 127.0.0.1 cannot be taken: ") as refused:
        await serve_http(Server("tiny"), "127.0.0.1", port, version="1")
    assert "choose another port" in refused.value.next_step


async def open_session(http: httpx2.AsyncClient) -> str:
    client = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "raw", "version": "1"}}
    opening = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": client}
    return (await http.post("/mcp", json=opening)).headers["mcp-session-id"]


def call_of(tool: str, value: str, **params: Any) -> str:
    """A call whose only argument is the JSON text ``value``, as it is."""
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
    text = json.dumps({**call, "params": {"name": tool, "arguments": {"value": "VALUE"}, **params}})
    return text.replace('"VALUE"', value)


def text_of(message: str) -> str:
    return json.loads(message)["result"]["content"][0]["text"]


async def post_legacy(http: httpx2.AsyncClient, value: str) -> str:
    http.headers["mcp-session-id"] = await open_session(http)
    answer = await http.post("/mcp", content=call_of("echo", value))
    return text_of(answer.text.partition("data: ")[2])


async def post_modern(http: httpx2.AsyncClient, value: str) -> str:
    answer = await http.post(
        "/mcp", headers={**MODERN_HEADERS, "mcp-name": "echo"}, content=call_of("echo", value, _meta=MODERN)
    )
    return text_of(answer.text)


async def post_to_sse(http: httpx2.AsyncClient, value: str) -> str:
    async with http.stream("GET", "/sse") as stream:
        data = (line.removeprefix("data: ") async for line in stream.aiter_lines() if line.startswith("data: "))
        endpoint = await anext(data)
        client = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "raw", "version": "1"}}
        await http.post(endpoint, json={"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": client})
        await anext(data)
        accepted = await http.post(endpoint, content=call_of("echo", value))
        assert accepted.status_code == 202
        return text_of(await anext(data))


POSTS = {"legacy": post_legacy, "modern": post_modern, "sse": post_to_sse}
