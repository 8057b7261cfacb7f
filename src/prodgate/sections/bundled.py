"""Where the policies, suites and criteria are that come with the gate."""

from functools import cache
from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).resolve().parents[1]

#: Holds the policies, suites and criteria that come with the gate: in the wheel, or the repository it was cloned from.
BUNDLED: Final = _HERE / "bundled" if (_HERE / "bundled").is_dir() else _HERE.parents[1]
#: Folders of it in which judges are written.
_JUDGES: Final = frozenset({"policies", "suites", "loadtests", "e2e"})


def is_bundled(file: Path) -> bool:
    """Whether a file of judges is the gate's own, and no copy of it."""
    real = file.resolve()
    return real.is_relative_to(BUNDLED) and real.relative_to(BUNDLED).parts[0] in _JUDGES


@cache
def comes_with_gate(file: str) -> bool:
    """Whether a file of judges is one that comes with the gate, or is the same to the byte."""
    parts = Path(file).parts
    places = (BUNDLED.joinpath(*parts[number:]) for number, part in enumerate(parts) if part in _JUDGES)
    alike = (place for place in places if place.is_file() and place.stat().st_size == Path(file).stat().st_size)
    return any(place.read_bytes() == Path(file).read_bytes() for place in alike)  # never a large file: ours are small
