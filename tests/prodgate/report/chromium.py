"""Finds the Chromium that the browser tests and the benchmark open reports in."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_chromium() -> str:
    """Return the path of Chromium. Raises LookupError with the remedy when there is none."""
    given = os.environ.get("PRODGATE_CHROMIUM", "")
    if given and not Path(given).is_file():
        raise LookupError(f"PRODGATE_CHROMIUM: {given!r} is not a file; name the Chromium program")
    found = given or next(filter(None, map(shutil.which, NAMES)), None)
    if not found:
        raise LookupError(
            f"PATH: has none of {', '.join(NAMES)}; set PRODGATE_CHROMIUM, "
            "or run: apt-get install -y --no-install-recommends chromium-headless-shell fonts-noto-cjk"
        )
    return found
