"""A walk through a page with the Tab key alone, as somebody makes who uses no mouse."""

from __future__ import annotations

from typing import Any, Final

from playwright.sync_api import Page

#: Stops after which a walk ends unfinished, and after how many it is looked whether all was reached.
MAX_STOPS: Final = 400
_LOOK: Final = 10
#: Walks that are made at most, and the milliseconds for an answer to a key beyond which another one is made.
_MAX_WALKS: Final = 3
_SLOW: Final = 100
#: Most of a kind that are written down.
_SHOWN: Final = 10


def walk_keyboard(page: Page, script: str) -> dict[str, Any]:
    """Press Tab until the focus has been everywhere, and return what it did not reach and where it can't be seen.

    ``slowest`` is the slowest answer to a key in milliseconds, None when none took 16 or more: only those are told.
    It is that of the quickest walk: what a page does to a key it does each time, what a busy machine does it does not.
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
