"""Entry of ``swarm-memory`` and ``python -m swarm_memory``."""

import gc
import sys

from swarm_memory import __version__
from swarm_memory.hooks import EVENTS


def main() -> None:
    """Answer --version and the hooks at once; leave the rest to the command line."""
    if sys.argv[1:] == ["--version"]:
        print(f"swarm-memory {__version__}")
        return
    if sys.argv[1:2] == ["hook"] and sys.argv[2:] in [[event] for event in EVENTS.values()]:
        gc.disable()  # what is made in so short a process lives until its end
        from swarm_memory.hooks.run import run  # noqa: PLC0415 - see above

        run(sys.argv[2])
    from swarm_memory.cli.main import cli  # noqa: PLC0415 - --version answers before anything else is imported

    cli(prog_name="swarm-memory")


if __name__ == "__main__":
    main()
