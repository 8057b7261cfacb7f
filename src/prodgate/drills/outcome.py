"""The outcome of a drill, whatever was drilled."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..evidence.journal import Journal

#: Makes the directory that holds the record, and returns its journal; called once the drill is certain to start.
Begin = Callable[[], Journal]


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
    alarming: tuple[str, ...] = ()
    """Acts that a person must do at once."""
    error: BaseException | None = None
    """The exception that ended the drill early."""
