"""Judging configurations by a project's policies in a process of their own, and counting what came of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from ..criteria import Criteria, UsageError
from ..evidence import journal
from ..evidence.counting import count_findings
from ..evidence.standing import leave_undetermined
from ..findings import Finding
from ..sections.judges import WrittenJudge
from ..sections.project import Project
from ..terraform.resources import Configuration
from ..terraform.serialization import to_json
from .children import ask_child
from .fixity import take_fixity
from .planning import plan_judges
from .policy_process import CONFIGURATION, LAYER


def judge_by_policies(configurations: Sequence[Configuration], project: Project) -> tuple[Finding, ...]:
    """Return what the policies of a project find. Raises UsageError for policies that can't be used."""
    fixity = take_fixity(project)
    planned = [judge for judge in plan_judges(project, {LAYER})[LAYER] if judge.kind == "policy"]
    with TemporaryDirectory(prefix="prodgate-") as made:
        folder = Path(made)
        for number, configuration in enumerate(configurations):
            _give(folder / f"{number:04}", configuration, planned, project.root)
        broken = _run(project, folder)
        if changed := fixity.find_changes():
            raise UsageError(f"{changed}: changed while the policies judged; judge files that stay as they are")
        return tuple(f for each in sorted(folder.iterdir()) for f in _count(each, broken, project.stated.criteria))


def _give(folder: Path, configuration: Configuration, planned: Sequence[WrittenJudge], root: Path) -> None:
    folder.mkdir()
    (folder / CONFIGURATION).write_text(json.dumps(to_json(configuration, whole=True)), "utf-8")
    for judge in planned:
        journal.Journal.of(folder).record_planned(LAYER, judge.name, judge.criterion, judge.place_in(root))


def _run(project: Project, folder: Path) -> str:
    """Run the process; return how it ended when that was not as it should. Raises UsageError for its mistakes."""
    criteria = str(project.stated.path.absolute())
    done, ended = ask_child("prodgate.run.policy_process", criteria, str(folder), cwd=project.root)
    if done and done.code == 4:
        raise UsageError(done.stderr.strip())
    return f"the process of the policies {ended}" if ended else ""


def _count(folder: Path, broken: str, criteria: Criteria) -> Iterator[Finding]:
    path = folder / journal.NAME
    events = list(journal.read(path)) if path.exists() else []
    yield from count_findings(events)
    if broken:
        yield from leave_undetermined(LAYER, broken, criteria)
