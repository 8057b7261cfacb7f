"""What a Content-Security-Policy lets run, as browsers read it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

INLINE, EVAL, ANYWHERE = "inline scripts", "eval", "scripts from anywhere"
#: Sources that match any host, or that anyone controls who can write into a page.
_EVERYWHERE: Final = frozenset({"*", "http:", "https:", "data:", "blob:", "http://*", "https://*"})
#: With one of these, browsers of the last ten years ignore 'unsafe-inline'.
_NONCE_OR_HASH: Final = re.compile(r"'(?:nonce-|sha(?:256|384|512)-)[^']+'")


def split_policies(headers: Iterable[str]) -> tuple[str, ...]:
    """Return each policy of the headers; one header may hold several."""
    return tuple(text.strip() for header in headers for text in header.split(",") if text.strip())


def parse_directives(policy: str) -> Mapping[str, tuple[str, ...]]:
    """Return the sources of each directive; of a repeated one the first counts."""
    found: dict[str, tuple[str, ...]] = {}
    for text in policy.split(";"):
        name, *sources = text.split() or [""]
        if name:
            found.setdefault(name.lower(), tuple(sources))
    return found


def find_dangers(found: Iterable[str]) -> tuple[str, ...]:
    """Return the dangerous kinds of script that run: those that every one of the policies lets run."""
    each = [_find_dangers(parse_directives(policy)) for policy in found]
    common = set.intersection(*each) if each else {INLINE, EVAL, ANYWHERE}
    return tuple(sorted(common))


def _find_dangers(stated: Mapping[str, tuple[str, ...]]) -> set[str]:
    scripts = stated.get("script-src", stated.get("default-src"))
    elements, attributes = (stated.get(name, scripts) for name in ("script-src-elem", "script-src-attr"))
    found = {EVAL} if scripts is None or "'unsafe-eval'" in _lower(scripts) else set()
    if any(sources is None or _allows_inline(sources) for sources in (elements, attributes)):
        found.add(INLINE)
    if elements is None or _allows_anywhere(elements):
        found.add(ANYWHERE)
    return found


def _lower(sources: Iterable[str]) -> set[str]:
    return {source.lower() for source in sources}


def _allows_inline(sources: Iterable[str]) -> bool:
    known = _lower(sources)
    ignored = "'strict-dynamic'" in known or any(_NONCE_OR_HASH.fullmatch(source) for source in known)
    return "'unsafe-inline'" in known and not ignored


def _allows_anywhere(sources: Iterable[str]) -> bool:
    known = _lower(sources)
    return bool(known & _EVERYWHERE) and "'strict-dynamic'" not in known


def frame_sources(found: Iterable[str]) -> tuple[str, ...] | None:
    """Return the sources that may frame a page; None if no policy says."""
    stated = [parse_directives(policy).get("frame-ancestors") for policy in found]
    named = [sources for sources in stated if sources is not None]
    return min(named, key=len) if named else None
