"""Arguments of the commands that make, judge or report a run."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import date
from pathlib import Path

from .seal_arguments import add_signing_key


def add_run_commands(command: Callable[[str, str, str], argparse.ArgumentParser]) -> None:
    """Add the commands of a run; ``command`` makes the parser of one from its name, its handler and its help."""
    run = command("run", "running.run", "observe a target, judge it, and give one verdict with a report")
    observe = command("observe", "running.observe", "observe a target and store the facts, to be judged later")
    for added in (run, observe):
        _add_target(added)
    observe.add_argument("--cells", type=Path, metavar="FILE", help="the target is a cell of this list, and judged")
    run.add_argument("--compare", action="store_true", help="say what changed since the last run in the same folder")
    judge = command("judge", "running.judge", "judge the facts of an earlier run again, by today's criteria")
    report = command("report", "running.report", "write the reports of a run again, even of one that was cut off")
    for added in (judge, report):
        added.add_argument("run", type=Path, help="a run directory")
    report.add_argument("--pdf", type=Path, metavar="FOLDER", help="print the reports with Chromium into this folder")
    for added in (run, observe, judge):
        added.add_argument(
            "--criteria", type=Path, default=Path("criteria.toml"), help="what must hold (default: criteria.toml)"
        )
        added.add_argument("--waivers", type=Path, help="accepted risks (default: waivers.toml beside the criteria)")
        added.add_argument("--quiet", action="store_true", help="say nothing until the verdict, but what is wrong")
        added.add_argument("--runs", type=Path, default=Path("runs"), help="where run directories go (default: runs)")
        add_signing_key(added)
    for added in (run, observe, judge, report):
        added.add_argument("--json", action="store_true", help="print the verdict as JSON")


def add_kept_commands(command: Callable[[str, str, str], argparse.ArgumentParser]) -> None:
    """Add the commands that read runs that are over, and change nothing in them."""
    diff = command("diff", "comparing.diff", "say what changed from one run to another")
    diff.add_argument("before", type=Path, help="the earlier run directory")
    diff.add_argument("after", type=Path, help="the later run directory")
    diff.add_argument("--format", choices=("text", "markdown", "html", "json"), default="text")
    diff.add_argument("--language", choices=("en", "ja"), default="en", help="of the page (--format html)")
    _add_output(diff)
    export = command("export", "exporting.export", "write a run in a format that others read")
    export.add_argument("run", type=Path, help="a run directory")
    export.add_argument(
        "--format", choices=("sarif", "junit", "github", "oscal", "ocsf", "asff", "json"), required=True
    )
    _add_output(export)
    _add_history(command)
    _add_archive_commands(command)
    _add_telling_commands(command)


def _add_history(command: Callable[[str, str, str], argparse.ArgumentParser]) -> None:
    history = command(
        "history", "remembering.history", "make a page of the runs in a folder: nights, criteria, figures"
    )
    history.add_argument(
        "folder", type=Path, nargs="?", default=Path("runs"), help="where the runs are (default: runs)"
    )
    history.add_argument("--until", type=date.fromisoformat, metavar="DAY", help="show days as missing until this one")
    history.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="default: history.html in the folder; the Japanese page is beside it",
    )


def _add_telling_commands(command: Callable[[str, str, str], argparse.ArgumentParser]) -> None:
    publish = command("publish", "publishing.publish", "import the findings of a run into AWS Security Hub")
    publish.add_argument("run", type=Path, help="a run directory")
    publish.add_argument(
        "--via", metavar="aws://PROFILE@REGION", required=True, help="with whose credentials, and where"
    )
    notify = command("notify", "notifying.notify", "tell that a run's verdict is not that of the run before it")
    notify.add_argument("run", type=Path, help="a run directory; the run before it is in the same folder")
    where = notify.add_mutually_exclusive_group(required=True)
    where.add_argument("--webhook", metavar="env:NAME", help="of Slack's kind, its URL in that environment variable")
    where.add_argument("--topic", metavar="ARN", help="a topic of SNS")
    notify.add_argument("--via", metavar="aws://PROFILE@REGION", help="with whose credentials the topic is told")


def _add_archive_commands(command: Callable[[str, str, str], argparse.ArgumentParser]) -> None:
    archive = command(
        "archive", "archiving.archive", "keep a run in a bucket with Object Lock, where nobody can change it"
    )
    archive.add_argument("run", type=Path, help="a run directory")
    archive.add_argument("bucket", metavar="s3://BUCKET/PREFIX", help="where it goes; the bucket must have Object Lock")
    archive.add_argument("--days", type=int, default=400, help="how long nobody may delete it (default: 400)")
    archive.add_argument("--mode", choices=("COMPLIANCE", "GOVERNANCE"), default="COMPLIANCE", help="of the lock")
    restore = command("restore", "archiving.restore", "bring a run back from its archive, and check it")
    restore.add_argument("archive", metavar="s3://BUCKET/PREFIX/RUN", help="the archived run")
    restore.add_argument("into", type=Path, nargs="?", default=Path("runs"), help="a folder (default: runs)")
    for added in (archive, restore):
        added.add_argument(
            "--via", required=True, metavar="aws://PROFILE@REGION", help="with whose credentials, and where"
        )


def _add_output(added: argparse.ArgumentParser) -> None:
    added.add_argument("--output", type=Path, metavar="FILE", help="write it there instead of printing it")


def _add_target(added: argparse.ArgumentParser) -> None:
    """Add what is looked at, and how much of it."""
    added.add_argument(
        "target",
        nargs="?",
        default="rehearsal://",
        help="rehearsal:// (default), aws://PROFILE@REGION, aws://REGION with the environment's credentials, or "
        "https://HOST[:PORT], a site without an account; observe also takes a cell, ACCOUNT/REGION/LAYER",
    )
    added.add_argument("--only", metavar="LAYERS", help="judge these layers only, e.g. static,live")
    added.add_argument(
        "--moment",
        choices=("before", "during", "after"),
        default="",
        help="judge one checklist of a release only: what must hold before, during or after its deployment",
    )
    added.add_argument("--i-am-allowed-to-load", metavar="HOST", default="", help="put this host under load")
    attack = "send attack strings to this host, after all else, where waf-refuses-attacks asks"
    added.add_argument("--i-am-allowed-to-attack", metavar="HOST", default="", help=attack)
