"""Passwords of readers, kept as scrypt hashes."""

import hmac
from base64 import b64decode, b64encode
from functools import cache
from hashlib import scrypt
from secrets import token_bytes
from typing import Final

#: The cost of a guess: 16 MB and some 50 ms. It is stored with each hash, so that it can be raised later.
COST: Final = {"n": 2**14, "r": 8, "p": 1}


def hash_password(password: str) -> str:
    """Return the hash of a password to store: ``scrypt$n$r$p$salt$hash``."""
    salt = token_bytes(16)
    key = scrypt(password.encode(), salt=salt, **COST)
    return "$".join(["scrypt", *map(str, COST.values()), b64encode(salt).decode(), b64encode(key).decode()])


def matches(password: str, kept: str) -> bool:
    """Whether a password matches a hash; takes equally long either way."""
    _, n, r, p, salt, key = kept.split("$")
    tried = scrypt(password.encode(), salt=b64decode(salt), n=int(n), r=int(r), p=int(p))
    return hmac.compare_digest(tried, b64decode(key))


@cache
def dummy_hash() -> str:
    """Return a hash to compare with if nobody has that address, so that timing does not reveal it."""
    return hash_password("nobody")
