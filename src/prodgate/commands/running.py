"""``prodgate run``, ``observe``, ``judge`` and ``report``: making a run, and showing what came of it.

Arguments are opened, then validated, then planned, each once; the plan goes down, and nothing is begun before.
"""

import argparse
import os
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from ..criteria import UsageError
from ..engines.programs import may_install
from ..evidence import runs
from ..layers.rollout.kinds import find_supporting
from ..load.elsewhere import check_place
from ..run.merging import list_cells, read_list
from ..run.publishing import publish
from ..run.running import Plan, carry_out, judge_again, make_plan
from ..sealing.signers import take_signer
from ..sections.criteria_file import find_undeclared, narrow, parse_layers, refuse_unasked, require_judges
from ..sections.project import Project
from ..sections.targets import NAME, Target, parse_target
from .opening import choose_progress, choose_status, open_stated, refuse_other_host


def run(args: argparse.Namespace) -> int:
    """Observe and judge a target; the exit code is the verdict's."""
    plan = plan_run(args)
    before = runs.latest(plan.runs) if args.compare else None
    return _publish(carry_out(plan), plan, args, before)


def observe(args: argparse.Namespace) -> int:
    """Observe a target and keep the facts; nothing is judged, so the verdict is INSUFFICIENT EVIDENCE.

    A cell is judged where it is observed: what merges cells has their findings, and never all of their facts.
    """
    of_cell = bool(args.cells or NAME.fullmatch(args.target))
    plan = _plan_cell(args) if of_cell else plan_run(args)
    return _publish(carry_out(plan, judge=of_cell), plan, args)


def judge(args: argparse.Namespace) -> int:
    """Judge the facts of an earlier run again; the exit code is the verdict's."""
    earlier = runs.read(args.run)
    if "merged" in earlier.about:
        raise UsageError(f"{args.run}: holds no facts, those are in the runs of its cells; judge these, or merge again")
    project, target = open_stated(args), parse_target(earlier.about["target"])
    layers, moment = frozenset(earlier.about["layers"]), earlier.about.get("moment") or ""
    plan = _plan(args, project, target=target, layers=layers, moment=moment)
    return _publish(judge_again(plan, earlier), plan, args)


def report(args: argparse.Namespace) -> int:
    """Write the reports of a run again; the exit code is the verdict's."""
    return publish(args.run, as_json=args.json, pdf=args.pdf)


#: Option -> the layers that do what it allows.
_ASKED_BY: Final = {
    "i_am_allowed_to_load": frozenset({"load", "rollout"}),
    "i_am_allowed_to_attack": frozenset({"e2e"}),
    "load_record": frozenset({"load"}),
}


def plan_run(args: argparse.Namespace) -> Plan:
    """Return the plan of a run of a system. Raises UsageError."""
    target, layers = parse_target(args.target), parse_layers(args.only)
    project = open_stated(args)
    refuse_unasked(args.only, project.stated)
    asked = narrow(project.stated, args.moment).criteria
    supporting = find_supporting(asked, rehearsal=target.rehearsal) & layers if args.moment else frozenset()
    layers = require_judges(layers, args.moment)
    if {"live", "rollout"} & (layers - find_undeclared(project.stated)) and not (target.rehearsal or target.site):
        project.stated.require_account()
        _refuse_unopenable(target)
    for option, needing in _ASKED_BY.items():
        if getattr(args, option) and not needing & layers:
            named = f"--{option.replace('_', '-')}"
            raise UsageError(f"{named}: changes nothing without {' or '.join(sorted(needing))}; leave it out")
    refuse_other_host(args.i_am_allowed_to_load, project)
    _refuse_other_site(args.i_am_allowed_to_attack, project, target)
    _refuse_earlier_records(args.load_record)
    return _plan(
        args, project, target=target, layers=layers, moment=args.moment, supporting=supporting,
        installs=may_install(args.install), load_allowed=args.i_am_allowed_to_load,
        attack_allowed=args.i_am_allowed_to_attack, load_record=args.load_record,
    )  # fmt: skip


def _plan_cell(args: argparse.Namespace) -> Plan:
    """Return the plan of a run of one cell. Raises UsageError for one that the criteria do not name."""
    if named := next((name for name in ("only", "moment", *_ASKED_BY) if getattr(args, name)), ""):
        raise UsageError(f"--{named.replace('_', '-')}: a cell is one layer of one account, whole; leave it out")
    project = open_stated(args)
    stated = read_list(args.cells, project) if args.cells else list_cells(project, rehearsal=False)
    cell = stated.find(args.target)
    target = parse_target(cell.target)
    if not target.rehearsal:
        _refuse_unopenable(target)
    named_cell, layers = {"cell": cell.name, "cells": stated.digest}, frozenset({cell.layer})
    return _plan(args, project, target=target, layers=layers, cell=named_cell, installs=may_install(args.install))


def _plan(args: argparse.Namespace, project: Project, **found: Any) -> Plan:
    """Take the key from the environment before anything of a team runs in it, and plan. Raises UsageError."""
    signer = take_signer(args.signing_key, project.stated.evidence)
    progress, status = choose_progress(args), choose_status(args)
    return make_plan(project, args.runs, signer=signer, progress=progress, status=status, **found)


def _publish(path: Path, plan: Plan, args: argparse.Namespace, before: Path | None = None) -> int:
    root = plan.project.root
    return publish(path, as_json=args.json, before=before, seals=True, signer=plan.signer, project=root)


def _refuse_other_site(host: str, project: Project, target: Target) -> None:
    """Raise UsageError for a host that is not the site's: whoever allowed it meant another system."""
    stated = project.stated.e2e.base_url if project.stated.e2e else ""
    site = urlsplit(target.site or stated).hostname or ""
    if host and host != site:
        there = f"that is {site}" if site else "which names no base_url"
        whose = "the target" if target.site else f"the site of [e2e] in {project.stated.path}"
        raise UsageError(f"--i-am-allowed-to-attack: {host!r} is not {whose}; {there}")


def _refuse_earlier_records(folder: str) -> None:
    """Raise UsageError for a folder with records: whoever chooses among loads has the one that passes."""
    check_place(folder)
    if folder and (kept := [*Path(folder).glob("record.json"), *Path(folder).glob("*/record.json")]):
        reason = "is older than this run, which hands out the settings and awaits the record; name an empty folder"
        raise UsageError(f"--load-record: {kept[0]}: {reason}")


def _refuse_unopenable(target: Target) -> None:
    """Raise UsageError for an account that can't be opened as stated, without a call to AWS."""
    from ..aws.sessions import open_session  # noqa: PLC0415  boto3 takes as long to import as all the rest

    open_session(target.profile, target.region, os.environ)
