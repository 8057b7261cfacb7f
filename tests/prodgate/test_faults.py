"""Each fault of a subject is a finding of its own, under a stable name."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from prodgate.findings import Finding, Outcome
from prodgate.report.diff.comparison import Changes, pair_findings, sort_changes
from prodgate.report.formats.source import Result
from prodgate.terraform.policy import Judge, Policy, apply
from prodgate.terraform.resources import Configuration, Resource
from prodgate.waivers import apply_waivers

from .report.diff.test_comparison import judged
from .report.samples import criterion, failing, finding, waiver

NOW = datetime(2026, 12, 1, tzinfo=UTC)


def judge(function: Judge, *, sensitive: tuple[str, ...] = (), **values: object) -> list[Finding]:
    thing = Resource(
        address="aws_sqs_queue.it", type="aws_sqs_queue", name="it", values=values, sensitive=frozenset(sensitive)
    )
    asked = Policy(
        id="T_1",
        criterion="c",
        resources=("aws_sqs_queue",),
        remedy="Mend.",
        judge=function,
        population=0,
        required=False,
    )
    return list(apply(asked, Configuration(root="here", engine="none", resources=[thing]), criterion("c")))


def say_all(thing: Resource, asked) -> None:  # type: ignore[no-untyped-def]
    """Report two faults of one kind, and one of another."""
    asked.exclude(thing.texts("bad"), expected="none", observed="{} is bad")
    asked.hold(thing.flag("on"), expected="on", observed="off")


def aspects(found: list[Finding]) -> list[str]:
    return [each.aspect for each in found if each.outcome is Outcome.NOT_SATISFIED]


def test_each_fault_is_a_row_and_keeps_its_name_whatever_else_fails() -> None:
    assert aspects(judge(say_all, bad=["a", "b"], on=False)) == ["none: a", "none: b", "on"]
    assert aspects(judge(say_all, bad=["b"], on=False)) == ["none: b", "on"]
    assert aspects(judge(say_all, bad=[], on=False)) == ["on"]
    assert [(each.outcome, each.aspect) for each in judge(say_all, bad=[], on=True)] == [(Outcome.SATISFIED, "")]


def test_what_is_sensitive_is_in_no_name() -> None:
    found = judge(say_all, sensitive=("bad",), bad=["hunter2", "secret"], on=False)
    assert len(found) == len({each.aspect for each in found}) == 3
    assert not any(word in str(each.to_json()) for each in found for word in ("hunter2", "secret"))


def test_the_only_kind_of_fault_needs_no_name_and_two_of_it_are_told_apart() -> None:
    def each_closed(thing: Resource, asked) -> None:  # type: ignore[no-untyped-def]
        for port in thing.texts("ports"):
            asked.hold(False, expected="closed", observed=f"{port} is open")

    assert aspects(judge(each_closed, ports=["22"])) == [""]
    assert aspects(judge(each_closed, ports=["22", "3389"])) == ["22 is open", "3389 is open"]
    assert aspects(judge(each_closed, ports=["22", "22"])) == ["22 is open (1)", "22 is open (2)"]


def test_what_rests_on_a_premise_is_no_fault_beside_it() -> None:
    def rests(thing: Resource, asked) -> None:  # type: ignore[no-untyped-def]
        asked.hold(thing.flag("there"), expected="there", observed="none", premise=True)
        asked.hold(False, expected="good", observed="bad")

    assert aspects(judge(rests, there=False)) == ["there"]
    assert aspects(judge(rests, there=True)) == ["good"]


def test_what_breaks_behind_a_fault_concludes_nothing() -> None:
    def trips(_: Resource, asked) -> None:  # type: ignore[no-untyped-def]
        asked.hold(False, expected="one", observed="none")
        raise LookupError

    assert [(each.outcome, each.reason) for each in judge(trips)] == [(Outcome.NOT_SATISFIED, "")]


CPU, MEMORY = (failing("c", aspect=name, observed=f"no alarm on {name}") for name in ("CPU", "memory"))


@pytest.mark.parametrize(
    ("stated", "found", "outcomes"),
    [
        ({"aspect": "CPU"}, [CPU], ["waived"]),
        ({"aspect": "CPU"}, [CPU, MEMORY], ["waived", "not-satisfied"]),
        ({"aspect": "CPU"}, [MEMORY], ["not-satisfied"]),
        ({}, [CPU], ["not-satisfied"]),
        ({"aspect": "*"}, [CPU], ["waived"]),
        ({"most": 2}, [CPU, MEMORY], ["not-satisfied", "not-satisfied"]),
        ({}, [CPU, MEMORY], ["not-satisfied", "not-satisfied"]),
        ({"observed": CPU.observed}, [CPU], ["waived"]),
        ({"observed": CPU.observed}, [MEMORY], ["not-satisfied"]),
        ({"aspect": "*", "most": 2}, [CPU, MEMORY], ["waived", "waived"]),
        ({}, [replace(CPU, aspect="")], ["waived"]),
    ],
)
def test_a_waiver_of_one_fault_covers_no_other(
    stated: dict[str, object], found: list[Finding], outcomes: list[str]
) -> None:
    accepted = waiver(**{"covers": "c", "subject": CPU.subject, "observed": "", **stated})
    assert [str(each.outcome) for each in apply_waivers(found, [accepted], NOW)[0]] == outcomes


def changed(before: list[Finding], after: list[Finding]) -> Changes:
    return sort_changes(pair_findings(judged(*before), judged(*after)), {"static"})


def test_a_diff_tells_each_fault() -> None:
    found = changed([CPU], [CPU, MEMORY])
    assert ([each.finding.aspect for each in found.new], len(found.still)) == (["memory"], 1)
    found = changed([CPU, MEMORY], [MEMORY])
    assert ([each.finding.aspect for each in found.fixed], len(found.still)) == (["CPU"], 1)
    assert len(changed([CPU], [finding("c", "satisfied")]).fixed) == 1
    assert len(changed([CPU], [finding("c", "undetermined")]).unaccounted) == 1
    assert len(changed([CPU], []).vanished) == 1


def test_a_run_from_before_faults_had_names_is_compared() -> None:
    found = changed([replace(CPU, aspect="")], [CPU, MEMORY])
    assert ([each.finding.aspect for each in found.still], len(found.new), len(found.fixed)) == (["CPU"], 1, 0)


def test_other_formats_name_each_fault_alike_in_every_run() -> None:
    prints = {Result(finding=each, criterion=None).fingerprint for each in (CPU, MEMORY, replace(CPU, aspect=""))}
    assert len(prints) == 3
