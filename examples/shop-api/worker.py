"""One worker process: an agent that knows the swarm only through the tools of its own server.

    python worker.py STORE SWARM UNIT FOLDER

It claims task after task, works for UNIT seconds for each unit of a task's size, writes the task's files below FOLDER,
and tells what became of it, until the key ``run/over`` is there. Tasks of the kind ``money`` fail unless the worker has
been told better: by a lesson, or by the note of whoever failed before.
"""

import os
import sys
from pathlib import Path
from typing import Any, Final

import anyio
from mcp import Client, StdioServerParameters
from plan import LESSON

TRAP: Final = "integer cents"


class Worker:
    """An agent and its server."""

    def __init__(self, client: Client, swarm: str, unit: float, folder: Path) -> None:
        """Work in this swarm, at this pace, below this folder."""
        self._client = client
        self._swarm = swarm
        self._unit = unit
        self._folder = folder
        self._agent = ""

    async def run(self) -> None:
        """Join, and work until it is over."""
        await self._call("swarm_init", swarmId=self._swarm)
        joined = await self._call("agent_spawn", type="coder", swarmId=self._swarm)
        self._agent = joined["agent"]
        print(f"ready {self._agent}", flush=True)
        while True:
            claimed = await self._call("task_claim", wait=1, agent=self._agent)
            if claimed["claim"] is not None:
                await self._work(claimed)
            elif (await self._call("memory_usage", action="retrieve", key="run/over"))["found"]:
                return

    async def _work(self, claimed: dict[str, Any]) -> None:
        task = claimed["task"]
        size = int(task["body"])
        told = [one["lesson"] for one in claimed.get("lessons", ())]
        told.append(claimed.get("recovery", {}).get("note", ""))
        lessons = [one["id"] for one in claimed.get("lessons", ()) if TRAP in one["lesson"]]
        end = {"claim": claimed["claim"], "agent": self._agent}
        await anyio.sleep(size * self._unit / 2)
        if task["kind"] == "money" and not any(TRAP in one for one in told):
            await self._call("task_update", **end, action="fail", note=LESSON, lesson=LESSON)
            return
        await self._call("task_update", **end, action="progress", note=f"half of {task['title']} is written")
        await anyio.sleep(size * self._unit / 2)
        files = [self._write(glob, task["title"]) for glob in task["writes"]]
        used = {"lessons_used": lessons} if lessons else {}
        evidence = {"command": "pytest", "exit_code": 0}
        await self._call("task_update", **end, action="complete", result={"files": files}, evidence=evidence, **used)

    def _write(self, glob: str, title: str) -> str:
        name = glob.replace("**", "__init__.py")
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as file:
            file.write(f"# {title}, by {self._agent}\n")
        return name

    async def _call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        result = await self._client.call_tool(tool, arguments)
        if result.is_error or result.structured_content is None:
            raise SystemExit(f"{tool}: {result.content}")
        return result.structured_content


async def main() -> None:
    """Work as the command line says."""
    store, swarm, unit, folder = sys.argv[1:]
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "swarm_memory", "serve"],
        env=os.environ | {"SWARM_MEMORY_HOME": store, "SWARM_MEMORY_PROJECT": "shop-api"},
    )
    async with Client(server) as client:
        await Worker(client, swarm, float(unit), Path(folder)).run()


if __name__ == "__main__":
    anyio.run(main)
