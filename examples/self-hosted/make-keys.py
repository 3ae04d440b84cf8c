# /// script
# requires-python = ">=3.11"
# dependencies = ["pyjwt[crypto]>=2.10,<3"]
# ///
"""Makes the key pair of a sqld, and signs tokens for it.

The first run makes ``keys/private.pem``, which stays with you, and ``keys/public.pem``, which sqld is started with.
Every run prints one token on stdout, and nothing else there. Later runs sign with the same key; the pair is never
replaced: to make all tokens void, remove the directory, run this again and start sqld again.

What it needs, ``cryptography`` and ``PyJWT``, is installed with swarm-memory. README.md has the commands.
"""

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

DAY: Final = 86_400  # seconds


def main() -> int:
    """Make what is missing, and print a token."""
    arguments = parse()
    os.umask(0o077)
    try:
        key = load_or_make(arguments.keys)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    claims: dict[str, Any] = {"a": "ro" if arguments.read_only else "rw"}
    if arguments.days is not None:
        claims["exp"] = int(time.time() + arguments.days * DAY)
    sys.stdout.write(jwt.encode(claims, key, algorithm="EdDSA") + "\n")
    return 0


def parse() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description="Make the keys of a sqld where they are missing, and print a token.")
    parser.add_argument("--read-only", action="store_true", help="the token may not write")
    parser.add_argument("--days", type=positive, help="the token expires after so many days; it never does otherwise")
    default = Path(__file__).resolve().parent / "keys"
    parser.add_argument("--keys", type=Path, default=default, help="directory of the keys; beside this file otherwise")
    return parser.parse_args()


def positive(text: str) -> float:
    """A number of days.

    Raises:
        argparse.ArgumentTypeError: It is none.
    """
    try:
        days = float(text)
    except ValueError:
        days = 0.0
    if not 0 < days <= 36_500:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days from 0 to 36500")
    return days


def load_or_make(folder: Path) -> Ed25519PrivateKey:
    """The private key; both files are made if there is none.

    Raises:
        OSError: A file cannot be read or made.
        ValueError: The private key's file holds something else.
    """
    private, public = folder / "private.pem", folder / "public.pem"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if private.exists():
        key = load_pem_private_key(private.read_bytes(), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise ValueError(f"{private} is no Ed25519 key")
    else:
        key = Ed25519PrivateKey.generate()
        write(private, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)
        sys.stderr.write(f"made {private} and {public.name}\n")
    if not public.exists():
        # The container's user must be able to read it, and anybody may.
        write(public, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), 0o644)
    return key


def write(path: Path, content: bytes, mode: int) -> None:
    """Make a file that nobody else could read at any moment, then give it its mode.

    Raises:
        FileExistsError: It is there already.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        os.fchmod(file.fileno(), mode)


if __name__ == "__main__":
    sys.exit(main())
