"""Positions of findings, as readers find the files: from their working directory, or in the repository."""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path

from ..evidence.runs import Run
from ..findings import Finding
from ..terraform.moves import Move, follow_moves
from ..verdict import Verdict
from .diff.comparison import Worsening


def place_verdict(verdict: Verdict, base: Path, reader: Path) -> Verdict:
    """Return a verdict whose findings name files relative to where the reader is, and not to ``base``."""
    placed = [replace(ruling, findings=place_findings(ruling.findings, base, reader)) for ruling in verdict.rulings]
    return replace(verdict, rulings=tuple(placed))


def follow_verdict(verdict: Verdict, moves: Sequence[Move]) -> Verdict:
    """Return a verdict that names what was moved as it is named today."""
    if not moves:
        return verdict
    followed = [
        replace(ruling, findings=tuple(_follow(finding, moves) for finding in ruling.findings))
        for ruling in verdict.rulings
    ]
    return replace(verdict, rulings=tuple(followed))


def _follow(finding: Finding, moves: Sequence[Move]) -> Finding:
    return replace(
        finding,
        subject=follow_moves(finding.subject, moves),
        aspect=follow_moves(finding.aspect, moves),
        expected=follow_moves(finding.expected, moves),
        observed=follow_moves(finding.observed, moves),
    )


def place_worsening(found: Worsening, base: Path, reader: Path) -> Worsening:
    """Return what a change made worse, with positions as the reader finds them."""
    return replace(
        found,
        verdict=place_verdict(found.verdict, base, reader),
        fixed=place_findings(found.fixed, base, reader),
        hidden=place_findings(found.hidden, base, reader),
        gone=place_findings(found.gone, base, reader),
        admitted=place_findings(found.admitted, base, reader),
    )


def place_run(run: Run, base: Path, reader: Path) -> Run:
    """Return a run whose findings name files relative to where the reader is, and not to ``base``."""
    return replace(run, findings=place_findings(run.findings, base, reader))


def place_in_repository(run: Run) -> Run:
    """Return a run that names files as they lie in the repository, which others show, and not from its criteria on.

    What run.json does not say is not guessed: a run outside of a repository, or of an earlier version, stays as it is.
    """
    top = Path("/")
    return place_run(run, top / str(run.about.get("folder") or ""), top)


def place_findings(findings: Iterable[Finding], base: Path, reader: Path) -> tuple[Finding, ...]:
    """Return findings that name files relative to where the reader is, and not to ``base``."""
    near = partial(_approach, base.resolve(), reader.resolve())
    return tuple(replace(finding, where=tuple(_place(place, near) for place in finding.where)) for finding in findings)


def _place(place: str, near: Callable[[str], str]) -> str:
    """Return a position as the reader finds it; one that names no file, such as an address, stays as it is.

    >>> near = partial(_approach, Path("/shop/live"), Path("/shop"))
    >>> _place("main.tf:4", near)
    'live/main.tf:4'
    >>> _place("arn:aws:sqs:eu-west-1:123456789012:jobs", near)
    'arn:aws:sqs:eu-west-1:123456789012:jobs'
    """
    file, _, line = place.rpartition(":")
    if not file or not line.isdigit() or file.startswith("arn:") or "://" in file:
        return place
    return f"{near(file)}:{line}"


@lru_cache(maxsize=4096)  # a file has many findings
def _approach(base: Path, reader: Path, file: str) -> str:
    return Path(os.path.relpath(base / file, reader)).as_posix()
