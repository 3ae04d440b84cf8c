"""What an agent learned or said, before it is stored."""

import hashlib
from dataclasses import dataclass
from typing import Any

from swarm_memory.models.memory import Kind


@dataclass(frozen=True, slots=True)
class Knowledge:
    """A topic with its content, or one turn of a conversation.

    Attributes:
        tags: None: none given (a replacement keeps what is there).
        attributes: None as for tags.
        conversation: The session id of the dialogue that this is a turn of; None for knowledge.
        lesson: An agent learned it from a task.
    """

    topic: str | None
    content: str
    namespace: str = "default"
    tags: tuple[str, ...] | None = None
    attributes: dict[str, Any] | None = None
    source: str | None = None
    priority: str | None = None
    conversation: str | None = None
    lesson: bool = False

    @property
    def kind(self) -> Kind:
        """A turn is a conversation's, what was learned a lesson, all else is knowledge."""
        if self.lesson:
            return Kind.LESSON
        return Kind.KNOWLEDGE if self.conversation is None else Kind.CONVERSATION

    @property
    def digest(self) -> str | None:
        """Equal for the same topic and content. None for turns: people do say the same thing twice."""
        if self.conversation is not None:
            return None
        return hashlib.sha256(f"{self.topic}\0{self.content}".encode()).hexdigest()[:32]
