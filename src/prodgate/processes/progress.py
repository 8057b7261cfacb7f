"""Progress of children: the lines among their log output that report it."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

#: Called with a line that says what is being done.
Progress = Callable[[str], None]

#: The ending of a momentary line: a terminal shows it until the next line, and a log leaves it out.
MOMENTARY: Final = " …"

#: The beginning of a line of progress; everything else that a child prints goes to its log.
PROGRESS_PREFIX: Final = "prodgate: "


def print_progress(text: str) -> None:
    """Print a line that the parent shows as progress."""
    print(f"{PROGRESS_PREFIX}{text}", flush=True)  # noqa: T201


def read_progress(line: str, progress: Progress) -> bool:
    """Pass on what a child printed if it is progress; return whether it was."""
    if line.startswith(PROGRESS_PREFIX):
        progress(line.removeprefix(PROGRESS_PREFIX))
        return True
    return False


def hide_tracebacks(lines: Iterable[str]) -> Iterator[str]:
    """Yield what a child says without the calls of its tracebacks; what each of them ends with stays."""
    inside = False
    for line in lines:
        inside = line.startswith("Traceback (most recent call last)") or (inside and (line.startswith(" ") or not line))
        if not inside:
            yield line
