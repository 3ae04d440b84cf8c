"""What the hooks keep: where a session stands, without what looks like a secret in it."""

from typing import Any, Final

from swarm_memory.hooks import CHECKPOINTS
from swarm_memory.hooks.event import Event, directory_of
from swarm_memory.hooks.store import Reach
from swarm_memory.hooks.transcript import checkpoint_of, read_tail
from swarm_memory.models.operations import Store
from swarm_memory.models.values import encode
from swarm_memory.services.secrets import find_secrets

KEPT_DAYS: Final = 14

_KEPT: Final = KEPT_DAYS * 86_400_000  # milliseconds


async def keep(event: Event, reach: Reach, why: str) -> None:
    """Store where the session stands, over its last checkpoint; nothing where nobody has asked anything yet."""
    kept = checkpoint_of(read_tail(event.transcript), directory_of(event))
    if kept is None or not event.session:
        return
    value: dict[str, Any] = {
        "when": f"{why} ({event.cause})" if event.cause else why,
        "asked": _harmless(kept.asked),
        "said_last": " ".join(_harmless([kept.said])),
        "files": _harmless(kept.files),
    }
    value = {name: item for name, item in value.items() if item}
    store = Store(CHECKPOINTS, f"session/{event.session}", encode(value), ttl=_KEPT, tags=("checkpoint",))
    await reach.memory().apply([store], reach.caller)


def _harmless(texts: list[str] | tuple[str, ...]) -> list[str]:
    """Those that hold nothing that looks like a secret."""
    return [text for text in texts if text and not find_secrets({"text": text})]
