"""Writes to the gate by itself: a module of a team, which finds the pipe among the descriptors of its process."""

import fcntl
import json
import os
from pathlib import Path

from prodgate.run.boundary import _TELLING


def write(data: bytes) -> None:
    """Write bytes to whatever pipe is open besides the output."""
    output = Path("/proc/self/fd/1").readlink()
    for place in Path("/proc/self/fd").iterdir():
        try:
            number, target = int(place.name), place.readlink()
            writes = fcntl.fcntl(number, fcntl.F_GETFL) & os.O_ACCMODE == os.O_WRONLY
        except OSError:
            continue
        while writes and str(target).startswith("pipe:") and target != output and data:
            data = data[os.write(number, data) :]


def say(word: str, later: int = 0, **said: object) -> None:
    """Write a line about the subject that is judged, or about a later one."""
    write(json.dumps({"word": word, "about": _TELLING[0].about + later, "reads": [], **said}).encode() + b"\n")


def hold(later: int = 0) -> None:
    """Write a line that holds."""
    said = {"expected": "ready", "observed": "ready", "held": "", "aspect": "", "premise": False}
    say("hold", later, ok=True, **said)
