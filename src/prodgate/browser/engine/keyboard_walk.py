"""A walk through a page with the Tab key alone, as by a person who uses no mouse."""

from __future__ import annotations

from typing import Any, Final

from playwright.sync_api import Page

#: Stops after which a walk ends unfinished, and between checks whether everything was reached.
MAX_STOPS: Final = 400
_LOOK: Final = 10
#: Entries of a kind that are kept.
_SHOWN: Final = 10


def walk_keyboard(page: Page, script: str) -> dict[str, Any]:
    """Press Tab until the focus has been everywhere; return what it missed and where it was invisible."""
    offered, pressed = page.evaluate(script), 0
    state = page.evaluate("__prodgateWalk()")
    while not state["over"] and pressed < min(MAX_STOPS, 2 * offered + _LOOK):
        for _ in range(_LOOK):
            page.keyboard.press("Tab")
        pressed += _LOOK
        state = page.evaluate("__prodgateWalk()")
    kept = {key: state[key][:_SHOWN] for key in ("missed", "unseen")}
    return {**state, **kept, "pressed": pressed, "whole": state["over"] or not state["missed"]}
