"""How long a page takes to answer a person: who walks through it, types into it and presses what is there."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import ElementHandle, Error, Page, Route

_SCRIPT: Final = (Path(__file__).parent / "scripts" / "answers.js").read_text("utf-8")
#: Fields that are typed into, and elements that are pressed, at most.
_FIELDS, _PRESSED = 3, 6
#: What is typed and taken out again.
_TYPED: Final = ("a", "b", "Backspace", "Backspace")
#: Milliseconds that an element may take to let itself be pressed.
_PATIENCE: Final = 1000
#: Elements that don't let themselves be pressed, after which no other is tried: something covers the page.
_COVERED: Final = 2
_ARM: Final = """() => {
  document.activeElement?.blur();
  window.focus();
  __prodgate.told = false;
  __prodgate.armed = performance.now();
}"""
#: Resolves to what was told of since the last time, after 15 s at the latest.
_TOLD: Final = """() => new Promise((done) => {
  const seen = __prodgate, until = performance.now() + 15000;
  const look = () => {
    if (!seen.told && performance.now() < until) return seen.wait(look, 20);
    done({ settled: seen.told, interactions: seen.interactions, slowest: seen.slowest });
    Object.assign(seen, { armed: Infinity, slowest: null });
  };
  look();
})"""


def measure_answers(page: Page) -> dict[str, Any]:
    """Type and press on a page whose keyboard was just walked; return how it answered to all of that.

    ``answers`` are the slowest answers in ms to the walk (from the first key on), to typing and to presses, None where
    none took 16 or more, which browsers don't report. ``settled`` says whether the browser had told of every answer.
    Nothing that is pressed leads away.
    """
    parts = {"walked": _read_answers(page)}
    _type_into_fields(page)
    parts["typed"] = _read_answers(page)
    page.route("**/*", _stay)
    with suppress(Error):  # what was pressed led elsewhere all the same, or the page fell over
        _press_elements(page)
        parts["pressed"] = _read_answers(page)
    answers = {name: part["slowest"] for name, part in parts.items()}
    return {
        "answers": answers,
        "slowest": max((each for each in answers.values() if each is not None), default=None),
        "interactions": max(part["interactions"] for part in parts.values()),
        "settled": all(part["settled"] for part in parts.values()),
    }


def _read_answers(page: Page) -> dict[str, Any]:
    """Return what the browser tells of answers. It tells in order, and late: a key of our own comes last."""
    page.evaluate(_ARM)
    page.keyboard.press("Shift")
    found: dict[str, Any] = page.evaluate(_TOLD)
    return found


def _type_into_fields(page: Page) -> None:
    for field in _find(page, "fields")[:_FIELDS]:
        with suppress(Error):  # typing into another took it away
            field.focus()
            for key in _TYPED:
                page.keyboard.press(key)


def _press_elements(page: Page) -> None:
    covered = 0
    for each in _find(page, "elements")[:_PRESSED]:
        try:
            each.click(timeout=_PATIENCE, no_wait_after=True)
        except Error:  # something covers it, or an earlier press took it away
            covered += 1
            if covered >= _COVERED:
                return


def _find(page: Page, kind: str) -> list[ElementHandle]:
    found = page.evaluate_handle(_SCRIPT, kind)
    elements = [each.as_element() for each in found.get_properties().values()]
    return [each for each in elements if each is not None]


def _stay(route: Route) -> None:
    """Let a request through unless it leads the page elsewhere."""
    if route.request.is_navigation_request():
        route.abort("aborted")
    else:
        route.fallback()
