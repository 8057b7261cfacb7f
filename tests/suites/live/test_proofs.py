"""A fault during an observation never looks like a good account, and never hides a bad one."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from urllib.request import Request, urlopen

import pytest

from prodgate import Quantity, Unknown
from prodgate.aws.calls import LiveCalls
from prodgate.aws.clients import rehearsal_clients
from prodgate.aws.recording import Recording
from prodgate.facts import Facts
from prodgate.facts.live import AlarmTopic
from prodgate.facts.live.policies import Permissions, PolicyResource
from prodgate.facts.observers import OBSERVERS
from prodgate.iam.account import Account as Known
from prodgate.testing import Finding, Outcome
from tests.suites.judging import outcomes

from .harness import Observed, Stage, told

pytestmark = pytest.mark.slow

Operation = tuple[str, str]


def operations(recording: Recording) -> list[Operation]:
    return sorted({(record.call.service, record.call.operation) for record in recording.records.values()})


def test_the_healthy_account_is_observed_without_a_refusal(healthy: Observed) -> None:
    refused = {record.unreadable for record in healthy.recording.records.values() if record.unreadable}
    assert not refused


def test_a_recording_is_judged_as_the_account_was(stage: Stage, healthy: Observed) -> None:
    again = stage.judged(stage.facts(healthy.recording))
    assert again == healthy.findings


def test_a_denial_unsettles_what_depends_on_it_and_makes_nothing_better(stage: Stage, healthy: Observed) -> None:
    facts = stage.facts(healthy.recording)
    known, policies = _list_permissions(facts), _list_controls(facts)
    wrong = [
        text
        for denied in operations(healthy.recording)
        for text in _unsettled(stage, healthy, denied, (known, policies))
    ]
    assert not wrong, "\n".join(wrong)


def _unsettled(
    stage: Stage, healthy: Observed, denied: Operation, known: tuple[Sequence[Known], Mapping[str, str]]
) -> Iterator[str]:
    """Say what is wrong about the findings when one operation is denied."""
    facts, after = stage.without(denied, healthy.recording)
    name, changed = ".".join(denied), bool(facts.unreadable)
    # what goals of criteria are proven of
    changed = changed or _list_permissions(facts) not in ([], known[0]) or _list_controls(facts) != known[1]
    for id_, found in after.items():
        names = {finding.check for finding in found}
        before = [finding for finding in healthy.findings[id_] if finding.check in names]
        new = _told(found) - _told(before)
        changed = changed or bool(new)
        if settled := [each for each in new if each[2] is not Outcome.UNDETERMINED]:
            yield f"{name}: says of {id_} what it did not say before: {settled[0]}"
        if _told(before) - _told(found) and not any(finding.outcome is Outcome.UNDETERMINED for finding in found):
            yield f"{name}: says less of {id_}, and nothing is undetermined"
    if not changed:
        yield f"{name}: nothing depends on it; an observer hides its denial, or has no use for it"


def _list_controls(facts: Facts) -> Mapping[str, str]:
    """Return the policies of functions, which goals alone are proven of, each as text or why it is not known."""
    found = {one.subject: one.values["policy"] for one in facts.of(PolicyResource) if "_lambda_" in one.type}
    return {arn: one.reason if isinstance(one, Unknown) else str(one) for arn, one in found.items()}


def _list_permissions(facts: Facts) -> list[Known]:
    read = (fact.peek("known") for fact in facts.of(Permissions))
    return [known for known in read if isinstance(known, Known)]


def _told(findings: Sequence[Finding]) -> set[tuple[str, str, Outcome]]:
    return {(finding.check, finding.subject, finding.outcome) for finding in findings}


@contextmanager
def faulty(stage: Stage, *faults: Mapping[str, Any]) -> Iterator[str]:
    """Run a copy of the account that does something wrong; yield where it listens."""
    with stage.original.copy() as copy:
        for fault in faults:
            asked = Request(f"{copy.endpoint}/_prodgate/faults", json.dumps(fault).encode(), method="POST")
            with urlopen(asked, timeout=30) as answer:
                answer.read()
        yield copy.endpoint


def observed(stage: Stage, endpoint: str, *, attempts: int = 1) -> Observed:
    calls = LiveCalls(rehearsal_clients(endpoint, stage.account.region, reads=True, attempts=attempts))
    return Observed(findings=stage.judged(stage.facts(calls)), recording=calls.recording)


def judged(findings: Mapping[str, list[Finding]]) -> set[Outcome]:
    return set(outcomes(findings).values())


ALL_GONE: dict[str, list[Mapping[str, Any]]] = {
    "every call is denied": [{"kind": "deny"}],
    "every call is throttled": [{"kind": "throttle"}],
    "every call fails": [{"kind": "fail"}],
    "the clock is an hour off": [{"clock_skew": 3600.0}],
    "the credentials have ended": [{"code": "ExpiredToken", "status": 403}],
    "every answer is cut off": [{"truncate": 10}],
}


@pytest.mark.parametrize("faults", ALL_GONE.values(), ids=ALL_GONE)
def test_when_nothing_is_answered_everything_is_undetermined(stage: Stage, faults: list[Mapping[str, Any]]) -> None:
    with faulty(stage, *faults) as endpoint:
        seen = observed(stage, endpoint)
    assert judged(seen.findings) == {Outcome.UNDETERMINED}, told(seen.findings, set(seen.findings))


def test_credentials_that_end_midway_leave_nothing_better(stage: Stage, healthy: Observed) -> None:
    with faulty(stage, {"code": "ExpiredToken", "status": 403, "after": 40}) as endpoint:
        seen = observed(stage, endpoint)
    _no_better(healthy, seen)
    assert Outcome.UNDETERMINED in judged(seen.findings)


def test_a_list_of_which_a_later_page_fails_is_no_shorter_list(stage: Stage, healthy: Observed) -> None:
    for service, operation in sorted(_paged(healthy.recording)):
        with faulty(stage, {"service": service, "operation": operation, "kind": "fail", "after": 1}) as endpoint:
            seen = observed(stage, endpoint)
        _no_better(healthy, seen)
        assert seen.outcomes != healthy.outcomes, f"{service}.{operation}"


def _paged(recording: Recording) -> set[Operation]:
    several = [record for record in recording.records.values() if len(record.pages) > 1]
    return {(record.call.service, record.call.operation) for record in several}


def _no_better(healthy: Observed, seen: Observed) -> None:
    for id_, outcome in seen.outcomes.items():
        if outcome is not Outcome.UNDETERMINED:
            assert outcome is healthy.outcomes[id_], told(seen.findings, {id_})


def _same(healthy: Observed, seen: Observed) -> None:
    for id_, found in healthy.findings.items():
        assert _told(seen.findings[id_]) == _told(found), told(seen.findings, {id_})


def test_a_throttled_account_is_judged_the_same(stage: Stage, healthy: Observed) -> None:
    with faulty(stage, {"kind": "throttle", "calls_per_second": 20.0}) as endpoint:
        seen = observed(stage, endpoint, attempts=10)
    assert not [record.unreadable for record in seen.recording.records.values() if record.unreadable]
    _same(healthy, seen)


def test_a_slow_account_is_judged_the_same(stage: Stage, healthy: Observed) -> None:
    with faulty(stage, {"delay": 0.02}) as endpoint:
        seen = observed(stage, endpoint)
    _same(healthy, seen)


def test_an_empty_account_satisfies_nothing_that_asks_for_something(stage: Stage) -> None:
    with stage.empty() as endpoint:
        seen = observed(stage, endpoint)
    satisfied = {id_ for id_, outcome in seen.outcomes.items() if outcome is Outcome.SATISFIED}
    assert not satisfied, satisfied


def test_everything_that_observers_ask_is_in_the_recording(stage: Stage, healthy: Observed) -> None:
    asked = {pair for observer in OBSERVERS for pair in stage.asked_by(observer, healthy.recording)}
    assert asked == set(operations(healthy.recording))


def test_names_that_are_markup_or_commands_stay_text(stage: Stage) -> None:
    name = "\x1b[31m<script>alert(1)</script>\u202e|cell|\n::error::x"
    with stage.original.copy() as copy:
        aws = copy.clients
        aws("kms").create_key(Description=name, Tags=[{"TagKey": "note", "TagValue": name}])
        aws("secretsmanager").create_secret(Name="odd", Description=name, SecretString="x")
        seen = observed(stage, copy.endpoint)
    assert not [record.unreadable for record in seen.recording.records.values() if record.unreadable]


def test_a_notification_of_long_ago_shows_nothing(stage: Stage) -> None:
    """AWS keeps 30 days of history, so that no change of an account makes a delivery too old: the fact is made."""
    topic = AlarmTopic(subject="arn", exists=True, subscribers=(), refusals=(), delivered=Quantity(Decimal(91), "d"))
    findings = stage.judged(Facts((topic,)), {AlarmTopic})
    assert outcomes(findings)["alarm-delivery-shown"] is Outcome.NOT_SATISFIED
