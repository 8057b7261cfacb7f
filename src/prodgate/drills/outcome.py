"""What a drill came to, whatever was drilled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: Makes the directory that holds the record: called once it is sure that something will happen.
Begin = Callable[[], Path]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The record of a drill, and what to say of it."""

    run: Path
    kind: str
    """Of the fact that the record is kept as."""
    subject: str
    record: Mapping[str, Any]
    lines: tuple[str, ...]
    good: bool
    """Whether everything arrived and nothing was left behind."""
