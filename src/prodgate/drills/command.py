"""``prodgate drill``: chooses what is drilled and where, keeps the record, and removes leftovers of killed drills."""

import argparse
import fcntl
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ..aws.answers import Unreadable
from ..aws.failures import refusals_are_mistakes
from ..canaries.cleanup import QUEUES, UNDO, Aws, describe_subscription, note_undone
from ..canaries.drill import FOLDER
from ..criteria import UsageError
from ..evidence import journal, runs
from ..evidence.artifacts import store_json
from ..evidence.journal import Journal
from ..evidence.verification import ABOUT
from ..layers.rehearsal import load_rehearsal
from ..processes.ending import print_failure
from ..processes.lifeline import interrupted_once
from ..processes.output import visible
from ..processes.regular_files import read_measured
from ..run.publishing import close_record
from ..sections.e2e import name_past
from ..sections.project import Project, open_project
from ..sections.targets import Target, parse_target, require_account
from ..terraform.diagnostics import TerraformError
from .alarm import STAMP, AlarmDrill, choose_alarm, drill_alarm, list_alarms
from .outcome import Begin, Outcome

# ── Leftovers of killed drills: found by journals and names, and removed

_OURS: Final = re.compile(rf"{STAMP} ([0-9a-f]{{32}}): nothing is wrong")


@dataclass(frozen=True, slots=True)
class Left:
    """A step that was begun and not taken back."""

    kind: str
    fields: Mapping[str, Any]
    drill: str = ""
    """The name of its record; empty where none is kept here."""
    step: int = 0
    running: bool = False
    """Whether that drill still goes on."""

    def __str__(self) -> str:
        return f"{self.kind} {self.fields['name']}{f' of drill {self.drill}' if self.drill else ''}"


