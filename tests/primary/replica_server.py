"""The process of replica.py: ``replica_server.py FILE URL TOKEN``; see there.

It takes JSON lines on stdin, answers each on stdout, and ends at the end of stdin.
"""

import json
import os
import sys
from importlib import import_module
from typing import Any


def main(file: str, url: str, token: str) -> None:
    os.environ["RUST_LOG"] = "off"  # before libsql is loaded; its log goes to stdout
    libsql: Any = import_module("libsql")
    connection: Any = None

    def obey(command: dict[str, Any]) -> Any:
        nonlocal connection
        match command["do"]:
            case "connect":
                # Without transactions of its own making: inside of one, reads too would go to the primary.
                connection = libsql.connect(file, sync_url=url, auth_token=token, isolation_level=None)
                return None
            case "sync":
                return connection.sync()
            case _:
                return connection.execute(command["sql"], tuple(command["values"])).fetchall()

    tell: Any = {"ready": True}
    while True:
        sys.stdout.write(json.dumps(tell) + "\n")
        sys.stdout.flush()
        line = sys.stdin.readline()
        if not line:
            return
        try:
            tell = {"told": obey(json.loads(line))}
        except ValueError as error:
            tell = {"error": str(error)}


if __name__ == "__main__":
    main(*sys.argv[1:])
