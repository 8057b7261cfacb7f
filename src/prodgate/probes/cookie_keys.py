"""Whether a cookie changes what a cache answers: a page that it has is asked for by readers whom it does not know."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from secrets import randbelow, token_hex
from typing import Any, Final, Protocol

from ..facts.e2e.answers import is_from_cache
from .exchange import Exchange

#: What is asked with: cookies that the site never set, as analytics in a page set them.
UNKNOWN: Final = "a cookie that the site does not know"
#: And the names that the site itself gives to everybody, each with a value that nobody had.
OWN: Final = "the site's own cookies"


class Fetch(Protocol):
    """Sends one request with some cookies."""

    def __call__(self, url: str, *, cookies: str = "") -> Exchange:
        """Return its outcome."""


def ask_with_cookies(fetch: Fetch, answers: Sequence[Exchange], most: int) -> dict[str, list[dict[str, Any]]]:
    """Return the answers to each kind of cookie, with new values in each request until a cache answers.

    Where no answer without cookies came from a cache, nothing is asked: nobody could say what a cookie changes.
    """
    if not any(is_from_cache(one.to_json()) for one in answers):
        return {}
    named = sorted({pair.partition("=")[0].strip() for one in answers for pair in _cookies_of(one)} - {""})
    asked = {UNKNOWN: ["_ga", f"probe_{token_hex(4)}"], **({OWN: named} if named else {})}
    return {kind: list(_ask(fetch, answers[-1].url, names, most)) for kind, names in asked.items()}


def _cookies_of(one: Exchange) -> Iterator[str]:
    return (value.partition(";")[0] for name, value in one.headers if name == "set-cookie")


def _ask(fetch: Fetch, url: str, names: Sequence[str], most: int) -> Iterator[dict[str, Any]]:
    for _ in range(most):
        one = fetch(url, cookies="; ".join(f"{name}={_value(name)}" for name in names)).to_json()
        yield one
        if one.get("failed") or is_from_cache(one):
            return


def _value(name: str) -> str:
    """Return a value that nobody has; that of _ga looks like one."""
    return f"GA1.1.{randbelow(10**9)}.{randbelow(10**9)}" if name == "_ga" else token_hex(16)