@contextmanager
def locked(run: Path) -> Iterator[None]:
    """Lock the record of a drill while it runs. Raises BlockingIOError if another process has the lock."""
    descriptor = os.open(run / ABOUT, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def list_left(folder: Path, account: str) -> list[Left]:
    """Return what the records in a folder say that drills on an account have left, the newest first.

    Raises UsageError for a record that can't be read: nobody knows what that drill left.
    """
    begun: dict[tuple[str, int], Left] = {}
    for run in sorted(folder.glob("*Z-*")):
        if not (run / journal.NAME).exists():  # it was killed before it began anything
            continue
        try:
            about = json.loads(read_measured(run / ABOUT))
            mine = about.get("account") == account and not about.get("rehearsal")
            events = journal.read(run / journal.NAME) if mine else ()
        except (OSError, ValueError, UsageError) as error:
            advice = "look in the account for what its drill left, then move it away"
            raise UsageError(f"{run}: can't be read: {error}; {advice}") from None
        running = mine and _is_held(run)
        for event in events:
            if event["event"] == "begun":
                begun[run.name, event["step"]] = Left(event["kind"], event["fields"], run.name, event["step"], running)
            if event["event"] == "undone":
                begun.pop((event["drill"], event["step"]), None)
    return [*reversed(begun.values())]


def _is_held(run: Path) -> bool:
    try:
        with locked(run):
            return False
    except BlockingIOError:
        return True


def find_left(aws: Aws, regions: Iterable[str]) -> Iterator[Left]:
    """Yield what lies in an account under the names of drills, whichever machine they ran on."""
    for region in regions:
        topics = aws("sns", region).get_paginator("list_subscriptions").paginate()
        for one in (one for page in topics for one in page["Subscriptions"]):
            if one["Protocol"] == "sqs" and one["Endpoint"].rpartition(":")[2].startswith(QUEUES):
                found = describe_subscription(one["TopicArn"], one["Endpoint"])
                yield Left("subscription", {**found, "arn": one["SubscriptionArn"]})
        for page in aws("sqs", region).get_paginator("list_queues").paginate(QueueNamePrefix=QUEUES):
            for url in page.get("QueueUrls", ()):
                yield Left("queue", {"name": url.rpartition("/")[2], "region": region})
        for name, alarm in list_alarms(aws, region, StateValue="ALARM").items():
            if ours := _OURS.fullmatch(alarm.get("StateReason", "")):
                before = _find_state_before(aws("cloudwatch", region), name, ours[1])
                about = {"name": name, "region": region, "before": before, "nonce": ours[1]}
                yield Left("state of alarm", about)


def _find_state_before(client: Any, name: str, nonce: str) -> str:
    """Return the state that an alarm had before a drill; insufficient data where its history does not say."""
    kinds = ["MetricAlarm", "CompositeAlarm"]
    asked = {"AlarmName": name, "AlarmTypes": kinds, "HistoryItemType": "StateUpdate"}
    for item in client.describe_alarm_history(**asked)["AlarmHistoryItems"]:
        said = json.loads(item.get("HistoryData") or "{}")
        if nonce in said.get("newState", {}).get("stateReason", ""):
            return str(said.get("oldState", {}).get("stateValue", "INSUFFICIENT_DATA"))
    return "INSUFFICIENT_DATA"


def refuse_left(left: Iterable[Left], target: str) -> None:
    """Raise UsageError when an earlier drill has left something, or goes on."""
    for one in left:
        if one.running:
            raise UsageError(f"drill {one.drill}: goes on; wait for its end")
        raise UsageError(f"{one}: is left of an earlier drill; take it back: prodgate drill recover {target}")


def recover(aws: Aws, begin: Begin, kept: Iterable[Left], regions: Iterable[str], target: str) -> Outcome:
    """Take back what drills have left, by their journals and then by its names in the account."""
    from ..canaries import drill  # noqa: F401, PLC0415  registers how dead letters are taken back
    from . import rollback  # noqa: F401, PLC0415  and bad builds; importing it takes as long as all the rest

    own, taken, still, goes_on = begin(), list[str](), list[str](), False
    for one in kept:
        goes_on |= one.running
        if why := "its drill goes on; wait for its end" if one.running else _take_back(aws, one):
            still.append(f"{one}: {why}")
        else:
            note_undone(own, one.drill, one.step)
            taken.append(str(one))
    for one in () if goes_on else find_left(aws, regions):
        if why := _take_back(aws, one):
            still.append(f"{one}: {why}")
        else:
            taken.append(str(one))
    lines = [*(f"taken back: {each}" for each in taken), *(f"left: {each}" for each in still)]
    return Outcome(
        run=own.path.parent,
        kind="recovery",
        subject=target,
        record={"taken": taken, "left": still},
        lines=tuple(lines or ["nothing is left"]),
        good=not still,
    )


def _take_back(aws: Aws, one: Left) -> str:
    """Take a step back; return why it can't be."""
    try:
        UNDO[one.kind](aws, **one.fields)
    except Exception as error:  # noqa: BLE001  the others must still be taken back
        return str(error) or type(error).__name__
    return ""


if TYPE_CHECKING:
    from ..aws.clients import Clients

_REHEARSAL: Final = "rehearsal://"
#: Where alarms on CloudFront are.
_EDGE: Final = "us-east-1"
#: Seconds to wait for the notifications of an alarm.
_PATIENCE: Final = 60.0
#: Exit code where a person must act at once.
_ALARMING: Final = 3


def drill(given: argparse.Namespace) -> int:
    """Run a drill; return 0 when everything arrived and nothing was left behind, 3 when a person must act, else 1."""
    _settle_target(given)
    target = require_account(parse_target(given.target), "drill:")
    _refuse_unconfirmed(given, target)
    project = open_project(given.criteria)
    about = {
        "system": project.stated.system, "target": target.url, "rehearsal": target.rehearsal, "layers": [],
        "account": project.stated.account, "drill": f"{given.what} {given.name}".strip(),
        "actor": os.environ.get("USER", ""),
    }  # fmt: skip
    with (
        ExitStack() as held,
        interrupted_once() as hold,
        refusals_are_mistakes("drill", "prodgate iam-policy --drill prints what its role needs"),
    ):

        def begin() -> Journal:
            run = runs.create(given.runs / FOLDER, about, project.stated.path, project.waivers)
            held.enter_context(locked(run))
            journal = Journal.of(run)
            journal.write("drill", what=given.what, name=given.name)
            return journal

        drilled = _DRILLS[given.what](given, target, project, begin)
        hold()
        _write_record(drilled, target)
        _print_progress(f"record: {drilled.run}")
        print_failure([visible(line) for line in drilled.alarming])
        said = json.dumps(drilled.record, indent=2) if given.json else "\n".join(map(visible, drilled.lines))
        sys.stdout.write(f"{said}\n")
        if drilled.alarming:
            return _ALARMING
        if drilled.error is not None:
            raise drilled.error
    return 0 if drilled.good else 1


def _settle_target(given: argparse.Namespace) -> None:
    """Read the only argument of ``recover`` and ``rollback`` as the target: both concern everything."""
    if given.what in ("recover", "rollback"):
        if given.name and given.target != _REHEARSAL:
            raise UsageError(f"drill {given.what}: {given.name!r} is not needed; write the target alone")
        given.target, given.name = given.name or given.target, ""
    elif not given.name:
        raise UsageError(f"drill {given.what}: whose? Write its name, e.g. prodgate drill {given.what} NAME")


def _refuse_unconfirmed(given: argparse.Namespace, target: Target) -> None:
    """Raise UsageError when people would be notified, or served badly, and nobody has confirmed that they may be."""
    if given.what == "recover" or target.rehearsal:
        return
    confirmed, what = {
        "alarm": ("yes_change_alarm_state", f"whoever is on call will be told that {given.name!r} fired"),
        "dag": ("yes_fail_on_purpose", f"whoever is on call will be told that {given.name!r} failed"),
        "rollback": ("yes_deploy_bad_builds", "readers will meet a build that fails, until it is taken back"),
    }[given.what]
    if not getattr(given, confirmed):
        option = f"--{confirmed.replace('_', '-')}"
        raise UsageError(f"{given.target}: {what}; tell them that a drill comes, then add {option}")


def _drill_alarm(given: argparse.Namespace, target: Target, project: Project, begin: Begin) -> Outcome:
    with _clients(given, target, project) as aws:
        alarm = choose_alarm(aws, given.name, _list_regions(target))
        journal = begin()
        patience = _PATIENCE if given.patience is None else given.patience
        drilled = drill_alarm(aws, alarm, _print_progress, patience=patience, journal=journal)
    return Outcome(
        run=journal.path.parent,
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
    with _clients(given, target, project) as aws:
        calls = open_account(target.profile, target.region, project.stated.account)
        return drill_dag(
            section,
            aws,
            calls,
            id_=project.stated.account,
            target=target,
            begin=begin,
            tell=_print_progress,
            patience=given.patience,
        )


def _drill_rollback(given: argparse.Namespace, target: Target, project: Project, begin: Begin) -> Outcome:
    from .rollback import RollbackDrill, drill_rollback  # noqa: PLC0415  boto3 takes as long to import as all the rest

    return drill_rollback(
        RollbackDrill(
            given=given,
            target=target,
            project=project,
            begin=begin,
            tell=_print_progress,
            open_clients=partial(_open_real, given, target, project),
        )
    )


def _recover(given: argparse.Namespace, target: Target, project: Project, begin: Begin) -> Outcome:
    if target.rehearsal:
        raise UsageError(
            f"{target.url}: ends with its drill and leaves nothing; name the account: aws://PROFILE@REGION"
        )
    aws = _open_real(given, target, project)
    left = list_left(given.runs / FOLDER, project.stated.require_account())
    return recover(aws, begin, left, _list_regions(target), target.url)


def _list_regions(target: Target) -> tuple[str, ...]:
    return tuple(dict.fromkeys((target.region, _EDGE)))


def _open_real(given: argparse.Namespace, target: Target, project: Project) -> "Clients":
    """Return clients that may change the account which the criteria name. Raises UsageError.

    No drill begins where an earlier one has left something.
    """
    from ..aws.sessions import open_for_drill  # noqa: PLC0415  boto3 takes as long to import as all the rest

    account = project.stated.require_account()
    aws = open_for_drill(target.profile, target.region, account)
    if given.what != "recover":
        refuse_left(list_left(given.runs / FOLDER, account), target.url)
        refuse_left(find_left(aws, _list_regions(target)), target.url)
    return aws


@contextmanager
def _clients(given: argparse.Namespace, target: Target, project: Project) -> Iterator["Clients"]:
    """Yield clients that may change the account which the criteria name, or the rehearsal's. Raises UsageError."""
    if not target.rehearsal:
        yield _open_real(given, target, project)
        return
    root, files = project.stated.applied_root, [project.root / file for file in project.stated.var_files]
    if not root:
        raise UsageError(f'{project.stated.path}: names no Terraform root to rehearse; write [terraform] root = "path"')
    try:
        opened = load_rehearsal().open_account(
            project.root / root,
            var_files=files,
            account=project.stated.account,
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
    with suppress(OSError, ValueError):  # a terminal that is gone must not end what takes things back
        sys.stderr.write(f"{visible(step)}\n")


_DRILLS: Final = {"alarm": _drill_alarm, "dag": _drill_dag, "recover": _recover, "rollback": _drill_rollback}
