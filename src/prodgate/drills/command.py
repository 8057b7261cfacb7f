"""``prodgate drill``: chooses what is drilled and where, and keeps the record."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..aws.answers import Unreadable
from ..aws.refusals import refusals_are_mistakes
from ..canaries.drill_records import FOLDER
from ..criteria import UsageError
from ..evidence import runs
from ..evidence.artifacts import store_json
from ..evidence.journal import Journal
from ..layers.rehearsal import load_rehearsal
from ..report.text import visible
from ..run.publishing import close_record
from ..sections.project import Project, open_project
from ..sections.rehearsal import name_past
from ..sections.targets import Target, parse_target, require_account
from ..terraform.diagnostics import TerraformError
from .alarm import AlarmDrill, choose_alarm, drill_alarm
from .arguments import CONFIRM, CONFIRM_BUILDS, CONFIRM_FAILURE
from .outcome import Begin, Outcome

if TYPE_CHECKING:
    from ..aws.clients import Clients

_REHEARSAL: Final = "rehearsal://"
#: Where alarms on CloudFront are.
_EDGE: Final = "us-east-1"
#: What to do about rights that a drill lacks.
_RIGHTS: Final = "prodgate iam-policy --drill prints what its role needs"
#: Seconds to wait for the notifications of an alarm.
_PATIENCE: Final = 60.0


def drill(given: argparse.Namespace) -> int:
    """Run a drill; return 0 when everything arrived and nothing was left behind, else 1."""
    _settle_target(given)
    target = require_account(parse_target(given.target), "drill:")
    _refuse_unconfirmed(given, target)
    project = open_project(given.criteria)
    about = {
        "system": project.stated.system, "target": target.url, "rehearsal": target.rehearsal, "layers": [],
        "drill": f"{given.what} {given.name}".strip(), "actor": os.environ.get("USER", ""),
    }  # fmt: skip

    def begin() -> Path:
        run = runs.create(given.runs / FOLDER, about, project.stated.path, project.waivers)
        Journal.of(run).write("drill", what=given.what, name=given.name)
        return run

    drilled = _DRILLS[given.what](given, target, project, begin)
    _write_record(drilled, target)
    said = json.dumps(drilled.record, indent=2) if given.json else "\n".join(map(visible, drilled.lines))
    sys.stdout.write(f"{said}\n")
    sys.stderr.write(f"record: {drilled.run}\n")
    return 0 if drilled.good else 1


def _settle_target(given: argparse.Namespace) -> None:
    """Take the target for what it is where nothing is named: the rollbacks of all services are drilled together."""
    if given.what == "rollback":
        if given.name and given.target != _REHEARSAL:
            raise UsageError(f"drill rollback: {given.name!r} is not needed; write the target alone")
        given.target, given.name = given.name or given.target, ""
    elif not given.name:
        raise UsageError(f"drill {given.what}: whose? Write its name, e.g. prodgate drill {given.what} NAME")


def _refuse_unconfirmed(given: argparse.Namespace, target: Target) -> None:
    """Raise UsageError when people would be notified, or served badly, and nobody has confirmed that they may be."""
    wanted, said, what = {
        "alarm": (CONFIRM, given.confirmed, f"whoever is on call will be told that {given.name!r} fired"),
        "dag": (CONFIRM_FAILURE, given.may_fail, f"whoever is on call will be told that {given.name!r} failed"),
        "rollback": (CONFIRM_BUILDS, given.may_deploy, "readers will meet a build that fails, until it is taken back"),
    }[given.what]
    if not target.rehearsal and not said:
        raise UsageError(f"{given.target}: {what}; tell them that a drill comes, then add {wanted}")


def _drill_alarm(given: argparse.Namespace, target: Target, project: Project, begin: Begin) -> Outcome:
    with _clients(target, project) as aws, refusals_are_mistakes("drill", _RIGHTS):
        alarm = choose_alarm(aws, given.name, tuple(dict.fromkeys((target.region, _EDGE))))
        run = begin()
        patience = _PATIENCE if given.patience is None else given.patience
        drilled = drill_alarm(aws, alarm, _print_progress, patience=patience)
    return Outcome(
        run=run,
        kind="drill",
        subject=drilled.alarm,
        record={**asdict(drilled), "missing": drilled.missing},
        lines=tuple(_render_lines(drilled)),
        good=not drilled.missing and not drilled.left,
    )


def _drill_dag(given: argparse.Namespace, target: Target, project: Project, begin: Begin) -> Outcome:
    from ..aws.sessions import open_account  # noqa: PLC0415  boto3 takes as long to import as all the rest
    from .dag import drill_dag, find_canary  # noqa: PLC0415

    section = find_canary(project.stated, given.name, target)
    with _clients(target, project) as aws, refusals_are_mistakes("drill", _RIGHTS):
        calls = open_account(target.profile, target.region, project.stated.account)
        about: dict[str, Any] = {
            "id_": project.stated.account,
            "target": target,
            "begin": begin,
            "tell": _print_progress,
        }
        return drill_dag(section, aws, calls, **about, patience=given.patience)


def _drill_rollback(given: argparse.Namespace, target: Target, project: Project, begin: Begin) -> Outcome:
    from ..aws.sessions import open_for_drill  # noqa: PLC0415  boto3 takes as long to import as all the rest
    from .rollback import RollbackDrill, drill_rollback  # noqa: PLC0415

    def open_clients() -> Clients:
        return open_for_drill(target.profile, target.region, project.stated.require_account())

    about: dict[str, Any] = {"given": given, "target": target, "project": project, "begin": begin}
    with refusals_are_mistakes("drill", _RIGHTS):
        return drill_rollback(RollbackDrill(**about, tell=_print_progress, open_clients=open_clients))


@contextmanager
def _clients(target: Target, project: Project) -> Iterator[Clients]:
    """Yield clients that may change the account which the criteria name. Raises UsageError."""
    if not target.rehearsal:
        from ..aws.sessions import open_for_drill  # noqa: PLC0415  boto3 takes as long to import as all the rest

        yield open_for_drill(target.profile, target.region, project.stated.require_account())
        return
    root, files = project.stated.applied_root, [project.root / file for file in project.stated.var_files]
    if not root:
        raise UsageError(f'{project.stated.path}: names no Terraform root to rehearse; write [terraform] root = "path"')
    try:
        opened = load_rehearsal().open_account(
            project.root / root,
            var_files=files,
            dags=None,
            past=name_past(project.stated.rehearsal, project.root),
            shared=None,
            progress=_print_progress,
        )
        with opened as account:
            yield account.clients
    except (TerraformError, Unreadable) as error:
        raise UsageError(str(error)) from error


def _write_record(drilled: Outcome, target: Target) -> None:
    digest = store_json(drilled.run, drilled.record)
    Journal.of(drilled.run).record_fact("live", drilled.kind, drilled.subject, digest, target.url)
    close_record(drilled.run)


def _render_lines(drilled: AlarmDrill) -> Iterator[str]:
    yield from (f"{topic}: arrived after {seconds} s" for topic, seconds in drilled.arrived.items())
    yield from (f"{topic}: nothing arrived; the alarm's history says why" for topic in drilled.missing)


def _print_progress(step: str) -> None:
    sys.stderr.write(f"{visible(step)}\n")


_DRILLS: Final = {"alarm": _drill_alarm, "dag": _drill_dag, "rollback": _drill_rollback}
