"""Telling a secret from an ordinary value, by its name and by what it looks like."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from prodgate import Unresolved
from prodgate.facts.credentials import credential_form
from prodgate.terraform.reading import Unknown

#: Words of a name that announce a secret, and words that announce where one is kept, how long or for whom.
_SECRET = re.compile(
    r"(?i)(?:^|[_./\-]|(?-i:(?<=[a-z])(?=[A-Z])))(?:password|passwd|pwd|secret|token|credentials?|api[_-]?key|access[_-]?key|"
    r"private[_-]?key|fernet[_-]?key|signing[_-]?key|encryption[_-]?key|conn(?:ection)?_?string|sql_alchemy_conn)(?:$|[_./\-\d])"
)
_ABOUT = re.compile(
    r"(?i)(?:arn|name|id|path|prefix|url|uri|endpoint|length|policy|file|enabled|type|ttl|expiry|expiration|rotation|"
    r"version|backend|kwargs|days|hours|minutes|seconds|count|max|min|parameter|header|issuer|audience|algorithm)s?$"
)
#: Where a value refers to a secret instead of holding it.
_REFERENCE = re.compile(
    r"(?:arn:aws[\w-]*:(?:secretsmanager|ssm|kms|iam):.*|\{\{resolve:.*\}\}|\$.*|/[\w./-]+|<[^>]*>|"
    r"(?i:true|false|none|null|disabled|enabled)|\d{1,6})"
)
_ASSIGNED = re.compile(r"([A-Za-z_][\w-]*)=(\"[^\"]*\"|'[^']*'|[^\s\"'&;]+)")
_RANDOM = re.compile(r"[A-Za-z0-9+/_=-]{32,}")


def secret_in(name: str, value: str) -> str:
    """Return what makes ``value``, which stands under ``name``, look like a secret; nothing when it does not.

    >>> secret_in("DB_PASSWORD", "hunter2"), secret_in("DB_PASSWORD_SECRET_ARN", "arn:aws:secretsmanager:::x")
    ('its name', '')
    """
    if form := credential_form(value):
        return form
    if not value.strip() or _REFERENCE.fullmatch(value.strip()):
        return ""
    if _SECRET.search(name) and not _ABOUT.search(name):
        return "its name"
    return "a random text" if re.search(r"(?i)key|auth|salt", name) and _is_random(value) else ""


def secrets_in(pairs: Iterable[tuple[str, str | None]]) -> list[str]:
    """Describe the (name, value) pairs that hold a secret, also as ``NAME=value`` inside a command or a script.

    Raises Unresolved when something with the name of a secret has a value (None) that is decided later.
    """
    found = []
    for name, value in pairs:
        last = name.rpartition(".")[2]
        if value is None and secret_in(last, "x"):
            raise Unresolved(name, "has the name of a secret, and its value is decided later")
        assigned = [(match[1], match[2].strip("\"'")) for match in _ASSIGNED.finditer(value or "")]
        reasons = [(inner, secret_in(inner, text)) for inner, text in [(last, value or ""), *assigned]]
        found += [f"{inner} (by {why})" for inner, why in reasons if why]
    return found


def texts_in(value: Any, path: str = "") -> Iterator[tuple[str, str | None]]:
    """Yield each text inside a value with its dotted path without indices; None for one that is decided later."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from texts_in(item, f"{path}.{key}".lstrip("."))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from texts_in(item, path)
    elif isinstance(value, Unknown):
        yield path, None


def _is_random(value: str) -> bool:
    """Whether a text is long, of one piece, and has the entropy of a generated key (more than 4 bits a character)."""
    if not _RANDOM.fullmatch(value) or not re.search(r"\d", value):
        return False
    shares = [count / len(value) for count in Counter(value).values()]
    return -sum(share * math.log2(share) for share in shares) > 4
