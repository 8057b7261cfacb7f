"""What axe finds in a page and in every frame within it, whatever its origin."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Error, Frame, Page

from .page_log import shorten

_TAGS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_OPTIONS: Final = {
    "resultTypes": ["violations", "incomplete"],
    "runOnly": {"type": "tag", "values": _TAGS},
}
#: axe's own way for frames that it can't talk to itself: each is examined alone, and the parts are joined.
_PART: Final = """async ([context, options]) => {
  const whole = context ?? document, frames = axe.utils.getFrameContexts(whole, options);
  return JSON.stringify([await axe.runPartial(whole, options), frames]);
}"""
#: Comes true where scripts run; they don't in a frame with ``sandbox``, where axe would wait for itself for ever.
_RUNS: Final = "() => new Promise((done) => setTimeout(done, 0, true))"
_FIND: Final = "(selector) => axe.utils.shadowSelect(selector)"
_JOIN: Final = "async ([parts, options]) => await axe.finishRun(JSON.parse(parts), options)"
#: Frames within frames that are followed.
_DEEPEST: Final = 5
#: Milliseconds that a frame may take to run a script.
_FRAME: Final = 3000


def run_axe(page: Page) -> dict[str, Any]:
    """Return ``violations``, and what axe leaves to a person's eyes (``undecided``)."""
    parts = _examine(page.main_frame, None, 0)
    found = page.evaluate(_JOIN, [json.dumps(parts), _OPTIONS])
    return {"violations": _entries(found["violations"]), "undecided": _entries(found["incomplete"])}


def _examine(frame: Frame, context: Any, depth: int) -> list[Any]:
    """Return the part of a frame and those of the frames within; None stands for one that can't be examined."""
    frame.evaluate(AXE_SCRIPT)
    part, inner = json.loads(frame.evaluate(_PART, [context, _OPTIONS]))
    parts = [part]
    for each in inner:
        parts += _examine_inner(frame, each, depth + 1)
    return parts


def _examine_inner(frame: Frame, about: Mapping[str, Any], depth: int) -> list[Any]:
    try:
        element = frame.evaluate_handle(_FIND, about["frameSelector"]).as_element()
        found = element.content_frame() if element else None
        if found is None or found.url.startswith("chrome-error:") or depth > _DEEPEST:
            return [None]
        found.wait_for_function(_RUNS, timeout=_FRAME, polling=50)
        return _examine(found, about["frameContext"], depth)
    except Error:  # it runs no script, or went away meanwhile; axe then says that this frame was not tested
        return [None]


def _entries(found: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "id": each["id"], "impact": each["impact"], "help": each["help"],
            "tags": [tag for tag in each["tags"] if tag in _TAGS], "nodes": len(each["nodes"]),
            "first": shorten(each["nodes"][0]["html"]),
        }
        for each in found
    ]  # fmt: skip
