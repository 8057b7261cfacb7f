"""Opening what a command is told of: a project by its criteria, accepted risks; and saying how far it is."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ..criteria import UsageError
from ..processes.progress import Progress
from ..report.text import visible
from ..sections.project import Project, open_project
from ..sections.waivers_file import load_waivers
from ..waivers import Waiver
from .accepting import refuse_unknown


def open_stated(criteria: Path, waivers: Path | None) -> Project:
    """Open a project; nothing of its own is run here. Raises UsageError with a line per mistake."""
    project = open_project(criteria)
    accepted = read_waivers(waivers or project.waivers, named=waivers is not None)
    refuse_unknown(project, accepted, waivers or project.waivers)
    for name in project.list_replaced():
        print_progress(f"{name}: replaces the file of that name that comes with the gate")
    return project


def read_waivers(path: Path, *, named: bool) -> Sequence[Waiver]:
    """Read waivers; a file that the user names must exist."""
    if named and not path.exists():
        raise UsageError(f"{path}: there is no such file; name a waivers file, or leave --waivers out")
    return load_waivers(path)


def choose_progress(args: argparse.Namespace) -> Progress:
    """Return what says how far a command is; nothing with --quiet."""
    return _say_nothing if args.quiet else print_progress


def _say_nothing(_step: str) -> None:
    return


def print_progress(step: str) -> None:
    """Say how far a command is, beside what it prints."""
    sys.stderr.write(visible(step) + "\n")
    sys.stderr.flush()
