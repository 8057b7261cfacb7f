"""A walk through a page with the Tab key alone, as by a person who uses no mouse."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from playwright.sync_api import Error, Frame, Page

#: Keys and seconds after which a walk ends unfinished, and keys between looks whether everything was reached.
MAX_STOPS, MAX_SECONDS = 4000, 60.0
_LOOK: Final = 10
#: Looks at which nothing new was reached, after which something holds the focus.
_HELD: Final = 3
#: Entries of a kind that are kept.
_SHOWN: Final = 10

State = dict[str, Any]


def walk_keyboard(page: Page, script: str) -> dict[str, Any]:
    """Press Tab until the focus has been everywhere; return what it missed and where it was invisible.

    Frames of the page's own origin are walked through and judged, those of others only walked through. ``whole`` says
    whether the walk came to its end, ``behind`` how much a dialog kept from it, ``held`` what Tab does not leave.
    """
    frames = [frame for frame in page.frames if _prepare(frame, script)]
    own = [frame for frame in frames if _is_own(frame, page)]
    pressed, held, state = 0, "", _read(frames, own)
    until, still = time.monotonic() + MAX_SECONDS, 0
    while not (state["over"] or held or (pressed and not state["left"])):
        if pressed >= MAX_STOPS or time.monotonic() > until:
            break
        for _ in range(_LOOK):
            page.keyboard.press("Tab")
        pressed, last, state = pressed + _LOOK, state, _read(frames, own)
        still = 0 if state["reached"] > last["reached"] else still + 1
        if still == _HELD:  # an editor may be left by Escape
            page.keyboard.press("Escape")
        held = (state["focus"] or "the page") if still == 2 * _HELD else ""
    unseen = [each for frame in own for each in frame.evaluate("most => __prodgateUnseen(most)", _SHOWN)]
    whole = bool(state["over"] or held or not state["left"])
    return {**state, "unseen": unseen[:_SHOWN], "pressed": pressed, "held": held, "whole": whole}


def _prepare(frame: Frame, script: str) -> bool:
    try:
        frame.evaluate(script)
    except Error:  # it is about to go, or is an error of the browser's own
        if frame == frame.page.main_frame:
            raise
        return False
    return True


def _is_own(frame: Frame, page: Page) -> bool:
    parts, here = urlsplit(frame.url), urlsplit(page.url)
    return parts.scheme == "about" or parts.netloc == here.netloc


def _read(frames: Sequence[Frame], own: Sequence[Frame]) -> State:
    """Return how far the walk came, over all frames; what was missed is of the page's own."""
    states: list[tuple[Frame, State]] = []
    for frame in frames:
        try:
            states.append((frame, frame.evaluate("__prodgateWalk()")))
        except Error:
            if frame == frame.page.main_frame:
                raise
    main, ours = states[0][1], [state for frame, state in states if frame in own]
    reached = sum(state["reached"] for _, state in states)
    return {
        "offered": sum(state["offered"] for state in ours),
        "reached": reached,
        "over": any(state["over"] for _, state in states) or bool(reached and main["idle"]),
        "missed": [each for state in ours for each in state["missed"]][:_SHOWN],
        "left": sum(state["left"] for state in ours),
        "behind": sum(state["behind"] for state in ours),
        "dialog": main["dialog"],
        "focus": next((state["focus"] for _, state in reversed(states) if not state["idle"]), ""),
    }
