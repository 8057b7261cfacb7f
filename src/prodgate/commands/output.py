"""Where a command puts what it has to say: the output of the process, or a file."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

from ..processes.ending import naming
from ..processes.output import print_commands, visible


def say(*lines: str) -> None:
    """Print lines, and make visible what nobody sees in them."""
    sys.stdout.write("".join(f"{visible(line)}\n" for line in lines))


def write_rows(rows: object, lines: Iterable[str], *, as_json: bool) -> None:
    """Print what was found as JSON, or as lines of a text."""
    write(json.dumps(rows, indent=2) if as_json else "\n".join(lines), None)


def write(text: str, path: Path | None, *, commands: bool = False) -> None:
    """Print a text, which may be the gate's own ``commands`` to a runner, or write it to a file.

    It ends with a line break.
    """
    text = text if text.endswith("\n") else f"{text}\n"
    text = text.encode("utf-8", "backslashreplace").decode("utf-8")  # half a character, as no file may hold it
    if path is None:
        (print_commands if commands else sys.stdout.write)(text)
        return
    with naming(path):
        path.write_text(text, "utf-8")
