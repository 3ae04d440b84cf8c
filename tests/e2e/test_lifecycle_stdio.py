"""A stdio server process: how it ends, what reaches its stdout, and what it answers to lines that are no messages."""

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mcp import Client, StdioServerParameters, stdio_client
from rawclient import PROMPT_END, TINY_SERVER, RawClient

SERVE = [*TINY_SERVER, "stdio"]
HANDSHAKE = (
    b'{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},'
    b'"clientInfo":{"name":"raw","version":"1"}}}\n{"jsonrpc":"2.0","method":"notifications/initialized"}\n'
)
SLOW_THEN_QUICK = (
    b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"sleep","arguments":{"value":0.2}}}\n'
    b'{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"echo","arguments":{"value":1}}}\n'
)


@pytest.fixture
def client() -> Iterator[RawClient]:
    with RawClient(SERVE) as raw:
        yield raw.handshake()


@pytest.fixture(scope="module")
def lasting() -> Iterator[RawClient]:
    """One server for all tests after which it must still serve."""
    with RawClient(SERVE) as raw:
        yield raw.handshake()


CAUSES: dict[str, Callable[[RawClient], None]] = {
    "stdin is over": RawClient.close_stdin,
    "the reader of stdout is gone": RawClient.close_stdout,
    "SIGINT": lambda client: client.signal(signal.SIGINT),
    "SIGTERM": lambda client: client.signal(signal.SIGTERM),
}


@pytest.mark.parametrize("busy_with", [None, "sleep", "block"])
@pytest.mark.parametrize("cause", CAUSES)
def test_the_process_ends_cleanly_and_at_once(client: RawClient, cause: str, busy_with: str | None):
    if busy_with:
        client.call(busy_with, value=60)
    client.answer_to(client.call("echo"))  # the call before it has begun by now

    CAUSES[cause](client)

    code, seconds = client.end()
    assert code == 0
    assert seconds < PROMPT_END
    assert "the end was reached" in client.errors()


@pytest.mark.parametrize("cause", ["stdin is over", "SIGTERM"])
def test_an_end_that_hangs_is_cut_off(cause: str):
    with RawClient([*TINY_SERVER, "stdio-stuck"]) as client:
        CAUSES[cause](client.handshake())
        code, seconds = client.end()
    assert code == 0
    assert seconds < PROMPT_END


def test_a_client_that_does_not_read_does_not_hold_up_the_end(client: RawClient):
    client.call("blob", value=4 << 20)
    client.wait_for_output()  # the pipe is full of the beginning of the answer
    client.signal(signal.SIGTERM)
    code, seconds = client.end()
    assert (code, client.errors()) == (0, "the end was reached\n")
    assert seconds < PROMPT_END


def test_a_call_in_flight_at_the_end_of_stdin_is_told_that_it_got_no_answer(client: RawClient):
    request = client.call("sleep", value=60)
    client.close_stdin()
    assert client.answer_to(request)["error"]["message"] == "Connection closed"


def test_requests_received_before_the_end_of_stdin_are_answered(client: RawClient):
    requests = [client.call("sleep", value=0.2), *(client.call("echo", value=n) for n in range(500))]
    client.close_stdin()
    answers = client.rest()
    assert sorted(answer["id"] for answer in answers) == requests
    assert all("result" in answer for answer in answers)
    assert client.end()[0] == 0


def test_a_file_can_be_stdin_and_another_stdout(tmp_path: Path):
    requests, answers = tmp_path / "requests", tmp_path / "answers"
    requests.write_bytes(HANDSHAKE + SLOW_THEN_QUICK.rstrip())
    with requests.open("rb") as stdin, answers.open("wb") as stdout:
        done = subprocess.run(SERVE, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, timeout=20, check=False)
    assert done.returncode == 0
    assert [line[:24] for line in answers.read_bytes().splitlines()] == [
        b'{"jsonrpc":"2.0","id":0,',
        b'{"jsonrpc":"2.0","id":2,',
        b'{"jsonrpc":"2.0","id":1,',
    ]


def test_an_empty_stdin_ends_the_process_at_once():
    done = subprocess.run(SERVE, stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=False)
    assert (done.returncode, done.stdout) == (0, b"")


@pytest.mark.parametrize("closed", ["<&-", ">&-"])
def test_a_closed_stdin_or_stdout_is_a_configuration_error(closed: str):
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {closed}', "sh", *SERVE],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 1
    assert b"[configuration] stdin or stdout is closed" in done.stderr
    assert b"Next: " in done.stderr


def test_sockets_serve_as_well_as_pipes():
    ours, its_stdin = socket.socketpair()
    its_stdout, answers = socket.socketpair()
    server = subprocess.Popen(SERVE, stdin=its_stdin.fileno(), stdout=its_stdout.fileno(), stderr=subprocess.DEVNULL)
    its_stdin.close()
    its_stdout.close()
    with ours, answers:
        answers.settimeout(20)
        ours.sendall(HANDSHAKE + SLOW_THEN_QUICK)
        received = b""
        while received.count(b"\n") < 3:
            received += answers.recv(1 << 16)
        answers.close()  # the client is gone, but something else holds its end of stdin
        try:
            assert server.wait(PROMPT_END) == 0
        finally:
            server.kill()
            server.wait()


