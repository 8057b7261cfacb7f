"""What a Content-Security-Policy lets run, as browsers read it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from .script_sources import NOWHERE, Place, matches, places_of_strangers

INLINE, EVAL, ANYWHERE = "inline scripts", "eval", "scripts from anywhere"
#: An injected <base> makes the relative addresses of trusted scripts a stranger's.
REBASED: Final = "scripts from wherever an injected <base> points, for want of base-uri"
#: What browsers take for a nonce or a hash, of whatever length: a template that nobody filled in is neither.
_BASE64: Final = r"[A-Za-z0-9+/_-]+={0,2}"
#: With one of these, browsers of the last ten years ignore 'unsafe-inline'.
_NONCE_OR_HASH: Final = re.compile(rf"'(?:nonce-|sha(?:256|384|512)-){_BASE64}'")
NONCE: Final = re.compile(rf"'nonce-({_BASE64})'", re.IGNORECASE)

_Directives = Mapping[str, tuple[str, ...]]


def split_policies(headers: Iterable[str]) -> tuple[str, ...]:
    """Return each policy of the headers; one header may hold several."""
    return tuple(text.strip() for header in headers for text in header.split(",") if text.strip())


def parse_directives(policy: str) -> _Directives:
    """Return the sources of each directive; of a repeated one the first counts."""
    found: dict[str, tuple[str, ...]] = {}
    for text in policy.split(";"):
        name, *sources = text.split() or [""]
        if name:
            found.setdefault(name.lower(), tuple(sources))
    return found


def find_nonces(policies: Iterable[str]) -> frozenset[str]:
    """Return the nonces by which the policies let scripts run."""
    named = (source for policy in policies for source in _elements(parse_directives(policy)) or ())
    return frozenset(found[1] for source in named if (found := NONCE.fullmatch(source)))


def find_dangers(found: Iterable[str]) -> tuple[str, ...]:
    """Return the dangerous kinds of script that run: those that every one of the policies lets run."""
    policies = [parse_directives(policy) for policy in found]
    if not policies:
        return tuple(sorted((INLINE, EVAL, ANYWHERE)))
    common = set.intersection(*map(_find_dangers, policies))
    return tuple(sorted(common | _strangers(policies) | _rebased(policies)))


def _find_dangers(stated: _Directives) -> set[str]:
    scripts = _scripts(stated)
    found = {EVAL} if scripts is None or "'unsafe-eval'" in _lower(scripts) else set()
    if any(sources is None or _allows_inline(sources) for sources in (_elements(stated), _attributes(stated))):
        found.add(INLINE)
    return found


def _scripts(stated: _Directives) -> tuple[str, ...] | None:
    return stated.get("script-src", stated.get("default-src"))


def _elements(stated: _Directives) -> tuple[str, ...] | None:
    return stated.get("script-src-elem", _scripts(stated))


def _attributes(stated: _Directives) -> tuple[str, ...] | None:
    return stated.get("script-src-attr", _scripts(stated))


def _lower(sources: Iterable[str]) -> set[str]:
    return {source.lower() for source in sources}


def _allows_inline(sources: Iterable[str]) -> bool:
    known = _lower(sources)
    ignored = "'strict-dynamic'" in known or any(_NONCE_OR_HASH.fullmatch(source) for source in known)
    return "'unsafe-inline'" in known and not ignored


def _strangers(policies: Sequence[_Directives]) -> set[str]:
    """Return by way of which sources strangers' scripts load, or that they load from anywhere."""
    listed = [_elements(stated) for stated in policies]
    places = places_of_strangers(source for sources in listed for source in sources or ())
    let_in = [place for place in dict.fromkeys(places) if all(_allows(sources, place) for sources in listed)]
    if any(place.scheme != "https" or place.host == NOWHERE.host for place in let_in):
        return {ANYWHERE}
    ways = (source for place in let_in for sources in listed for source in sources or () if matches(source, place))
    return {f"scripts that others write, by way of {source}" for source in ways}


def _allows(sources: Iterable[str] | None, place: Place) -> bool:
    """Whether a script loads from a place by its address alone."""
    if sources is None:
        return True
    return "'strict-dynamic'" not in _lower(sources) and any(matches(source, place) for source in sources)


def _rebased(policies: Sequence[_Directives]) -> set[str]:
    """Return that scripts which are trusted by a nonce, or load by one that is, can be led elsewhere by <base>."""
    if not any(_trusts_by_mark(_elements(stated)) for stated in policies):
        return set()
    for stated in policies:
        based, sources = stated.get("base-uri"), _elements(stated)
        if based is not None and not _allows(based, NOWHERE):
            return set()
        if not (_trusts_by_mark(sources) or _allows(sources, NOWHERE)):
            return set()
    return {REBASED}


def _trusts_by_mark(sources: Iterable[str] | None) -> bool:
    known = _lower(sources or ())
    hashed = "'strict-dynamic'" in known and any(_NONCE_OR_HASH.fullmatch(source) for source in known)
    return hashed or any(NONCE.fullmatch(source) for source in known)


def frame_sources(found: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Return the sources that may frame a page, of each policy that says."""
    stated = (parse_directives(policy).get("frame-ancestors") for policy in found)
    return tuple(sources for sources in stated if sources is not None)
