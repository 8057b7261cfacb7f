"""Keeping a run where nobody can change it, and bringing it back."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ..aws.refusals import refusals_are_mistakes
from ..evidence import runs
from ..evidence.archive import ArchiveError, Lock, Place, archive_run, restore_run
from ..report.formats.source import read_source
from ..report.text import visible
from ..sealing.files import SEAL
from ..sealing.standing import read_state
from ..sealing.verifying import check_by_itself
from ..sections.targets import parse_account


def archive(args: argparse.Namespace) -> int:
    """Put a run into a bucket with Object Lock; it is checked first. Raises UsageError."""
    run = runs.read(args.run)
    if run.finished is None:
        raise ArchiveError(f"{args.run}: was cut off, so that nothing says what belongs to it; run the gate again")
    _require_seal(args.run)
    place, until = Place.parse(args.bucket), datetime.now(UTC) + timedelta(days=args.days)
    there = call_s3(args.via, lambda s3: archive_run(s3, args.run, place, Lock(mode=args.mode, until=until)))
    _print(f"archived: {there}, locked until {until:%Y-%m-%d} ({args.mode}); {read_state(run)}")
    _print(f"head:     {run.head}")
    return 0


def restore(args: argparse.Namespace) -> int:
    """Bring a run back from its archive and check it. Raises UsageError, also for one that was changed."""
    there, into = Place.parse(args.archive), Path(args.into)
    path, touched = call_s3(args.via, lambda s3: restore_run(s3, there, into))
    for line in touched:
        sys.stderr.write(f"{visible(line)}; what was archived first came back\n")
    run = runs.read(path)
    _require_seal(path)
    _print(f"restored: {path}")
    _print(read_source(run).describe())
    _print(f"head:     {run.head}")
    return 0


def _require_seal(path: Path) -> None:
    """Raise ArchiveError for a run that is not as it was sealed; one without a seal has only its chain."""
    if (path / SEAL).exists() and (flaws := check_by_itself(path).flaws):
        raise ArchiveError(f"{path}: is not as it was sealed: {'; '.join(flaws)}")


def call_s3(via: str, act: Any) -> Any:
    """Call something with a client of S3 as a target's credentials have it. Raises UsageError for AWS's refusals."""
    target = parse_account(via, "which keeps nothing")
    from ..aws.sessions import open_elsewhere  # noqa: PLC0415  boto3 takes as long to import as all the rest

    with refusals_are_mistakes("s3", "docs/archive.md has the rights that this needs"):
        return act(open_elsewhere(target.profile, target.region)("s3"))


def _print(line: str) -> None:
    sys.stdout.write(f"{visible(line)}\n")
