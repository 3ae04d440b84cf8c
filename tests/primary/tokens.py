"""Keys and tokens as sqld takes them: JWTs signed with Ed25519 (``EdDSA``).

sqld knows these claims: ``a`` is ``"ro"`` or ``"rw"``, and ``rw`` if it is missing; ``exp`` is in Unix seconds, and a
token is taken for another 60 seconds after it; ``id`` is a namespace. Others are ignored.
"""

import time
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_LONG_AGO = 3600  # seconds; far more than the 60 that sqld lets pass


class Signer:
    """A key pair; who has its public key accepts the tokens made here."""

    def __init__(self) -> None:
        """Make a new pair."""
        self._key = Ed25519PrivateKey.generate()

    def write_public_key(self, path: Path) -> Path:
        """Write what ``--auth-jwt-key-file`` takes: the public key as PEM.

        Returns:
            The path.
        """
        path.write_bytes(self._key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
        return path

    def sign(self, **claims: Any) -> str:
        """A token with these claims and no others."""
        return jwt.encode(claims, self._key, algorithm="EdDSA")

    def full_access(self) -> str:
        """A token that may do everything and never expires."""
        return self.sign(a="rw")

    def read_only(self) -> str:
        """A token that may not write."""
        return self.sign(a="ro")

    def expired(self) -> str:
        """A token that was good for everything an hour ago."""
        return self.sign(a="rw", exp=int(time.time()) - _LONG_AGO)
