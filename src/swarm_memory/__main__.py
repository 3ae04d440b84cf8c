"""Entry of ``swarm-memory`` and ``python -m swarm_memory``."""

import sys

from swarm_memory import __version__


def main() -> None:
    """Answer --version at once; leave the rest to the command line."""
    if sys.argv[1:] == ["--version"]:
        print(f"swarm-memory {__version__}")
        return
    from swarm_memory.cli.main import cli  # noqa: PLC0415 - --version answers before anything else is imported

    cli(prog_name="swarm-memory")


if __name__ == "__main__":
    main()
