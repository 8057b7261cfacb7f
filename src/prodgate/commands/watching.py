"""``prodgate watch``: follows a deployment, or a migration that fails, and keeps the record; only reads."""

import argparse
import json
import os
import sys
from collections.abc import Mapping
from typing import Any, Final

from ..aws.answers import Unreadable
from ..criteria import UsageError
from ..evidence import runs
from ..evidence.artifacts import store_json
from ..evidence.journal import Journal
from ..facts.rollout.migrations import summarise_failure
from ..layers.layer import LayerContext
from ..layers.rollout.deployment import Wanted, follow, follow_failure, summarise
from ..layers.rollout.watching import FOLDER, MIGRATION, WATCHED
from ..processes.output import visible
from ..run.publishing import close_record
from ..sections.project import Project, open_project
from ..sections.targets import Target, parse_target, require_account
from .opening import print_progress, refuse_other_host

#: Exit codes: everything went well, something did not, nobody knows.
_GOOD, _BAD, _UNKNOWN = 0, 1, 2
_TARGET: Final = "://"


def watch(given: argparse.Namespace) -> int:
    """Watch; return 0 when it became what it must and no request failed, 1 when not, 2 when that is not known."""
    target = _read_target(given)
    wanted = None if given.what == "migration" else _read_wanted(given)
    project = open_project(given.criteria)
    refuse_other_host(given.i_am_allowed_to_load, project)
    context = _begin(given, target, project)
    try:
        record = follow_failure(context) if wanted is None else follow(context, wanted)
    except Unreadable as error:
        raise UsageError(f"watch: {error.reason}") from error
    digest, kind = store_json(context.run, record), MIGRATION if wanted is None else WATCHED
    subject = record["family"] if wanted is None else ", ".join(sorted(record["ids"].values()))
    context.journal.record_fact("rollout", kind, subject, digest, target.url)
    close_record(context.run)
    outcome = summarise_failure(record) if wanted is None else summarise(record)
    _print_outcome(outcome, as_json=given.json)
    sys.stderr.write(f"record: {context.run}\n")
    return {"good": _GOOD, "bad": _BAD}.get(outcome["outcome"], _UNKNOWN)


def _read_target(given: argparse.Namespace) -> Target:
    """Return where to watch. Raises UsageError."""
    targets = [each for each in given.named if _TARGET in each]
    if len(targets) != 1:
        raise UsageError(f"watch: names {len(targets)} targets; write one, e.g. aws://prod@ap-northeast-1")
    target = parse_target(targets[0])
    if target.rehearsal:
        raise UsageError(
            f"{target.url}: a rehearsal watches its own deployments: prodgate run {target.url} --only rollout"
        )
    require_account(target, "watch:")
    if given.what == "migration" and (len(given.named) > 1 or given.latest or given.next or given.service):
        raise UsageError("watch migration: waits for the next one; name the target alone")
    return target


def _read_wanted(given: argparse.Namespace) -> Wanted:
    """Return which deployments to watch. Raises UsageError."""
    ids = tuple(each for each in given.named if _TARGET not in each)
    if bool(ids) + given.latest + given.next != 1:
        raise UsageError("watch: say which deployment: its id, --latest for the newest, or --next for the one to come")
    if ids and given.service:
        raise UsageError("watch: an id names its service already; write --service with --latest or --next")
    return Wanted(ids=ids, next=given.next, services=tuple(given.service))


def _begin(given: argparse.Namespace, target: Target, project: Project) -> LayerContext:
    about = {
        "system": project.stated.system, "target": target.url, "rehearsal": False, "layers": [],
        "watch": " ".join([given.what, *given.named]), "actor": os.environ.get("USER", ""),
    }  # fmt: skip
    run = runs.create(given.runs / FOLDER, about, project.stated.path, project.waivers)
    journal = Journal.of(run)
    journal.write("watch", what=given.what, named=given.named)
    return LayerContext(
        run=run,
        target=target,
        project=project.root,
        stated=project.stated,
        journal=journal,
        progress=print_progress,
        load_allowed=given.i_am_allowed_to_load,
    )


def _print_outcome(outcome: Mapping[str, Any], *, as_json: bool) -> None:
    said = json.dumps(outcome, indent=2) if as_json else "\n".join(map(visible, outcome["lines"]))
    sys.stdout.write(f"{said}\n")
