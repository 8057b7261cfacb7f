"""Telling people that the verdict changed, by a webhook or a topic of SNS."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import suppress
from pathlib import Path

from ..aws.refusals import refusals_are_mistakes
from ..criteria import UsageError
from ..evidence import runs
from ..report.notice import Notice, make_notice
from ..report.text import visible
from ..sections.targets import parse_target
from .webhook import post_webhook


def notify(args: argparse.Namespace) -> int:
    """Tell that the verdict of a run is another than that of the run before; else send nothing. Raises UsageError."""
    run = runs.read(args.run)
    notice = make_notice(_find_before(run), run)
    if notice is None:
        sys.stdout.write("the verdict is that of the run before; nothing was sent\n")
        return 0
    if args.webhook:
        post_webhook(args.webhook, notice.text, os.environ)
    if args.topic:
        _publish(args.topic, args.via, notice)
    sys.stdout.write(f"sent: {visible(notice.text, keep=chr(10))}\n")
    return 0


def _find_before(run: runs.Run) -> runs.Run | None:
    """Return the last earlier run of the same system, target and layers in the same folder; None when there is none.

    One that can't be read, or was changed, is passed over.
    """
    path = runs.latest(Path(run.path).parent, before=run.path)
    while path is not None:
        with suppress(runs.RunError):
            found = runs.read(path)
            if _question(found) == _question(run):
                return found
        path = runs.latest(path.parent, before=path)
    return None


def _question(run: runs.Run) -> tuple[object, ...]:
    """Return what a verdict is about: runs with the same can be compared."""
    return run.criteria.system, run.about["target"], run.scope, run.about.get("moment") or ""


def _publish(topic: str, via: str, notice: Notice) -> None:
    parts = topic.split(":")
    if len(parts) != 6 or parts[:1] != ["arn"] or parts[2] != "sns":
        raise UsageError(f"--topic {topic!r}: is no topic; write its ARN, arn:aws:sns:REGION:ACCOUNT:NAME")
    target = parse_target(via or f"aws://{parts[3]}")
    from ..aws.sessions import open_elsewhere  # noqa: PLC0415  boto3 takes as long to import as all the rest

    with refusals_are_mistakes("sns", f"the role needs sns:Publish on {topic}, and the use of its key"):
        sns = open_elsewhere(target.profile, target.region)("sns", parts[3])
        sns.publish(TopicArn=topic, Subject=notice.subject, Message=notice.text)
