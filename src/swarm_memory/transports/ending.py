"""The last step of a server process: nothing may hold it up."""

import os
import sys
import threading
from typing import NoReturn


def leave(code: int) -> NoReturn:
    """End the process now, without waiting for its threads.

    A thread may be inside a blocking read or a database call; the interpreter's own exit would join it. Whatever was
    acknowledged is on disk already, so nothing is lost by not waiting.

    Args:
        code: The exit code.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):  # its reader has gone, or it was closed
            continue
    os._exit(code)


def leave_within(seconds: float) -> None:
    """See to it that the process has ended ``seconds`` from now, with exit code 0, whatever the rest of it does.

    Args:
        seconds: The time left for an orderly end.
    """
    # A daemon: it must not itself keep alive a process that ends in order.
    timer = threading.Timer(seconds, leave, args=(0,))
    timer.daemon = True
    timer.start()
