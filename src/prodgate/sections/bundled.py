"""Where the policies, suites and criteria are that come with the gate."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).resolve().parents[1]

#: Holds the policies, suites and criteria that come with the gate: in the wheel, or the repository it was cloned from.
BUNDLED: Final = _HERE / "bundled" if (_HERE / "bundled").is_dir() else _HERE.parents[1]
#: Folders of it in which judges are written.
_JUDGES: Final = frozenset({"policies", "suites", "loadtests", "e2e"})


@cache
def comes_with_gate(file: str) -> bool:
    """Whether a file of judges is one that comes with the gate, or is the same to the byte."""
    parts = Path(file).parts
    places = (BUNDLED.joinpath(*parts[number:]) for number, part in enumerate(parts) if part in _JUDGES)
    return any(place.is_file() and place.read_bytes() == Path(file).read_bytes() for place in places)
