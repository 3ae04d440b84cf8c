"""A server's process that works in a swarm: ``python swarm_worker.py JSON``; see ``hands.Order``.

It calls the tools as a client would, without a transport in between. One line on stdout for each thing it was told, so
that a process that is killed leaves exactly what it knew.
"""

import asyncio
import json
import secrets
import sys
import time
from pathlib import Path
from typing import Any

from swarm_memory.app import App, open_app
from swarm_memory.config import Settings
from swarm_memory.services import presence
from swarm_memory.storage.local import LocalDatabase
from swarm_memory.tools._boundary import REQUEST_ID, answer
from swarm_memory.tools.table import tools_of


def say(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


async def call(app: App, tool: str, **arguments: Any) -> dict[str, Any]:
    """A call that succeeds; where the store did not answer, it is repeated under the same request id.

    Raises:
        LookupError: It was refused, with the error's text.
    """
    meta = {REQUEST_ID: secrets.token_hex(8)}
    text = ""
    for _ in range(5):
        result = await answer(app, tools_of(app.settings.tools)[tool], arguments, meta=meta, session=None)
        if result.structured_content is not None:
            return result.structured_content
        [block] = result.content
        text = getattr(block, "text", "")
        if not text.startswith("[storage_"):
            break
    raise LookupError(text)


async def work(app: App, order: dict[str, Any]) -> dict[str, Any]:
    """Claim and complete until nothing is left; each unit of a task's size takes ``unit`` seconds."""
    agent = (await call(app, "agent_spawn", type="worker"))["agent"]
    waits: list[float] = []
    first = last = time.time()
    while True:
        begin = time.perf_counter()
        told = await call(app, "task_claim", agent=agent, role=order["role"], wait=order["wait"])
        if told["claim"] is None:
            if not told["ready"] + told["blocked"] + told["open"]:
                return {"waits": waits, "first": first, "last": last}
            await asyncio.sleep(0.0 if order["wait"] else 0.05)
            continue
        if not order["wait"]:
            waits.append(time.perf_counter() - begin)
        say("claim", told["claim"])
        await asyncio.sleep(order["unit"] * order["sizes"].get(told["task"]["title"], 1))
        try:
            await call(app, "task_update", claim=told["claim"], action="complete", agent=agent)
        except LookupError as refused:
            if "[stale_claim]" not in str(refused):
                raise
            say("stale", told["claim"])
            continue
        last = time.time()
        say("done", told["claim"])


async def join(app: App, order: dict[str, Any]) -> dict[str, Any]:
    """Try to join so many times."""
    for _ in range(order["times"]):
        try:
            say("joined", (await call(app, "agent_spawn", type="worker"))["agent"])
        except LookupError as refused:
            if "[swarm_full]" not in str(refused):
                raise
    return {}


def hurry(base: int, speed: int) -> None:
    """Let the time of reads and of heartbeats run so much faster from ``base`` on, as the clock of the file does."""
    real = LocalDatabase.now

    def now(self: LocalDatabase) -> int:
        return base + (real(self) - base) * speed

    LocalDatabase.now = now
    presence.BEAT_SECONDS = 10 / speed


async def main() -> None:
    order = json.loads(sys.argv[1])
    if order["speed"] > 1:
        hurry(order["base"], order["speed"])
    settings = Settings.model_validate(
        {
            "home": Path(order["home"]),
            "project": "swarm",
            "tools": "all",
            "mode": "remote" if order["url"] else "local",
            "busy_timeout": 60.0,
            "primary_timeout": 60.0,
            "CLAUDE_CODE_SESSION_ID": order["name"],
            "TURSO_DB_URL": order["url"],
        }
    )
    async with open_app(settings) as app:
        await call(app, "swarm_init", swarmId=order["swarm"])
        say("ready")
        await asyncio.to_thread(sys.stdin.readline)
        figures = await {"work": work, "join": join}[order["what"]](app, order)
        say("end", json.dumps(figures))


asyncio.run(main())
