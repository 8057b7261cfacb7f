"""``prodgate drill``: what to drill, where, and the record of it."""

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

from .. import runs
from ..criteria import UsageError
from ..evidence import store_json
from ..journal import Journal
from ..project import Project, open_project
from ..report.text import visible
from ..targets import Target, parse_target
from ..terraform.diagnostics import TerraformError
from .alarm import Drilled, chosen, drill_alarm
from .arguments import CONFIRM

if TYPE_CHECKING:
    from ..aws.clients import Clients

#: Where alarms on CloudFront are.
_EDGE: Final = "us-east-1"


def drill(given: argparse.Namespace) -> int:
    """Drill; exit 0 when every notification arrived and nothing was left behind, else 1."""
    target = parse_target(given.target)
    if not target.rehearsal and not given.confirmed:
        raise UsageError(
            f"{given.target}: whoever is on call will be told that {given.name!r} fired; "
            f"tell them that a drill comes, then add {CONFIRM}"
        )
    project = open_project(given.criteria)
    about = {
        "system": project.stated.system, "target": target.url, "rehearsal": target.rehearsal, "layers": [],
        "drill": f"{given.what} {given.name}", "actor": os.environ.get("USER", ""),
    }  # fmt: skip
    with _clients(target, project) as aws, _refusals():
        alarm = chosen(aws, given.name, tuple(dict.fromkeys((target.region, _EDGE))))
        run = runs.create(given.runs / "drills", about, project.stated.path, project.waivers)
        Journal.of(run).write("drill", what=given.what, name=given.name)
        drilled = drill_alarm(aws, alarm, _progress, patience=given.patience)
    _keep(run, drilled, target)
    sys.stdout.write(f"{json.dumps(_plain(drilled), indent=2) if given.json else _told(drilled)}\n")
    sys.stderr.write(f"record: {run}\n")
    return 0 if not drilled.missing and not drilled.left else 1


@contextmanager
def _refusals() -> Iterator[None]:
    """Turn what AWS refuses into a message. Raises UsageError."""
    try:
        yield
    except Exception as error:
        if type(error).__module__.startswith("botocore."):
            raise UsageError(f"drill: {error}; prodgate iam-policy --drill prints what its role needs") from error
        raise


@contextmanager
def _clients(target: Target, project: Project) -> Iterator[Clients]:
    """Yield clients that may change something, of the account that the criteria name. Raises UsageError."""
    if not target.rehearsal:
        from ..aws.opening import open_for_drill  # noqa: PLC0415  boto3 takes as long to import as all the rest

        if not project.stated.account:
            raise UsageError(f'{project.stated.path}: names no account; write [account] with id = "123456789012"')
        yield open_for_drill(target.profile, target.region, project.stated.account)
        return
    from ..rehearsal.account import provisioned  # noqa: PLC0415

    root, files = project.stated.terraform_root, [project.root / file for file in project.stated.var_files]
    if not root:
        raise UsageError(f'{project.stated.path}: names no Terraform root to rehearse; write [terraform] root = "path"')
    try:
        with provisioned(project.root / root, var_files=files, progress=_progress) as account:
            yield account.clients
    except TerraformError as error:
        raise UsageError(str(error)) from error


def _keep(run: Path, drilled: Drilled, target: Target) -> None:
    digest = store_json(run, _plain(drilled))
    journal = Journal.of(run)
    journal.fact("live", "drill", drilled.alarm, digest, target.url)
    journal.write("closed")


def _plain(drilled: Drilled) -> dict[str, Any]:
    return {**asdict(drilled), "missing": drilled.missing}


def _told(drilled: Drilled) -> str:
    lines = [f"{topic}: arrived after {seconds} s" for topic, seconds in drilled.arrived.items()]
    lines += [f"{topic}: nothing arrived; the alarm's history says why" for topic in drilled.missing]
    return "\n".join(map(visible, lines))


def _progress(step: str) -> None:
    sys.stderr.write(f"{visible(step)}\n")
