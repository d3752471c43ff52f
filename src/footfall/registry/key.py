"""API keys: how they are made, stored and recognised."""

import secrets
from collections.abc import Iterable
from hashlib import sha256

from footfall.registry.port import Key, Scope

PREFIX = "ff_"


def mint(site: str, scopes: tuple[Scope, ...], now_us: int) -> tuple[str, Key]:
    """A new secret, to be shown once, and the key to store.

    The secret has 256 random bits, so a plain hash suffices: there is nothing to guess.
    """
    secret = PREFIX + secrets.token_urlsafe(32)
    return secret, Key(id=secret[:11], digest=digest(secret), site=site, scopes=scopes, made=now_us)


def digest(secret: str) -> str:
    """What is stored of a secret."""
    return sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


class Keyring:
    """The keys by their secrets. Immutable: a change makes a new one."""

    def __init__(self, keys: Iterable[Key]) -> None:
        self._by_digest = {key.digest: key for key in keys}

    def key(self, authorization: str | None) -> Key | None:
        """The key that an `Authorization: Bearer` header shows; None when it shows no known one."""
        scheme, _, secret = (authorization or "").partition(" ")
        return self._by_digest.get(digest(secret.strip())) if scheme.lower() == "bearer" else None
