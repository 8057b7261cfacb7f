"""Prints a page to PDF with the Chromium that pages are opened in."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from .chromium import NAMES, PACKAGES, find_chromium, find_shell_of_playwright
from .environments import EngineError
from .system_packages import Run, last_line, run_program

#: Seconds in which a page must be printed.
_LIMIT: Final = 120.0
_BEGINNING: Final = b"%PDF-"


def print_page(page: Path, pdf: Path, environment: Mapping[str, str] = os.environ, run: Run = run_program) -> None:
    """Write the PDF of a page that needs no script and no network. Raises EngineError."""
    chromium = find_chromium(environment) or find_shell_of_playwright(run)
    if chromium is None:
        raise EngineError(
            f"no Chromium to print with: none of {', '.join(NAMES)} is on PATH; set PRODGATE_CHROMIUM, "
            f"run: apt-get install {' '.join(PACKAGES)}, or open {page} in a browser and print it"
        )
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder, "printed.pdf")
        # the page is the gate's own and loads nothing, so that Chromium needs no sandbox, which root can't have
        command = (
            chromium.program, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
            f"--user-data-dir={Path(folder, 'profile')}", "--no-first-run", "--disable-background-networking",
            "--no-pdf-header-footer", f"--print-to-pdf={made}", page.absolute().as_uri(),
        )  # fmt: skip
        code, told = run(command, _LIMIT)
        if code != 0 or not made.is_file() or not made.read_bytes().startswith(_BEGINNING):
            raise EngineError(f"{page}: {chromium.program} printed no PDF: {last_line(told) or f'exit code {code}'}")
        pdf.write_bytes(made.read_bytes())
