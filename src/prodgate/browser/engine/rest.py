"""When a page has come to rest: nothing in flight, nothing timed, nothing painted larger or moved for a while."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page

from .page_log import PageLog

_SCRIPT: Final = (Path(__file__).parent / "scripts" / "rest.js").read_text("utf-8")
_VITALS: Final = (Path(__file__).parent / "scripts" / "vitals.js").read_text("utf-8")
#: Milliseconds of quiet after which a page is at rest, and those after which the requests in flight are looked at.
_QUIET, _SLICE = 150, 400
#: Milliseconds from the load of a page to its figures at least.
_LEAST, _LEAST_FED = 1000, 3000
#: Seconds to wait for rest at most.
MOST: Final = 5.0


def wait_for_rest(page: Page, log: PageLog, *, least: bool = False) -> bool:
    """Wait until a page is at rest, ``MOST`` seconds at most; return whether it is.

    With ``least`` it is also looked at for the least time after it was loaded, which finds what no request and no timer
    announces: a second, or three where an event stream, a worker or something repeated may change it.
    """
    until = time.monotonic() + MOST
    while True:
        state = page.evaluate(_SCRIPT, [_QUIET, _SLICE])
        quiet = time.monotonic() - log.stirred >= _QUIET / 1000
        waited = not least or state["age"] >= (_LEAST_FED if state["repeats"] or log.is_fed() else _LEAST)
        if state["still"] and quiet and waited and not log.list_waiting():
            return True
        if time.monotonic() >= until:
            return False
        page.wait_for_timeout(25)  # what has ended meanwhile is told of while something is waited for


def read_vitals(page: Page) -> Mapping[str, Any]:
    """Return what the page's own timing says so far: times in ms, and the shift."""
    found: Mapping[str, Any] = page.evaluate(_VITALS)
    return found
