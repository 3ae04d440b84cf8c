"""Clients of others, as their users run them: the MCP Inspector, the conformance suite, Claude Code.

They come from the npm registry into a temporary folder (about 400 MB), so these tests run on demand:
``scripts/check-clients``. Node is the one that the development tools bring along.
"""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from npm import Node

pytestmark = pytest.mark.clients

INSPECTOR: Final = "@modelcontextprotocol/inspector@2.12.0"
CONFORMANCE: Final = "@modelcontextprotocol/conformance@0.1.16"
TRANSPORTS: Final = ("stdio", "http", "sse")
SERVER: Final = (sys.executable, "-m", "swarm_memory", "serve", "--tools", "all")
IS_ERROR: Final = 5  # the Inspector's exit code for an answer with isError

Told = Mapping[str, dict[str, Any]]
"""The answers so far, by tool."""

# One good call of every tool, in an order in which all succeed; some need what others answered.
CALLS: Final[Mapping[str, dict[str, Any] | Callable[[Told], dict[str, Any]]]] = {
    "memory_usage": {"action": "store", "key": "swarm/shared/plan", "value": {"steps": [1, "two", None]}},
    "add_knowledge": {"topic": "Clients", "content": "The Inspector calls every tool.", "tags": ["client"]},
    "search_knowledge": {"query": "inspector tool", "tags": "client"},
    "swarm_init": {"topology": "mesh", "maxAgents": 3},
    "swarm_status": {},
    "agent_spawn": {"type": "coder", "name": "ann"},
    "agent_list": {},
    "task_orchestrate": {"task": "Ship it", "subtasks": [{"title": "Build it"}, {"title": "Test it"}]},
    "task_claim": lambda told: {"agent": told["agent_spawn"]["agent"]},
    "task_update": lambda told: {
        "agent": told["agent_spawn"]["agent"],
        "claim": told["task_claim"]["claim"],
        "action": "progress",
        "note": "half",
    },
    "task_status": lambda told: {"taskId": told["task_orchestrate"]["group"]},
    "file_reserve": lambda told: {
        "agent": told["agent_spawn"]["agent"],
        "paths": [f"docs/{told['swarm_init']['swarmId']}/**"],
    },
    "message_send": lambda told: {"to": told["agent_spawn"]["agent"], "body": "Is it built?"},
    "inbox": lambda told: {"agent": told["agent_spawn"]["agent"]},
    "wait_for_changes": {"timeout": 0},
    "memory_search": {"query": "inspector"},
    "add_conversation": {"session_id": "s", "message": "Does it work?", "response": "It does."},
    "get_conversations": {"session_id": "s"},
    "memory_status": {},
    "swarm_destroy": lambda told: {"swarmId": told["swarm_init"]["swarmId"]},
}

# Those that need no tools, resources or prompts of their own. resources-list and prompts-list do not apply: the server
# has neither and does not say that it had.
SCENARIOS: Final = (
    "server-initialize",
    "ping",
    "tools-list",
    "tools-call-error",
    "server-sse-multiple-streams",
    "dns-rebinding-protection",
)


