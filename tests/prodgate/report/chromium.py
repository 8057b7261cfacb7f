"""Finds the Chromium that the browser tests and the benchmark open reports in, and gets one where there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

#: Seconds that getting a browser may take.
LIMIT = 600

PACKAGES = "apt-get install -y --no-install-recommends chromium-headless-shell fonts-noto-cjk"


def find_chromium() -> str | None:
    """Return the path of Chromium, or None for the one that Playwright keeps itself.

    Raises LookupError with the remedy when there is none and none can be had.
    """
    given = os.environ.get("PRODGATE_CHROMIUM", "")
    if given and not Path(given).is_file():
        raise LookupError(f"PRODGATE_CHROMIUM: {given!r} is not a file; name the Chromium program")
    found = given or next(filter(None, map(shutil.which, NAMES)), None)
    return found or _fetched()


def _fetched() -> str | None:
    """Let Playwright fetch its own Chromium; as root, install the system's package instead where that fails."""
    playwright = [sys.executable, "-m", "playwright", "install", "--only-shell", "chromium"]
    if subprocess.run(playwright, capture_output=True, timeout=LIMIT, check=False).returncode == 0:
        return None
    if os.geteuid() == 0 and shutil.which("apt-get"):
        # whoever else installs something meanwhile holds apt's locks: wait for them instead of giving up
        for command in ("apt-get -o DPkg::Lock::Timeout=300 update", f"{PACKAGES} -o DPkg::Lock::Timeout=300"):
            subprocess.run(command.split(), capture_output=True, timeout=LIMIT, check=False)
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        raise LookupError(f"PATH: has none of {', '.join(NAMES)}; set PRODGATE_CHROMIUM, or run: {PACKAGES}")
    return found
