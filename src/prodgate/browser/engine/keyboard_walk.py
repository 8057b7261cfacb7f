"""A walk through a page with the Tab key alone, as by a person who uses no mouse."""

from __future__ import annotations

from typing import Any, Final

from playwright.sync_api import Page

#: Stops after which a walk ends unfinished, and between checks whether everything was reached.
MAX_STOPS: Final = 400
_LOOK: Final = 10
#: Walks at most, and the milliseconds of response to a key beyond which there is another walk.
_MAX_WALKS: Final = 3
_SLOW: Final = 100
#: Entries of a kind that are kept.
_SHOWN: Final = 10


def walk_keyboard(page: Page, script: str) -> dict[str, Any]:
    """Press Tab until the focus has been everywhere; return what it missed and where it was invisible.

    ``slowest`` is the slowest response to a key in milliseconds, None if none took 16 or more, which browsers don't
    report. The fastest walk counts: a slow page is slow each time, a busy machine is not.
    """
    first = _walk(page, script)
    slowest, walks = first["slowest"] or 0, 1
    while slowest > _SLOW and walks < _MAX_WALKS:
        slowest, walks = min(slowest, _walk(page, script)["slowest"] or 0), walks + 1
    return {**first, "slowest": slowest or None, "walks": walks}


def _walk(page: Page, script: str) -> dict[str, Any]:
    offered, pressed = page.evaluate(script), 0
    state = page.evaluate("__prodgateWalk()")
    while not state["over"] and pressed < min(MAX_STOPS, 2 * offered + _LOOK):
        for _ in range(_LOOK):
            page.keyboard.press("Tab")
        pressed += _LOOK
        state = page.evaluate("__prodgateWalk()")
    kept = {key: state[key][:_SHOWN] for key in ("missed", "unseen")}
    return {**state, **kept, "pressed": pressed, "whole": state["over"] or not state["missed"]}