def test_a_parent_that_dies_takes_the_server_with_it():
    stdin, writer = os.pipe()  # this test holds the writing end, so stdin never ends
    parent = subprocess.Popen(
        [sys.executable, "-c", "import subprocess, sys; subprocess.run(sys.argv[1:])", *SERVE],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert parent.stdout is not None
    try:
        os.write(writer, HANDSHAKE)
        assert parent.stdout.readline()
        parent.kill()
        parent.wait()
        died = time.monotonic()
        readable, _, _ = select.select([parent.stdout], [], [], 15)
        assert readable, "the server outlived its parent by 15 s"
        assert parent.stdout.read() == b""
        assert time.monotonic() - died < 15
    finally:
        parent.kill()
        os.close(writer)
        os.close(stdin)
        parent.stdout.close()


def test_nothing_but_the_protocol_reaches_stdout(client: RawClient):
    request = client.call("print")
    client.close_stdin()
    assert [message["id"] for message in client.rest()] == [request]
    client.end()
    assert "printed by Python" in client.errors()
    assert "written to descriptor 1" in client.errors()


def test_a_line_that_is_too_long_is_refused_and_the_next_one_served(lasting: RawClient):
    lasting.send(b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"x":"' + b"x" * (8 << 20) + b'"}}\n')
    refusal = lasting.receive()
    assert (refusal["id"], refusal["error"]["code"]) == (7, -32600)
    assert "longer than 8388608 bytes" in refusal["error"]["message"]
    assert lasting.text_of(lasting.call("echo", value=1)) == "int 1"


def test_a_line_of_the_longest_length_is_served(lasting: RawClient):
    line = b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","arguments":{"value":1},"x":"%s"}}'
    lasting.send(line.replace(b"%s", b"x" * ((8 << 20) - len(line) + 2)) + b"\n")
    assert lasting.text_of(7) == "int 1"


@pytest.mark.parametrize(
    ("line", "request_id", "code"),
    [
        (b"nonsense", None, -32700),
        (b'{"jsonrpc":"2.0","id":7,"method":"ping"', 7, -32700),
        (b'{"jsonrpc":"1.0","id":7,"method":"ping"}', 7, -32600),
        (
            b'{"jsonrpc":"2.0","id":7,"method":"ping","params":{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}}",
            7,
            -32600,
        ),
    ],
)
def test_a_line_that_is_no_message_is_refused_and_the_next_one_served(
    lasting: RawClient, line: bytes, request_id: int | None, code: int
):
    lasting.send(line + b"\n")
    refusal = lasting.receive()
    assert (refusal["id"], refusal["error"]["code"]) == (request_id, code)
    assert lasting.text_of(lasting.call("echo", value=1)) == "int 1"


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        (rb'"\ud800"', "[invalid_argument] value holds a lone surrogate. Next: send text."),
        (rb'"\ud83d\ude00"', "str '😀'"),
        (b"NaN", "float nan"),
        (b"-Infinity", "float -inf"),
        (b"1e999", "float inf"),
    ],
)
def test_a_value_that_json_cannot_mean_reaches_the_tool(lasting: RawClient, value: bytes, answer: str):
    lasting.send(
        b'{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","arguments":{"value":%s}}}\n' % value
    )
    assert lasting.text_of(7) == answer


def test_an_answer_that_cannot_be_written_becomes_an_error_of_that_request(lasting: RawClient):
    assert lasting.answer_to(lasting.call("surrogate"))["error"]["code"] == -32603
    assert lasting.answer_to(lasting.call("crash", value="\ud800"))["error"]["code"] == -32603
    assert lasting.text_of(lasting.call("echo", value=1)) == "int 1"


def test_a_large_answer_arrives_whole_at_a_slow_reader_and_others_wait_for_it(lasting: RawClient):
    large = lasting.call("blob", value=4 << 20)
    small = lasting.call("echo", value=1)
    assert len(lasting.text_of(large)) == 4 << 20
    assert lasting.text_of(small) == "int 1"


def test_a_message_of_a_cancelled_call_is_written_whole(lasting: RawClient):
    params = {"name": "chat", "arguments": {"value": 4 << 20}, "_meta": {"progressToken": 1}}
    call = lasting.request("tools/call", params)
    lasting.wait_for_output()  # the pipe is full of the beginning of the message
    lasting.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": call}})
    echo = lasting.call("echo", value=1)
    assert len(lasting.receive()["params"]["message"]) == 4 << 20
    assert lasting.text_of(echo) == "int 1"


def test_a_cancelled_call_does_not_hold_up_the_end(client: RawClient):
    request = client.call("sleep", value=60)
    client.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": request}})
    client.answer_to(client.call("echo"))
    client.close_stdin()
    assert client.end()[1] < 0.3


@pytest.mark.anyio
@pytest.mark.parametrize("mode", ["legacy", "2026-07-28", "auto"])
async def test_the_protocols_own_client_is_served_in_both_eras(mode: str):
    server = StdioServerParameters(command=SERVE[0], args=SERVE[1:])
    async with Client(stdio_client(server), mode=mode) as client:
        tools = await client.list_tools()
        answer = await client.call_tool("echo", {"value": [1, {"a": None}]})
    assert "echo" in [tool.name for tool in tools.tools]
    assert answer.model_dump()["content"][0]["text"] == "list [1, {'a': None}]"
