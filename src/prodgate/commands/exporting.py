"""Writing a run in a format of others."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from ..evidence import runs
from ..report.formats.exporting import FORMATS
from ..report.formats.source import Source, read_source
from ..verdict import Verdict
from ..waivers import Waiver
from .output import write


def export(args: argparse.Namespace) -> int:
    """Write a run in one format; it is checked first. Raises RunError for one that was edited."""
    write(FORMATS[args.format](read_source(runs.read(args.run))), args.output)
    return 0


def render_check(verdict: Verdict, waivers: Sequence[Waiver], path: Path, form: str) -> str:
    """Return a verdict that belongs to no run, on the Terraform at a path, in one format."""
    now = datetime.now(UTC)
    source = Source(
        name="check",
        system=path.resolve().name,
        target=str(path),
        verdict=verdict,
        started=now,
        finished=now,
        waivers={waiver.id: waiver for waiver in waivers},
    )
    return FORMATS[form](source)
