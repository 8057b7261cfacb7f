"""Whether a run directory is what the run wrote: its journal by its chain, and every other file by digest.

The first line of the journal has the digests of ``run.json``, the criteria and the waivers; the closing line has those
of all files below FOLDERS. Reports are derived from these, and may be written again at any time, so they are not
checked.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from . import artifacts, chain
from .artifacts import digest_file, list_paths
from .journal import Recorded

#: Name of the file that says what the run set out to do.
ABOUT: Final = "run.json"
#: Folders whose files the closing line lists.
FOLDERS: Final = (artifacts.FOLDER, "logs")
_MOST_NAMED: Final = 5


def find_flaws(run: Path, about: bytes, recorded: Recorded) -> Iterator[str]:
    """Yield what is CHANGED, MISSING, UNLISTED, REORDERED or FOREIGN in a run; nothing when it is as it was written.

    ``about`` are the bytes of ``run.json``. A run that was cut off lists no files; what it holds is still compared with
    its name.
    """
    yield from (f"journal.jsonl: {flaw}" for flaw in recorded.flaws)
    events = recorded.events
    if not events:
        return
    if (named := str(events[0].get("run", ""))) != (folder := run.resolve().name):
        yield f"FOREIGN: the folder is called {folder}, and the run in it {named}; a folder has the name of its run"
    if events[0].get("about") != hashlib.sha256(about).hexdigest():
        yield f"CHANGED: {ABOUT}"
    found = list_files(run)
    if events[-1]["event"] == chain.CLOSED:
        yield from _compare(events[-1].get("files", {}), found)
    else:
        yield from _name("CHANGED", [name for name, digest in found.items() if _is_misnamed(name, digest)])


def list_files(run: Path) -> Mapping[str, str]:
    """Return the SHA-256 of every file in a run's FOLDERS by its path in the run, but for files still being written."""
    return {name: digest_file(path) for name, path in list_paths(run, FOLDERS) if not path.name.startswith(".")}


def _is_misnamed(name: str, digest: str) -> bool:
    """Whether a file of evidence does not hold what its name says."""
    folder, file = os.path.split(name)
    return folder == artifacts.FOLDER and file.partition(".")[0] != digest


def _compare(listed: Mapping[str, Any], found: Mapping[str, str]) -> Iterator[str]:
    yield from _name("CHANGED", [name for name, digest in found.items() if listed.get(name, digest) != digest])
    yield from _name("MISSING", [name for name in listed if name not in found])
    yield from _name("UNLISTED", [name for name in found if name not in listed])


def _name(flaw: str, files: list[str]) -> Iterator[str]:
    if files:
        more = f" and {len(files) - _MOST_NAMED:,} more" if len(files) > _MOST_NAMED else ""
        yield f"{flaw}: {', '.join(files[:_MOST_NAMED])}{more}"
