"""One hook as a process: the event in, the client's JSON out, and whatever happens, exit code 0."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Final, NoReturn

from swarm_memory.errors import SwarmMemoryError
from swarm_memory.hooks.event import Event, read_event
from swarm_memory.hooks.journal import note
from swarm_memory.hooks.settings import QuickSettings, home_of, quick_settings
from swarm_memory.hooks.store import opened
from swarm_memory.hooks.told import Told
from swarm_memory.hooks.work import asks_anything, brief, recall

SECONDS: Final = 3.0
"""After which a hook gives up."""
_NAMES: Final = {"session-start": "SessionStart", "user-prompt": "UserPromptSubmit"}
_REASONS: Final = {"pre-compact": "before compaction", "session-end": "at the end of the session"}


def run(name: str) -> NoReturn:
    """Do what a hook of this name does, and end the process; never fails.

    Args:
        name: ``session-start``, ``user-prompt``, ``pre-compact`` or ``session-end``.
    """
    home = home_of()
    try:
        text = asyncio.run(_answer(name, read_event(), quick_settings(), home))
        if text:
            _print(_NAMES[name], text)
    except TimeoutError:
        note(home, name, f"gave up after {SECONDS:g} s")
    except SwarmMemoryError as error:
        note(home, name, str(error))
    except Exception as error:  # noqa: BLE001 - the last place: a hook must not be in anybody's way
        note(home, name, f"{type(error).__name__}: {error}")
    # Without taking the interpreter apart: nothing is left to be saved, and a person waits.
    os._exit(0)


async def _answer(name: str, event: Event, settings: QuickSettings | None, home: Path) -> str:
    if name == "user-prompt" and not asks_anything(event.prompt):
        return ""
    async with asyncio.timeout(SECONDS):
        async with opened(event, settings, make=name in _REASONS) as reach:
            if reach is None:
                return ""
            if name in _REASONS:
                from swarm_memory.hooks.keeping import keep  # noqa: PLC0415 - looks for secrets; nobody waits for it

                await keep(event, reach, _REASONS[name])
                return ""
            answer = brief if name == "session-start" else recall
            return await answer(event, reach, Told(home, event.session))


def _print(event: str, text: str) -> None:
    """As Claude Code documents it: the text becomes a part of the session's context."""
    answer = {"hookSpecificOutput": {"hookEventName": event, "additionalContext": text}, "suppressOutput": True}
    sys.stdout.buffer.write(json.dumps(answer, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
    sys.stdout.buffer.flush()
