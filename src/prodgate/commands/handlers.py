"""Commands of the command line that are short. Each takes the parsed arguments and returns an exit code."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..criteria import UsageError
from ..run.planning import list_written
from ..sections.bundled import BUNDLED
from ..sections.project import open_project
from .answering import ask
from .opening import print_progress
from .policy_files import write_policies


def explain(args: argparse.Namespace) -> int:
    """Print why something matters and what to write instead."""
    stated = args.criteria or Path("criteria.toml")
    named = bool(args.criteria) or stated.exists()
    _print(ask("explain", stated if named else BUNDLED / "criteria.toml", args.id))
    return 0


def trace(args: argparse.Namespace) -> int:
    """Print what leads to what; with --check, exit 1 when something leads nowhere."""
    from . import tracing  # noqa: PLC0415  the other commands need nothing of it

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
    """Make the engines ready and say which are; exit 3 when one is not. Raises UsageError for a folder of no use."""
    from ..engines.carrying import filling, offline, read_digest  # noqa: PLC0415  the other commands need nothing of it
    from ..engines.environments import EngineError  # noqa: PLC0415
    from ..engines.setup import EngineState, check_engines, make_environments  # noqa: PLC0415

    if args.digest and not args.offline:
        raise UsageError("--digest: is of a folder to install from; name it by --offline")
    states: Sequence[EngineState]
    try:
        with ExitStack() as way:
            if args.keep:
                way.enter_context(filling(args.keep))
                made = make_environments(print_progress)
                way.close()
                kept = f"kept in {args.keep}, whose contents have the digest {read_digest(args.keep)}"
                states = [replace(each, detail=kept) if each.ready else each for each in made]
            else:
                way.enter_context(offline(args.offline, args.digest) if args.offline else nullcontext())
                states = check_engines(print_progress, fetches=not args.offline)
    except EngineError as error:
        raise UsageError(str(error)) from None
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
    if args.managed:
        for path in write_policies(args.managed, json.loads(ask("iam-policy", args.criteria, "managed"))):
            _print(f"{path}")
    else:
        _print(ask("iam-policy", args.criteria, "drill" if args.drill else ""))
    return 0


def _print(text: Any) -> None:
    sys.stdout.write(f"{text}\n")
