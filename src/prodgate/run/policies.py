"""Judging configurations by a project's policies in a process of their own, and counting what came of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from ..criteria import UsageError
from ..evidence import journal
from ..evidence.counting import count_findings
from ..findings import Finding
from ..processes.interpreter import drop_settings
from ..sections.judges import WrittenJudge
from ..sections.project import Project
from ..terraform.resources import Configuration
from ..terraform.serialization import to_json
from .planning import plan_judges
from .policy_process import CONFIGURATION, LAYER
from .running import read_limit


def judge_by_policies(configurations: Sequence[Configuration], project: Project) -> tuple[Finding, ...]:
    """Return what the policies of a project find. Raises UsageError for policies that can't be used."""
    planned = [judge for judge in plan_judges(project, {LAYER})[LAYER] if judge.kind == "policy"]
    with TemporaryDirectory(prefix="prodgate-") as made:
        folder = Path(made)
        for number, configuration in enumerate(configurations):
            _give(folder / f"{number:04}", configuration, planned, project.root)
        _run(project, folder)
        return tuple(finding for each in sorted(folder.iterdir()) for finding in _count(each))


def _give(folder: Path, configuration: Configuration, planned: Sequence[WrittenJudge], root: Path) -> None:
    folder.mkdir()
    (folder / CONFIGURATION).write_text(json.dumps(to_json(configuration)), "utf-8")
    for judge in planned:
        journal.Journal.of(folder).record_planned(LAYER, judge.name, judge.criterion, judge.place_in(root))


def _run(project: Project, folder: Path) -> None:
    """Run the process; one that dies leaves unfinished what it did not finish."""
    criteria = str(project.stated.path.absolute())
    command = [sys.executable, "-P", "-m", "prodgate.run.policy_process", criteria, str(folder)]
    environment, limit = drop_settings(dict(os.environ)), read_limit()
    try:
        done = subprocess.run(  # noqa: S603  our own module
            command, cwd=project.root, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, check=False, timeout=limit,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return
    if done.returncode == 4:
        raise UsageError(done.stderr.decode("utf-8", "replace").strip())


def _count(folder: Path) -> Iterator[Finding]:
    path = folder / journal.NAME
    yield from count_findings(journal.read(path) if path.exists() else ())
