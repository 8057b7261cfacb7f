"""Where a command puts what was made of a run: the output of the process, or a file."""

from __future__ import annotations

import sys
from pathlib import Path

from ..processes.ending import naming


def write(text: str, path: Path | None) -> None:
    """Print a text, or write it to a file; it ends with a line break."""
    text = text if text.endswith("\n") else f"{text}\n"
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")  # half a character, as no file may hold it
    if path is None:
        sys.stdout.write(text)
        return
    with naming(path):
        path.write_text(text, "utf-8")