@dataclass(frozen=True)
class Servers:
    """Where the server is for each transport: a command, or the address of a process that runs."""

    home: Path
    url: str

    @property
    def env(self) -> dict[str, str]:
        return {"SWARM_MEMORY_HOME": str(self.home), "SWARM_MEMORY_PROJECT": "clients"}

    def of_inspector(self, transport: str) -> list[str]:
        """The Inspector's arguments that name it."""
        if transport == "stdio":
            return [*(part for pair in self.env.items() for part in ("-e", "=".join(pair))), *SERVER]
        return ["--transport", transport, "--server-url", self.address(transport)]

    def address(self, transport: str) -> str:
        return f"{self.url}/{'sse' if transport == 'sse' else 'mcp'}"


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    home = tmp_path_factory.mktemp("store")
    env = Servers(home, "").env
    command = [*SERVER, "--http", "127.0.0.1:0"]
    process = subprocess.Popen(command, env=env, cwd=home, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    greeting = process.stderr.readline()
    found = re.search(r"(http://127\.0\.0\.1:\d+)/mcp", greeting)
    try:
        assert found, greeting
        yield Servers(home, found[1])
    finally:
        process.kill()
        process.communicate(timeout=10)


@pytest.fixture(scope="module")
def inspector(node: Node) -> Node:
    node.install(INSPECTOR)
    return node


def inspect(inspector: Node, target: Sequence[str], *arguments: str) -> tuple[int, dict[str, Any], str]:
    """Run the Inspector; its exit code, the result it prints and what it says on stderr."""
    done = inspector.run("mcp-inspector", "--cli", *target, *arguments, "--format", "json", "-q")
    return done.returncode, json.loads(done.stdout)["result"] if done.stdout else {}, done.stderr


def tell(text: str) -> None:
    """For whoever watches: scripts/check-clients shows it."""
    sys.stdout.write(f"{text}\n")


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_the_inspector_lists_the_tools_and_its_linter_finds_nothing(
    inspector: Node, servers: Servers, transport: str
) -> None:
    code, result, remarks = inspect(inspector, servers.of_inspector(transport), "--method", "tools/list", "--strict")
    tools = result.get("tools", [])
    tell(f"\n{transport}: {len(tools)} tools; --strict exits {code} and says: {remarks or 'nothing'}")
    assert {tool["name"] for tool in tools} == set(CALLS)
    assert (code, remarks) == (0, "")


@pytest.mark.parametrize("transport", ["stdio", "http"])
def test_the_inspector_lists_the_tools_in_the_modern_era_too(inspector: Node, servers: Servers, transport: str) -> None:
    target = servers.of_inspector(transport)
    code, result, remarks = inspect(inspector, ["--protocol-era", "modern", *target], "--method", "tools/list")
    assert code == 0, remarks
    assert {tool["name"] for tool in result["tools"]} == set(CALLS)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_the_inspector_calls_each_tool(inspector: Node, servers: Servers, transport: str) -> None:
    told: dict[str, dict[str, Any]] = {}
    for tool, given in CALLS.items():
        arguments = given(told) if callable(given) else given
        call = ["--method", "tools/call", "--tool-name", tool, "--tool-args-json", json.dumps(arguments)]
        code, result, remarks = inspect(inspector, servers.of_inspector(transport), *call)
        assert (code, result.get("isError")) == (0, False), (tool, remarks, result)
        told[tool] = result["structuredContent"]
        assert json.loads(result["content"][0]["text"]) == told[tool], tool
    tell(f"\n{transport}: {len(CALLS)} tools called")


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_the_inspector_tells_a_refusal_from_a_success(inspector: Node, servers: Servers, transport: str) -> None:
    call = ["--method", "tools/call", "--tool-name", "memory_usage", "--tool-args-json", '{"action": "stor"}']
    code, result, remarks = inspect(inspector, servers.of_inspector(transport), *call)
    assert (code, result.get("isError")) == (IS_ERROR, True), remarks
    assert result["content"][0]["text"].startswith("[invalid_argument] ")


def test_claude_code_connects_over_every_transport(node: Node, servers: Servers) -> None:
    claude = node.claude_code()

    def mcp(*arguments: str) -> str:
        done = node.run_file(claude, "mcp", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    variables = [part for pair in servers.env.items() for part in ("-e", "=".join(pair))]
    mcp("add", "swarm-memory", *variables, "--", sys.executable, "-m", "swarm_memory", "serve")
    for transport in ("http", "sse"):
        mcp("add", "--transport", transport, f"swarm-{transport}", servers.address(transport))
    # Its exit code tells nothing; one that cannot connect shows that its text does.
    mcp("add", "broken", "--", sys.executable, "-c", "")
    shown = mcp("list")
    tell(f"\n{shown}")
    said = dict(re.findall(r"^([\w-]+): .* - (✔ Connected|✘ Failed)", shown, flags=re.MULTILINE))
    connected = dict.fromkeys(("swarm-memory", "swarm-http", "swarm-sse"), "✔ Connected")
    assert said == {**connected, "broken": "✘ Failed"}


@pytest.fixture(scope="module")
def conformance(node: Node) -> Node:
    node.install(CONFORMANCE)
    return node


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_conformance_suite_passes(conformance: Node, servers: Servers, scenario: str) -> None:
    done = conformance.run("conformance", "server", "--url", servers.address("http"), "--scenario", scenario)
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"Passed: (\d+)/(\d+), 0 failed, 0 warnings", done.stdout)
    assert passed, done.stdout
    assert int(passed[1]) == int(passed[2]) > 0
    tell(f"\n{scenario}: {passed[0]}")
