"""Judging Terraform with the policies alone, as it is, or by what it makes worse than a revision."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from ..criteria import Criteria, UsageError
from ..evidence.standing import find_unasked
from ..report.diff.worsening import find_worse
from ..report.placing import follow_verdict, place_verdict, place_worsening
from ..run.planning import plan_judges
from ..run.policies import judge_by_policies
from ..run.revisions import Revision, checked_out, find_top
from ..sections.bundled import BUNDLED
from ..sections.criteria_file import load_criteria
from ..sections.project import Project, find_folders, load_policies
from ..terraform.diagnostics import TerraformError
from ..terraform.evaluate import Given, open_configurations
from ..terraform.moves import find_renamed, follow_moves, read_moves
from ..terraform.policy import POLICIES
from ..terraform.resources import Configuration
from ..terraform.sources import find_other_roots
from ..verdict import Verdict
from ..waivers import Waiver
from . import checking
from .measures import find_edits
from .opening import open_stated, print_progress, read_waivers
from .output import write
from .showing import Form, show, show_worse

#: Formats that are not of others.
_OURS: Final = ("text", "json")
#: What a new address means to whoever applies it.
_MEANING: Final = "an apply destroys the one and creates the other, with what it holds"

_Judged = tuple[Verdict, Sequence[Configuration]]


@dataclass(frozen=True, slots=True)
class _Yardstick:
    """What configurations are judged by, the same before and after a change."""

    criteria: Criteria
    waivers: Sequence[Waiver]
    project: Project | None

    def judge(self, configurations: Sequence[Configuration]) -> Verdict:
        """Return the verdict on some configurations."""
        if self.project is None:
            load_policies(find_folders("policies", None))
            return checking.check(configurations, POLICIES.values(), self.criteria, self.waivers, whole=False)
        judged = judge_by_policies(configurations, self.project)
        found = (*judged, *find_unasked(self.project.stated, {"static"}))
        return checking.check(configurations, (), self.criteria, self.waivers, whole=True, judged_elsewhere=found)


def check(args: argparse.Namespace) -> int:
    """Judge a Terraform root, module tree or plan.json with the policies; the exit code is the verdict's."""
    yardstick = _read_yardstick(args)
    form = Form(str(args.path), args.json or args.format == "json", args.explain)
    base, reader = _find_base(args.path, args.source), _find_reader(args)
    if args.changed is None:
        verdict = place_verdict(yardstick.judge(_open_all(args, yardstick)), base, reader)
        if args.format not in _OURS:
            return _export(verdict, yardstick, args)
        return show(verdict, form)
    with checked_out(args.changed, args.path) as revision:
        for edit in find_edits(yardstick.project, args.waivers, revision):
            print_progress(f"note: since {revision} {edit}; as it is today, it counts for both")
        today = _open_all(args, yardstick)
        was, earlier = _judge_earlier(args, yardstick, revision)
        moves = read_moves(args.path, args.modules) if earlier else ()
        for old, new in find_renamed(earlier, today):
            if follow_moves(old, moves) != new:
                print_progress(f"note: {old} is {new} now, and no moved block says so: {_MEANING}")
        found = find_worse(follow_verdict(was, moves), yardstick.judge(today), since=str(revision))
    found = place_worsening(found, base, reader)
    if args.format not in _OURS:
        return _export(found.verdict, yardstick, args)
    return show_worse(found, form, since=str(revision))


def _find_base(path: Path, source: Path | None) -> Path:
    """Return what positions of findings are relative to: the directory, or the one that a plan.json was made from."""
    return path if path.is_dir() else source or path.parent


def _find_reader(args: argparse.Namespace) -> Path:
    """Return from where whoever reads the findings looks for files.

    SARIF and annotations of GitHub name files of the repository; everything else is read where the command was started.
    """
    return find_top(args.path) if args.format in ("sarif", "github") else Path.cwd()


def _read_yardstick(args: argparse.Namespace) -> _Yardstick:
    project = open_stated(args.criteria, args.waivers) if args.criteria else None
    if project is not None:
        plan_judges(project, {"static"})
    bundled = load_criteria(BUNDLED / "criteria.toml").criteria
    criteria = project.stated.criteria if project else checking.baseline(bundled)
    waivers = read_waivers(args.waivers, named=True) if args.waivers else ()
    return _Yardstick(criteria, waivers, project)


def _open_all(args: argparse.Namespace, yardstick: _Yardstick) -> tuple[Configuration, ...]:
    """Return what the path declares today, and say what is not judged."""
    given = Given(args.var_file, args.var, args.modules, workspace=args.workspace)
    try:
        configurations = _open(args.path, given, args.source, yardstick)
    except TerraformError as error:
        raise UsageError(str(error)) from error
    for other in find_other_roots(args.path.resolve()) if args.path.is_dir() else ():
        print_progress(
            f"not judged: {os.path.relpath(other)} is a root that {args.path} does not call; name it to judge it"
        )
    for note in (each for configuration in configurations for each in configuration.notes):
        print_progress(f"note: {note}")
    return configurations


def _open(path: Path, given: Given, source: Path | None, yardstick: _Yardstick) -> tuple[Configuration, ...]:
    account = yardstick.project.stated.account if yardstick.project else None
    given = replace(given, zones=yardstick.project.stated.zones if yardstick.project else ())
    return open_configurations(path, given=given, source=source, progress=print_progress, account=account)


def _judge_earlier(args: argparse.Namespace, yardstick: _Yardstick, revision: Revision) -> _Judged:
    """Return the verdict on what the path declared at a revision, and that; nothing where that can't be evaluated."""
    path = revision.find(args.path)
    if not revision.holds(path):
        raise UsageError(
            f"--changed: git ignores {args.path}, so that it knows nothing of it at {revision}; "
            "name the directory that it was made from, or leave --changed out"
        )
    print_progress(f"what was declared at {revision}")
    if not path.exists():
        if not args.path.is_dir():
            raise UsageError(f"--changed: {args.path} is not in {revision}; name the directory that it was made from")
        print_progress(f"note: there was no {args.path} at {revision}, so that all of it is new")
        return checking.NOTHING, ()
    var_files, modules = ([_find_given(each, revision) for each in stated] for stated in (args.var_file, args.modules))
    source = _find_given(args.source, revision) if args.source else None
    try:
        earlier = _open(path, Given(var_files, args.var, modules, workspace=args.workspace), source, yardstick)
        return yardstick.judge(earlier), earlier
    except TerraformError as error:
        said = str(error).replace(str(revision.place), str(revision.top))
        print_progress(f"note: what was at {revision} can't be judged, so that all counts as new: {said}")
        return checking.NOTHING, ()


def _find_given(path: Path, revision: Revision) -> Path:
    """Return what stood for a file or folder at a revision; what was not there yet counts for both."""
    found = revision.find(path)
    if path.exists() and not found.exists():
        print_progress(f"note: there was no {path} at {revision}; the one of today counts for both")
        return path
    if not revision.holds(found):
        print_progress(f"note: git has no {path} at {revision}; the one of today counts for both")
    return found


def _export(verdict: Verdict, yardstick: _Yardstick, args: argparse.Namespace) -> int:
    from .exporting import render_check  # noqa: PLC0415  what signs and seals takes a tenth of a second to load

    write(render_check(verdict, yardstick.waivers, args.path, args.format), args.output)
    return verdict.decision.exit_code
