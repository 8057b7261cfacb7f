"""``prodgate run``, ``observe``, ``judge`` and ``report``: making a run, and showing what came of it."""

from __future__ import annotations

import argparse
import os

from ..criteria import UsageError
from ..evidence import runs
from ..layers.rollout.moments import find_supporting
from ..run.cells import list_cells, read_list
from ..run.publishing import Sealer, publish
from ..run.running import Plan, carry_out, judge_again
from ..sealing.signers import take_signer
from ..sections.asked_layers import find_undeclared, parse_layers, refuse_unasked
from ..sections.cells import NAME
from ..sections.moments import narrow, require_judges
from ..sections.targets import Target, parse_target
from .allowed_hosts import refuse_other_host, refuse_other_site
from .opening import choose_progress, open_stated


def run(args: argparse.Namespace) -> int:
    """Observe and judge a target; the exit code is the verdict's."""
    plan = _make_plan(args)
    sealer = _make_sealer(args, plan)
    before = runs.latest(plan.runs) if args.compare else None
    return publish(carry_out(plan), as_json=args.json, before=before, sealer=sealer, project=plan.project.root)


def observe(args: argparse.Namespace) -> int:
    """Observe a target and keep the facts; nothing is judged, so the verdict is INSUFFICIENT EVIDENCE.

    A cell is judged where it is observed: what merges cells has their findings, and never all of their facts.
    """
    if args.cells or NAME.fullmatch(args.target):
        plan = _make_plan_of_cell(args)
        return publish(carry_out(plan), as_json=args.json, sealer=_make_sealer(args, plan), project=plan.project.root)
    plan = _make_plan(args)
    sealer = _make_sealer(args, plan)
    return publish(carry_out(plan, judge=False), as_json=args.json, sealer=sealer, project=plan.project.root)


def judge(args: argparse.Namespace) -> int:
    """Judge the facts of an earlier run again; the exit code is the verdict's."""
    earlier = runs.read(args.run)
    if "merged" in earlier.about:
        raise UsageError(f"{args.run}: holds no facts, those are in the runs of its cells; judge these, or merge again")
    plan = Plan(
        project=open_stated(args.criteria, args.waivers),
        target=parse_target(earlier.about["target"]),
        layers=frozenset(earlier.about["layers"]),
        runs=args.runs,
        progress=choose_progress(args),
        waivers=args.waivers,
        moment=earlier.about.get("moment") or "",
    )
    sealer = _make_sealer(args, plan)
    return publish(judge_again(plan, earlier), as_json=args.json, sealer=sealer, project=plan.project.root)


def report(args: argparse.Namespace) -> int:
    """Write the reports of a run again; the exit code is the verdict's."""
    return publish(args.run, as_json=args.json, pdf=args.pdf)


def _make_plan(args: argparse.Namespace) -> Plan:
    target, layers = parse_target(args.target), parse_layers(args.only)
    project = open_stated(args.criteria, args.waivers)
    refuse_unasked(args.only, project.stated)
    asked = narrow(project.stated, args.moment).criteria
    supporting = find_supporting(asked, rehearsal=target.rehearsal) & layers if args.moment else frozenset()
    layers = require_judges(layers, args.moment)
    if {"live", "rollout"} & (layers - find_undeclared(project.stated)) and not (target.rehearsal or target.site):
        project.stated.require_account()
        _refuse_unopenable(target)
    refuse_other_host(args.i_am_allowed_to_load, project)
    refuse_other_site(args.i_am_allowed_to_attack, project, target)
    return Plan(
        project=project,
        target=target,
        layers=layers,
        runs=args.runs,
        progress=choose_progress(args),
        waivers=args.waivers,
        load_allowed=args.i_am_allowed_to_load,
        attack_allowed=args.i_am_allowed_to_attack,
        moment=args.moment,
        supporting=supporting,
    )


def _make_plan_of_cell(args: argparse.Namespace) -> Plan:
    """Return the plan of a run of one cell. Raises UsageError for one that the criteria do not name."""
    given = ("only", "moment", "i_am_allowed_to_load", "i_am_allowed_to_attack")
    if named := next((name for name in given if getattr(args, name)), ""):
        raise UsageError(f"--{named.replace('_', '-')}: a cell is one layer of one account, whole; leave it out")
    project = open_stated(args.criteria, args.waivers)
    waivers = args.waivers or project.waivers
    stated = read_list(args.cells, project, waivers) if args.cells else list_cells(project, waivers, rehearsal=False)
    cell = stated.find(args.target)
    target = parse_target(cell.target)
    if not target.rehearsal:
        _refuse_unopenable(target)
    return Plan(
        project=project,
        target=target,
        layers=frozenset({cell.layer}),
        runs=args.runs,
        progress=choose_progress(args),
        waivers=args.waivers,
        cell={"cell": cell.name, "cells": stated.digest},
    )


def _make_sealer(args: argparse.Namespace, plan: Plan) -> Sealer:
    """Take the key from the environment before anything of a team runs in it. Raises UsageError."""
    return Sealer(take_signer(args.signing_key, plan.project.stated.evidence))


def _refuse_unopenable(target: Target) -> None:
    """Raise UsageError for an account that can't be opened as things are stated; nothing is asked of AWS for it."""
    from ..aws.sessions import open_session  # noqa: PLC0415  boto3 takes as long to import as all the rest

    open_session(target.profile, target.region, os.environ)
