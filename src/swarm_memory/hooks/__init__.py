"""What Claude Code's hooks call: the brief, recall for a prompt, checkpoints.

A hook is a process that a person waits for, at every prompt. So these modules import neither pydantic nor the protocol
nor the command line, and none of them raises: what goes wrong is one line in a log file, and the client sees nothing.
"""

from typing import Final

EVENTS: Final = {
    "SessionStart": "session-start",
    "UserPromptSubmit": "user-prompt",
    "PreCompact": "pre-compact",
    "SessionEnd": "session-end",
}
"""Claude Code's events, and the hook that answers each."""

CHECKPOINTS: Final = "checkpoints"
"""Namespace of what is kept of sessions."""
