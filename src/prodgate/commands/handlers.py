"""The handlers of explain, trace, setup and iam-policy. Each takes the parsed arguments and returns an exit code."""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..criteria import UsageError
from ..sections.bundled import BUNDLED, is_bundled
from ..sections.criteria_file import parse_layers
from ..sections.project import open_project, root_of
from .answering import ask
from .opening import print_progress


def explain(args: argparse.Namespace) -> int:
    """Print why a criterion, policy or check matters, and what to write."""
    stated = args.criteria or Path("criteria.toml")
    named = bool(args.criteria) or stated.exists()
    file = stated if named else BUNDLED / "criteria.toml"
    from . import explaining  # noqa: PLC0415  the other commands need nothing of it

    foreign = any(not is_bundled(path) for path in explaining.find_files(root_of(file), args.id))
    _print(ask("explain", file, args.id) if foreign else explaining.explain_id(file, args.id))
    return 0


def criteria(args: argparse.Namespace) -> int:
    """Print every criterion that comes with the gate, with what it needs and what judges it."""
    from . import tracing  # noqa: PLC0415  the other commands need nothing of it

    shown = tracing.list_built_in(parse_layers(args.layer, "--layer"))
    _print(json.dumps(shown, indent=2, ensure_ascii=False) if args.json else tracing.render_built_in(shown))
    return 0


def trace(args: argparse.Namespace) -> int:
    """Print which requirement leads to which criterion and judge; with --check, exit 1 if one has no partner."""
    from . import tracing  # noqa: PLC0415  the other commands need nothing of it

    found = tracing.trace(open_project(args.criteria))
    orphans = found.orphans()
    _print(json.dumps(tracing.as_json(found), indent=2) if args.json else tracing.render(found))
    for orphan in orphans:
        sys.stderr.write(f"prodgate: {orphan}\n")
    return 1 if args.check and orphans else 0


def setup(args: argparse.Namespace) -> int:
    """Make the engines ready and print which are; exit 3 if one is missing. Raises UsageError for any EngineError."""
    from ..engines.environments import EngineError  # noqa: PLC0415  the other commands need nothing of it
    from ..engines.programs import may_install  # noqa: PLC0415
    from ..engines.setup import EngineState, check_engines, filling, make_environments, offline, read_digest  # noqa: PLC0415

    states: Sequence[EngineState]
    try:
        with ExitStack() as way:
            if args.keep:
                way.enter_context(filling(args.keep))
                made = make_environments(print_progress)
                way.close()  # writes the list of contents, which the digest needs
                kept = f"kept in {args.keep}, whose contents have the digest {read_digest(args.keep)}"
                states = [replace(each, detail=kept) if each.ready else each for each in made]
            else:
                way.enter_context(offline(args.offline, args.digest) if args.offline else nullcontext())
                states = check_engines(print_progress, installs=not args.offline and may_install(args.install))
    except EngineError as error:
        raise UsageError(str(error)) from None
    if args.json:
        _print(json.dumps([{"engine": s.name, "ready": s.ready, "detail": s.detail} for s in states], indent=2))
    else:
        _print("\n".join(f"{'ready  ' if s.ready else 'MISSING'}  {s.name}: {s.detail}" for s in states))
    return 0 if all(state.ready for state in states) else 3


def iam_policy(args: argparse.Namespace) -> int:
    """Print the policy of the gate's role, or with --drill that of drills; with --managed, write the first as files."""
    named = {"buckets": args.bucket, "keys": args.key, "queues": args.queue}
    wanted = "managed" if args.managed else "drill" if args.drill else ""
    answer = json.loads(ask("iam-policy", args.criteria, wanted, json.dumps(named)))
    if args.managed:
        for path in write_policies(args.managed, answer["policy"]):
            _print(f"{path}")
    else:
        _print(json.dumps(answer["policy"], indent=2))
    if answer["lacks"]:
        sys.stderr.write(f"iam-policy: {answer['lacks']}\n")
    return 0


def _print(text: Any) -> None:
    sys.stdout.write(f"{text}\n")


def write_policies(folder: Path, policies: Sequence[Mapping[str, Any]]) -> Iterator[Path]:
    """Write one file for each policy and yield its path.

    Raises UsageError if the folder can't be written, or holds an old file that is no part of these policies.
    """
    files = {folder / f"prodgate-reads-{number}.json": policy for number, policy in enumerate(policies, start=1)}
    if old := sorted(set(folder.glob("prodgate-reads-*.json")) - files.keys()):
        raise UsageError(f"{old[0]}: is of an earlier time, and no part of the policy now; delete it")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, policy in files.items():
            path.write_text(json.dumps(policy, indent=2) + "\n", "utf-8")
            yield path
    except OSError as error:
        raise UsageError(f"{folder}: can't be written: {error.strerror}; name another folder") from None
