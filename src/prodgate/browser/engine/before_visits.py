"""What is pressed before a page is looked at, as [e2e.before] states it: the consent that a first visitor gives."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from playwright.sync_api import Error, Page

from ..settings import BrowserSettings

#: Milliseconds that what is pressed may take to appear, on a page that is at rest, and to let itself be pressed.
_APPEARS, _PRESSED = 1000, 5000


def press_stated(page: Page, settings: BrowserSettings) -> bool:
    """Press what is stated where the page or a frame of it shows that; return whether something was pressed.

    Raises Error when a press led to another page, or what is shown can't be pressed.
    """
    there, pressed = page.url, False
    for role, name in settings.clicks:
        if (found := _find(page, role, name)) is not None:
            found.click(timeout=_PRESSED)
            pressed = True
    if page.url.partition("#")[0] != there.partition("#")[0]:
        raise Error(f"what [e2e.before] lets be pressed led to {page.url}; name what stays on the page")
    return pressed


def _find(page: Page, role: Any, name: str) -> Any:
    """Return what is to be pressed, None where no frame shows it."""
    for patience in (_APPEARS, 0):
        for frame in page.frames if not patience else [page.main_frame]:
            wanted = frame.get_by_role(role, name=name, exact=True).first
            with suppress(Error):  # it does not appear here
                if patience:
                    wanted.wait_for(timeout=patience)
                if wanted.is_visible():
                    return wanted
    return None
