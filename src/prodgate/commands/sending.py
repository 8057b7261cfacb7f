"""``prodgate archive``, ``restore``, ``publish`` and ``notify``: what goes from a run to other places."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult

from ..aws.failures import refusals_are_mistakes
from ..criteria import UsageError
from ..evidence import runs
from ..evidence.archive import ArchiveError, Lock, Place, archive_run, restore_run
from ..processes.output import visible
from ..processes.web import open_connection, parse_private
from ..report.formats.asff import list_asff
from ..report.formats.source import read_source
from ..report.notice import Notice, make_notice
from ..sealing.standing import read_state
from ..sealing.statement import SEAL
from ..sealing.verifying import check_by_itself
from ..sections.targets import Target, parse_account
from .output import say


def archive(args: argparse.Namespace) -> int:
    """Put a run into a bucket with Object Lock; it is checked first. Raises UsageError."""
    run = runs.read(args.run)
    if run.finished is None:
        raise ArchiveError(f"{args.run}: was cut off, so that nothing says what belongs to it; run the gate again")
    _require_seal(args.run)
    place, until = Place.parse(args.bucket), datetime.now(UTC) + timedelta(days=args.days)
    there = _call_s3(args.via, lambda s3: archive_run(s3, args.run, place, Lock(mode=args.mode, until=until)))
    said = f"archived: {there}, locked until {until:%Y-%m-%d} ({args.mode}); {read_state(run)}"
    say(said, f"head:     {run.head}")
    return 0


def restore(args: argparse.Namespace) -> int:
    """Bring a run back from its archive and check it. Raises UsageError, also for one that was changed."""
    there, into = Place.parse(args.archive), Path(args.into)
    path, touched = _call_s3(args.via, lambda s3: restore_run(s3, there, into))
    for line in touched:
        sys.stderr.write(f"{visible(line)}; what was archived first came back\n")
    run = runs.read(path)
    _require_seal(path)
    say(f"restored: {path}", read_source(run).describe(), f"head:     {run.head}")
    return 0


def _require_seal(path: Path) -> None:
    """Raise ArchiveError for a run that is not as it was sealed; one without a seal has only its chain."""
    if (path / SEAL).exists() and (flaws := check_by_itself(path).flaws):
        raise ArchiveError(f"{path}: is not as it was sealed: {'; '.join(flaws)}")


def _call_s3(via: str, act: Callable[[Any], Any]) -> Any:
    target = parse_account(via, "which keeps nothing")
    return _call(target, "s3", act, "docs/archive.md has the rights that this needs")


def _call(target: Target, service: str, act: Callable[[Any], Any], rights: str, region: str = "") -> Any:
    """Call something with a client of a service, with a target's credentials. Raises UsageError for AWS's refusals."""
    from ..aws.sessions import open_elsewhere  # noqa: PLC0415  boto3 takes as long to import as all the rest

    with refusals_are_mistakes(service, rights):
        return act(open_elsewhere(target.profile, target.region)(service, region or target.region))


#: Findings that one call takes.
_BATCH: Final = 100


def publish(args: argparse.Namespace) -> int:
    """Import every finding of a run, which is checked first. Raises UsageError, also where one was not taken."""
    findings = list_asff(read_source(runs.read(args.run)))
    target = parse_account(args.via, "whose Security Hub nobody reads")
    rights = "the role needs securityhub:BatchImportFindings"
    taken = _call(target, "securityhub", lambda hub: _import(hub, findings), rights)
    sys.stdout.write(f"imported: {taken:,} findings, the verdict first\n")
    return 0


def _import(hub: Any, findings: list[dict[str, Any]]) -> int:
    """Import findings, some at once, and return how many were taken. Raises UsageError for the first that was not."""
    taken = 0
    for start in range(0, len(findings), _BATCH):
        answer = hub.batch_import_findings(Findings=findings[start : start + _BATCH])
        if failed := answer.get("FailedFindings"):
            first = failed[0]
            raise UsageError(
                f"securityhub: {taken + answer['SuccessCount']:,} of {len(findings):,} findings were taken; "
                f"{first['Id']}: {first['ErrorCode']}: {first['ErrorMessage']}; run it again when that is mended"
            )
        taken += answer["SuccessCount"]
    return taken


def notify(args: argparse.Namespace) -> int:
    """Tell that the verdict of a run is another than that of the run before; else send nothing. Raises UsageError."""
    if args.bundle:
        raise UsageError(f"{args.bundle}: the run before it is not in a bundle; unbundle both in one folder")
    post = partial(_post, args.webhook, _read_url(args.webhook, os.environ)) if args.webhook else _open_topic(args)
    run = runs.read(args.run)
    before, passed_over = _find_before(run)
    for path, flaw in passed_over.items():
        sys.stderr.write(f"{visible(str(flaw))}; {visible(path.name)} was passed over\n")
    notice = make_notice(before, run, [path.name for path in passed_over])
    if notice is None:
        then = visible(before.path.name) if before and passed_over else "the run before"
        sys.stdout.write(f"the verdict is that of {then}; nothing was sent\n")
        return 0
    post(notice)
    sys.stdout.write(f"sent: {visible(notice.text, keep=chr(10))}\n")
    return 0


def _find_before(run: runs.Run) -> tuple[runs.Run | None, Mapping[Path, UsageError]]:
    """Return the last earlier run of the same system, target and layers in the same folder; None when there is none.

    With it are those between that can't be read, or were changed: each may have been the run before.
    """
    passed_over: dict[Path, UsageError] = {}
    for path in runs.list_paths(Path(run.path).parent, before=run.path):
        try:
            found = runs.read(path)
        except UsageError as flaw:
            passed_over[path] = flaw
        else:
            if _question(found) == _question(run):
                return found, passed_over
    return None, passed_over


def _question(run: runs.Run) -> tuple[object, ...]:
    """Return what a verdict is about: runs with the same can be compared."""
    return run.criteria.system, run.about["target"], run.scope, run.about.get("moment") or ""


def _open_topic(args: argparse.Namespace) -> Callable[[Notice], None]:
    """Return what publishes a notice to the topic of --topic. Raises UsageError for what is none."""
    parts = args.topic.split(":")
    if len(parts) != 6 or parts[:1] != ["arn"] or parts[2] != "sns":
        raise UsageError(f"--topic {args.topic!r}: is no topic; write its ARN, arn:aws:sns:REGION:ACCOUNT:NAME")
    target = parse_account(args.via or f"aws://{parts[3]}", "where nobody listens")
    rights = f"the role needs sns:Publish on {args.topic}, and the use of its key"

    def publish(notice: Notice) -> None:
        said = {"TopicArn": args.topic, "Subject": notice.subject, "Message": notice.text}
        _call(target, "sns", lambda sns: sns.publish(**said), rights, parts[3])

    return publish


#: Seconds that the other side may take.
LIMIT: Final = 10.0


def _post(named: str, parts: SplitResult, notice: Notice) -> None:
    """Post ``{"text": …}`` to the URL in the variable that ``env:NAME`` names. Raises UsageError."""
    host, connection = parts.hostname or "", open_connection(parts, LIMIT)
    path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
    failed, sent = "was not reached", "nothing was sent"
    try:
        connection.connect()
        failed, sent = "did not answer", "it may have been sent: look there before you send it again"
        body = json.dumps({"text": notice.text}).encode("ascii")
        connection.request("POST", path, body, {"Content-Type": "application/json"})
        status = connection.getresponse().status
    except UnicodeError:  # by another name in each Python
        raise UsageError(f"--webhook {named}: {host} {failed}: HTTP can't carry this URL; {sent}") from None
    except (OSError, HTTPException) as error:
        raise UsageError(f"--webhook {named}: {host} {failed}: {type(error).__name__}; {sent}") from None
    finally:
        connection.close()
    if not 200 <= status < 300:
        raise UsageError(f"--webhook {named}: {host} answered {status}; is the URL in it still that of the webhook?")


def _read_url(named: str, environment: Mapping[str, str]) -> SplitResult:
    """Return the URL of a webhook. Raises UsageError, which does not show it."""
    kind, _, name = named.partition(":")
    if kind != "env" or not name:
        raise UsageError(
            "--webhook: is a secret, which no command line may hold; write env:NAME of the variable with it"
        )
    if parts := parse_private(environment.get(name, "")):
        return parts
    raise UsageError(f"--webhook {named}: holds no https:// URL; set it to that of the webhook")
