"""Telling people that the verdict changed, by a webhook or a topic of SNS."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from ..aws.refusals import refusals_are_mistakes
from ..criteria import UsageError
from ..evidence import runs
from ..report.notice import Notice, make_notice
from ..report.text import visible
from ..sections.targets import parse_account
from .webhook import post_webhook


def notify(args: argparse.Namespace) -> int:
    """Tell that the verdict of a run is another than that of the run before; else send nothing. Raises UsageError."""
    run = runs.read(args.run)
    before, passed_over = _find_before(run)
    for path, flaw in passed_over.items():
        sys.stderr.write(f"{visible(str(flaw))}; {visible(path.name)} was passed over\n")
    notice = make_notice(before, run, [path.name for path in passed_over])
    if notice is None:
        then = visible(before.path.name) if before and passed_over else "the run before"
        sys.stdout.write(f"the verdict is that of {then}; nothing was sent\n")
        return 0
    if args.webhook:
        post_webhook(args.webhook, notice.text, os.environ)
    if args.topic:
        _publish(args.topic, args.via, notice)
    sys.stdout.write(f"sent: {visible(notice.text, keep=chr(10))}\n")
    return 0


def _find_before(run: runs.Run) -> tuple[runs.Run | None, Mapping[Path, UsageError]]:
    """Return the last earlier run of the same system, target and layers in the same folder; None when there is none.

    With it are those between that can't be read, or were changed: each may have been the run before.
    """
    passed_over: dict[Path, UsageError] = {}
    path = runs.latest(Path(run.path).parent, before=run.path)
    while path is not None:
        try:
            found = runs.read(path)
        except UsageError as flaw:
            passed_over[path] = flaw
        else:
            if _question(found) == _question(run):
                return found, passed_over
        path = runs.latest(path.parent, before=path)
    return None, passed_over


def _question(run: runs.Run) -> tuple[object, ...]:
    """Return what a verdict is about: runs with the same can be compared."""
    return run.criteria.system, run.about["target"], run.scope, run.about.get("moment") or ""


def _publish(topic: str, via: str, notice: Notice) -> None:
    parts = topic.split(":")
    if len(parts) != 6 or parts[:1] != ["arn"] or parts[2] != "sns":
        raise UsageError(f"--topic {topic!r}: is no topic; write its ARN, arn:aws:sns:REGION:ACCOUNT:NAME")
    target = parse_account(via or f"aws://{parts[3]}", "where nobody listens")
    from ..aws.sessions import open_elsewhere  # noqa: PLC0415  boto3 takes as long to import as all the rest

    with refusals_are_mistakes("sns", f"the role needs sns:Publish on {topic}, and the use of its key"):
        sns = open_elsewhere(target.profile, target.region)("sns", parts[3])
        sns.publish(TopicArn=topic, Subject=notice.subject, Message=notice.text)
