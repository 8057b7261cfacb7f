"""For which cookies the edge keeps an answer, as the cache policies of a distribution say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..terraform.reading import Block
from ..terraform.resources import Resource

#: AWS's own cache policies that keep an answer for each value of all cookies: those that go by the origin alone.
_ALL: Final = ("83da9c7e-98b4-4e11-a168-04f0df8e2c65", "4cc15a8a-d715-48a4-82b8-cc0b614638fe")
UNSTATED: Final = "unstated"


@dataclass(frozen=True, slots=True)
class KeyCookies:
    """The cookies that belong to the key of an answer: each other value of one of them has an answer of its own."""

    behaviour: str = UNSTATED
    """``none``, ``all``, ``whitelist`` (the names), ``allExcept`` them; ``unstated`` where nobody declares an edge."""
    names: tuple[str, ...] = ()

    def of(self, header: str) -> str:
        """Return what a request's cookies add to the key of its answer."""
        pairs = sorted(pair.strip() for pair in header.split(";") if pair.strip())
        return "".join(f";{pair}" for pair in pairs if self._counts(pair.partition("=")[0]))

    def _counts(self, name: str) -> bool:
        if self.behaviour in (UNSTATED, "none", "all"):
            return self.behaviour == "all"
        return (name in self.names) == (self.behaviour == "whitelist")

    def serves(self, header: str, cache_control: str) -> bool:
        """Whether an answer may be kept for a request with these cookies, and given to it.

        Where nobody declares an edge, whoever sends a cookie shares with others only what the site calls public.
        """
        said = cache_control.lower()
        return self.behaviour != UNSTATED or not header or "public" in said or "s-maxage" in said


def read_key_cookies(block: Block, policy: Resource | None) -> KeyCookies:
    """Read what a behaviour of a distribution declares: by its own policy, AWS's, or the older forwarded_values."""
    if policy is not None:
        key = policy.block("parameters_in_cache_key_and_forwarded_to_origin")
        found = key.block("cookies_config") if key else None
        named = found.block("cookies") if found else None
        return KeyCookies(_text(found, "cookie_behavior"), named.texts("items") if named else ())
    if id_ := block.text("cache_policy_id"):
        return KeyCookies("all" if id_ in _ALL else "none")
    forwarded = block.block("forwarded_values")
    found = forwarded.block("cookies") if forwarded else None
    return KeyCookies(_text(found, "forward"), found.texts("whitelisted_names") if found else ())


def _text(block: Block | None, name: str) -> str:
    return (block.text(name) if block else None) or "none"
