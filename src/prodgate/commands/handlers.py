"""The commands of the command line. Each takes the parsed arguments and returns an exit code."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from ..engines.setup import check_engines
from ..evidence import runs
from ..layers.rollout.moments import find_supporting
from ..run.planning import list_written
from ..run.publishing import Sealer, publish
from ..run.running import Plan, carry_out, judge_again
from ..sealing.signers import take_signer
from ..sections.asked_layers import find_undeclared, parse_layers, refuse_unasked
from ..sections.bundled import BUNDLED
from ..sections.moments import narrow, require_judges
from ..sections.project import (
    Project,
    open_project,
)
from ..sections.targets import Target, parse_target
from . import tracing
from .allowed_hosts import refuse_other_host, refuse_other_site
from .answering import ask
from .opening import open_stated, print_progress
from .sealing import bundle, seal, verify  # noqa: F401  the command line finds its commands here


def run(args: argparse.Namespace) -> int:
    """Observe and judge a target; the exit code is the verdict's."""
    plan = _make_plan(args)
    sealer = _make_sealer(args, plan)
    before = runs.latest(plan.runs) if args.compare else None
    return publish(carry_out(plan), as_json=args.json, before=before, sealer=sealer)


def observe(args: argparse.Namespace) -> int:
    """Observe a target and keep the facts; nothing is judged, so the verdict is INSUFFICIENT EVIDENCE."""
    plan = _make_plan(args)
    sealer = _make_sealer(args, plan)
    return publish(carry_out(plan, judge=False), as_json=args.json, sealer=sealer)


def judge(args: argparse.Namespace) -> int:
    """Judge the facts of an earlier run again; the exit code is the verdict's."""
    earlier = runs.read(args.run)
    plan = Plan(
        project=open_stated(args.criteria, args.waivers),
        target=parse_target(earlier.about["target"]),
        layers=frozenset(earlier.about["layers"]),
        runs=args.runs,
        progress=print_progress,
        waivers=args.waivers,
        moment=earlier.about.get("moment") or "",
    )
    sealer = _make_sealer(args, plan)
    return publish(judge_again(plan, earlier), as_json=args.json, sealer=sealer)


def report(args: argparse.Namespace) -> int:
    """Write the reports of a run again; the exit code is the verdict's."""
    return publish(args.run, as_json=args.json, pdf=args.pdf)


def explain(args: argparse.Namespace) -> int:
    """Print why something matters and what to write instead."""
    stated = args.criteria or Path("criteria.toml")
    named = bool(args.criteria) or stated.exists()
    _print(ask("explain", stated if named else BUNDLED / "criteria.toml", args.id))
    return 0


def trace(args: argparse.Namespace) -> int:
    """Print what leads to what; with --check, exit 1 when something leads nowhere."""
    project = open_project(args.criteria)
    written = list(list_written(project))
    judges = [*tracing.list_judges(written, project.root), *tracing.list_conclusions(project.stated, written)]
    found = tracing.trace(project.stated, judges)
    orphans = found.orphans()
    _print(json.dumps(tracing.as_json(found), indent=2) if args.json else tracing.render(found))
    for orphan in orphans:
        sys.stderr.write(f"prodgate: {orphan}\n")
    return 1 if args.check and orphans else 0


def setup(args: argparse.Namespace) -> int:
    """Make the engines ready and say which are; exit 3 when one is not."""
    states = check_engines(print_progress)
    if args.json:
        _print(json.dumps([{"engine": s.name, "ready": s.ready, "detail": s.detail} for s in states], indent=2))
    else:
        _print("\n".join(f"{'ready  ' if s.ready else 'MISSING'}  {s.name}: {s.detail}" for s in states))
    return 0 if all(state.ready for state in states if state.needed) else 3


def drill(args: argparse.Namespace) -> int:
    """Make something happen once; exit 0 when it did and nothing was left behind, else 1."""
    from ..drills.command import drill as drilled  # noqa: PLC0415  the other commands need nothing of it

    return drilled(args)


def watch(args: argparse.Namespace) -> int:
    """Watch a deployment to its end; exit 0 when it succeeded, 1 when it did not, 2 when that is not known."""
    from .watching import watch as watched  # noqa: PLC0415  the other commands need nothing of it

    return watched(args)


def attest(args: argparse.Namespace) -> int:
    """Record what people say of a criterion, or list what is due; exit 1 when something is."""
    from .attesting import attest as attested  # noqa: PLC0415  the other commands need nothing of it

    return attested(args)


def iam_policy(args: argparse.Namespace) -> int:
    """Print the policy of the gate's role: exactly the calls that it makes, or those of a drill."""
    _print(ask("iam-policy", args.criteria, "drill" if args.drill else ""))
    return 0


def _make_plan(args: argparse.Namespace) -> Plan:
    target, layers = parse_target(args.target), parse_layers(args.only)
    project = open_stated(args.criteria, args.waivers)
    refuse_unasked(args.only, project.stated)
    asked = narrow(project.stated, args.moment).criteria
    supporting = find_supporting(asked, rehearsal=target.rehearsal) & layers if args.moment else frozenset()
    layers = require_judges(layers, args.moment)
    if {"live", "rollout"} & (layers - find_undeclared(project.stated)) and not target.rehearsal:
        _refuse_unopenable(target, project)
    refuse_other_host(args.i_am_allowed_to_load, project)
    refuse_other_site(args.i_am_allowed_to_attack, project)
    return Plan(
        project=project,
        target=target,
        layers=layers,
        runs=args.runs,
        progress=print_progress,
        waivers=args.waivers,
        load_allowed=args.i_am_allowed_to_load,
        attack_allowed=args.i_am_allowed_to_attack,
        moment=args.moment,
        supporting=supporting,
    )


def _make_sealer(args: argparse.Namespace, plan: Plan) -> Sealer:
    """Take the key from the environment before anything of a team runs in it. Raises UsageError."""
    return Sealer(take_signer(args.signing_key, plan.project.stated.evidence))


def _refuse_unopenable(target: Target, project: Project) -> None:
    """Raise UsageError for an account that can't be opened as things are stated; nothing is asked of AWS for it."""
    from ..aws.sessions import open_session  # noqa: PLC0415  boto3 takes as long to import as all the rest

    project.stated.require_account()
    open_session(target.profile, target.region, os.environ)


def _print(text: Any) -> None:
    sys.stdout.write(f"{text}\n")
