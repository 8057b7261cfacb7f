"""What makes an answer doubtful: it may be right, and it may be what a broken site sends with 200.

An empty list may be all that there is, or what a lost database leaves; a short page may be a short story, or a whole
one without its stories. Nothing in the answer tells, so it counts neither as a success nor as a failure.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from ..semantics.sign_ins import has_password_field

#: Bytes of JSON that are parsed; of a longer answer only the first and last character are looked at.
MOST_PARSED: Final = 65_536
#: Part of the first good answer's length below which an answer is doubtful.
LEAST_PART: Final = 4
#: The same of a page that has lost as great a part of its links, too: what remains may be no more than its frame.
EMPTIED: Final = 2
_CLOSING: Final = {b"{": b"}", b"[": b"]"}
#: Members in which JSON says that it is an error, whatever its status.
_ERRORS: Final = ("error", "errors")
#: How many objects deep lists are looked for.
_DEPTH: Final = 4


@dataclass(frozen=True, slots=True)
class Parsed:
    """An answer that is a JSON object or array; of one that was too long to be parsed, only which of both."""

    kind: str
    members: frozenset[str] = frozenset()
    error: bool = False
    """Whether it says of itself that it is an error."""
    filled: bool = True
    """Whether a list in it holds something, or where it has none an object."""
    texts: bool = True
    """Whether a member is a text that is not empty."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is seen of an answer."""

    length: int
    links: int
    html: bool
    parsed: Parsed | None
    password: bool
    """Whether it is a page with a field for a password."""
    landed: str
    """Where a redirect led; empty where there was none."""


def look_at(body: bytes, *, html: bool, landed: str = "") -> Look:
    """Return what is seen of an answer; ``landed`` is the address that it came from after a redirect."""
    lower = body.lower() if html else b""
    return Look(
        length=len(body),
        links=lower.count(b"<a "),
        html=html,
        parsed=None if html else read_json(body),
        password=b"password" in lower and has_password_field(lower),
        landed=landed,
    )


def doubt_first(look: Look, *, reads: bool) -> str:
    """Return why an answer can't teach what the others must be, "" if it can; ``reads`` says that it is of a GET."""
    if look.landed and look.password:
        return f"it came from {look.landed} after a redirect, and asks for a password"
    if look.parsed is None:
        return ""
    if look.parsed.error:
        return "it has an 'error' of its own"
    return f"it is {look.parsed.kind} that holds nothing" if reads and _holds_nothing(look.parsed) else ""


def _holds_nothing(parsed: Parsed) -> bool:
    return not parsed.filled and not parsed.texts


def doubt(look: Look, first: Look) -> str:
    """Return why an answer may be none that readers came for, "" if it is like the first good one."""
    if look.landed and not first.landed:
        return f"it came from {look.landed} after a redirect, as the first good answer did not"
    if look.password and not first.password:
        return "it asks for a password, as the first good answer did not"
    if why := _doubt_json(look, first):
        return why
    compared = f"it has {look.length:,} bytes, where the first good answer had {first.length:,}"
    if look.length * LEAST_PART < first.length:
        return compared
    less = look.length * EMPTIED < first.length and look.links * EMPTIED < first.links
    return f"{compared}, and {look.links} links of {first.links}" if less else ""


def _doubt_json(look: Look, first: Look) -> str:
    if look.parsed is None or first.parsed is None:
        return ""
    known, found = first.parsed.members, look.parsed.members
    if known and found and not known & found:
        return f"it has none of the first good answer's members, which were {name_some(known)}"
    if first.parsed.filled and not look.parsed.filled and look.length * EMPTIED < first.length:
        return "its lists hold nothing, as those of the first good answer did"
    return ""


def name_some(members: frozenset[str]) -> str:
    """Return the names of the first members."""
    return ", ".join(sorted(members)[:5])


@lru_cache(1)
def read_json(body: bytes) -> Parsed | None:
    """Return what an answer is as JSON, None for none that is an object or an array."""
    text = body.strip()
    if _CLOSING.get(text[:1]) != text[-1:]:
        return None
    kind = "an object" if text[:1] == b"{" else "an array"
    if len(body) > MOST_PARSED:
        return Parsed(kind)
    try:
        found: Any = json.loads(text)
    except ValueError:
        return None
    members = found if isinstance(found, dict) else {}
    error = any(members.get(name) for name in _ERRORS)
    inside = list(_list_within(found, _DEPTH))
    lists = [each for each in inside if isinstance(each, list)]
    return Parsed(kind, frozenset(members), error, any(lists or inside[1:] or inside), any(_list_texts(inside)))


def _list_within(found: Any, depth: int) -> Iterator[Any]:
    """Yield an object and what lists and objects it holds, in order; nothing of what a list holds."""
    if isinstance(found, (list, dict)):
        yield found
    if depth and isinstance(found, dict):
        for each in found.values():
            yield from _list_within(each, depth - 1)


def _list_texts(inside: Iterable[Any]) -> Iterator[Any]:
    return (each for one in inside if isinstance(one, dict) for each in one.values() if isinstance(each, str))
