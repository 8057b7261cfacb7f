"""Why Locust could not run, in one line that names the place."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from ..processes.progress import PROGRESS_PREFIX

#: Begins the line in which our own engine refuses to run.
REFUSAL_PREFIX: Final = f"{PROGRESS_PREFIX}refused: "
#: Locust's messages about a locustfile without users.
_NO_USERS: Final = ("load_locustfile_pytest", "No User class found", "There are no users with weight > 0")
_TRACEBACK: Final = "Traceback (most recent call last):\n"
_FRAME: Final = re.compile(r'^  File "(.+)", line (\d+)', re.MULTILINE)


def explain_locust_failure(output: str, locustfile: Path, code: int | None) -> str:
    """Return what is wrong: our own refusal, else what the locustfile raised and where, else the end of the output."""
    for line in output.splitlines():
        if line.startswith(REFUSAL_PREFIX):
            return line.removeprefix(REFUSAL_PREFIX)
    if any(each in output for each in _NO_USERS):
        return f"{locustfile}: holds no class of users with a weight; write one that derives from FastHttpUser"
    if _TRACEBACK in output:
        raised = output.rpartition(_TRACEBACK)[2]
        folder = locustfile.absolute().parent
        own = [(Path(file), line) for file, line in _FRAME.findall(raised) if Path(file).parent == folder]
        message = next((line for line in raised.splitlines() if line[:1].strip()), "")
        if own:
            return f"{locustfile.parent / own[-1][0].name}:{own[-1][1]}: {message}; mend the locustfile"
    output_end = "; ".join(line.strip() for line in output.splitlines()[-4:] if line.strip()) or "nothing"
    return f"{locustfile}: Locust ended (exit code {code}) before any arrival and said: {output_end}; see locust.txt"
