"""structlog, to stderr only: stdout belongs to the protocol and to what a command prints.

structlog is imported with the first line that is logged: it brings rich along, which would be a twentieth of the
server's start-up.
"""

import logging
import sys
from typing import Any, Final, Literal

Level = Literal["debug", "info", "warning", "error"]
Form = Literal["console", "json"]

_LEVELS: Final = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


class _Log:
    """What is logged through it goes to structlog, set up at the first line."""

    def __init__(self) -> None:
        self.level: Level = "warning"
        self.form: Form = "console"
        self._bound: Any = None

    def error(self, event: str, **facts: object) -> None:
        """A fault that ends something; the traceback of the exception being handled goes with it."""
        if self._bound is None:
            self._bound = _structlog(self.level, self.form)
        self._bound.error(event, exc_info=sys.exc_info()[0] is not None, **facts)


log: Final = _Log()
"""The one logger of the program."""


def configure_logs(level: Level, form: Form) -> None:
    """Send this project's log lines and those of the libraries to stderr.

    Args:
        level: Least severe level that is written; the libraries' loggers get the same one.
        form: ``console`` for people, ``json`` for machines.
    """
    log.level, log.form = level, form
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.basicConfig(
        stream=sys.stderr, level=_LEVELS[level], format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )


_TALKATIVE: Final = ("httpx2", "httpcore2")
"""Libraries that log each request, with its address, below warning."""


def _structlog(level: Level, form: Form) -> Any:
    import structlog  # noqa: PLC0415 - see the head of this module

    renderer = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    processors: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        renderer,
    ]
    return structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr),
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
    ).bind()
