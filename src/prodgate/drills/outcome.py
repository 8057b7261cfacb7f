"""The outcome of a drill, whatever was drilled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: Makes the directory that holds the record; called once the drill is certain to start.
Begin = Callable[[], Path]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The record of a drill, and what the command prints."""

    run: Path
    kind: str
    """The kind of fact that holds the record."""
    subject: str
    record: Mapping[str, Any]
    lines: tuple[str, ...]
    good: bool
    """Whether everything arrived and nothing was left behind."""
