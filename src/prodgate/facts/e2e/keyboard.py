"""A declared page as somebody finds it who uses no mouse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from ...aws.answers import Unread
from ...quantities import Quantity
from .. import Fact

_NO_KEY: Final[Any] = Unread("no key was answered")
_NOT_TOLD: Final[Any] = Unread("the browser did not tell how long each key took; observe again where less else runs")
#: Shortest time to answer a key that browsers report, in milliseconds.
_SHORTEST_REPORTED: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class KeyboardWalk(Fact):
    """A walk through a page with the Tab key alone; ``subject`` is the page's name."""

    offered: int
    """Number of elements that a person can use: links, buttons, fields."""
    missed: tuple[str, ...]
    """Those that the focus never reached."""
    unseen: tuple[str, ...]
    """Those that did not show that they had the focus."""
    slowest: Quantity
    """Time until the slowest answer to a key or a press was painted (INP), on the quickest of up to three first visits;
    16 ms if none took as long."""


def keyboard_walk(page: Mapping[str, Any], reason: str) -> KeyboardWalk:
    """Return the walk through a page; ``reason`` says why nothing was seen of it, if that is so."""
    walk = page.get("keyboard")
    if reason or not walk:
        return KeyboardWalk.unread(page["name"], reason or "no walk was made")
    answered: Any = Quantity.of(round(Decimal(str(walk["slowest"] or _SHORTEST_REPORTED))), "ms")
    partial: Any = Unread(why) if (why := _why_partial(walk)) else ()
    held = (f"Tab does not leave {walk['held']}",) if walk.get("held") and walk["missed"] else ()
    return KeyboardWalk(
        subject=page["name"],
        offered=walk["offered"],
        # whoever did not come to the end missed what was to come
        missed=(*held, *walk["missed"]) if walk["whole"] and walk["missed"] else partial,
        unseen=tuple(walk["unseen"]) or partial,
        slowest=_NO_KEY if not walk["interactions"] else answered if walk.get("settled", True) else _NOT_TOLD,
    )


def _why_partial(walk: Mapping[str, Any]) -> str:
    """Return why a walk did not come to all of a page, or an empty string."""
    if not walk["whole"]:
        left = f"{walk['left']} of {walk['offered']}" if "left" in walk else "some"
        return (
            f"the walk did not end within {walk['pressed']} keys or a minute, with {left} elements to come; "
            "declare a shorter page of the same kind, or walk through this one by hand"
        )
    if walk.get("behind"):
        return (
            f"a dialog is in front of the page, and {walk['behind']} of {walk['offered']} elements are behind it: "
            f"{walk['dialog']}; say how it is closed: "
            'click = ["button: Accept all"] in [e2e.before], or a cookie or header that leaves it out'
        )
    return ""
