"""Where paths lead, found out once: files stay where they are in a run."""

from __future__ import annotations

from functools import cache
from pathlib import Path


@cache
def find_real(path: str | Path) -> Path:
    """Return where a path leads; it is asked of each policy at each module."""
    return Path(path).resolve()


@cache
def find_real_files(paths: frozenset[Path]) -> frozenset[Path]:
    """Return where paths lead; it is asked as often, since pytest looks through a folder for each of its files."""
    return frozenset(map(find_real, paths))
