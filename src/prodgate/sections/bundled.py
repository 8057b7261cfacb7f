"""Where the policies, suites and criteria are that come with the gate."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).resolve().parents[1]

#: Holds the policies, suites and criteria that come with the gate: in the wheel, or the repository it was cloned from.
BUNDLED: Final = _HERE / "bundled" if (_HERE / "bundled").is_dir() else _HERE.parents[1]
