"""A word of AWS's that the gate does not know, or that nobody has seen yet, is never taken for the healthy one."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.model import Shape

from prodgate.facts import Facts
from prodgate.testing import Outcome

from .harness import Observed, Stage
from .test_omissions import Answering, Path, answers, fields, find_records, model, observing, operations, written

__all__ = ["answers"]
NEW = "A_WORD_OF_TOMORROW"
#: Words that mean the same as the healthy account's where the gate tells others from it.
ALIKE = {
    "acm DescribeCertificate Certificate.KeyAlgorithm": {"EC_prime256v1"},
    "config DescribeDeliveryChannelStatus DeliveryChannelsStatus[].configHistoryDeliveryInfo.lastStatus": {
        "Not_Applicable"
    },
    "config DescribeDeliveryChannelStatus DeliveryChannelsStatus[].configSnapshotDeliveryInfo.lastStatus": {
        "Not_Applicable"
    },
    "ecr DescribeImageScanFindings imageScanStatus.status": {"COMPLETE"},
    "ecs DescribeTaskDefinition taskDefinition.containerDefinitions[].logConfiguration.logDriver": {
        "awsfirelens", "fluentd", "splunk",
    },
    "wafv2 GetWebACL WebACL.Rules[].Statement.RateBasedStatement.AggregateKeyType": {"CONSTANT"},  # no client escapes
}  # fmt: skip


def words(value: Any, shape: Shape, path: Path = ()) -> Iterator[tuple[Path, Any, frozenset[str]]]:
    """Yield path and value of each text that AWS's model enumerates, and the texts that it may be."""
    if shape.type_name == "structure" and isinstance(value, dict):
        for name in value.keys() & shape.members.keys():
            yield from words(value[name], shape.members[name], (*path, name))
    elif shape.type_name == "list" and isinstance(value, list):
        for one in value:
            yield from words(one, shape.member, (*path, "[]"))
    elif shape.type_name == "string" and getattr(shape, "enum", None):
        yield path, value, frozenset(shape.enum)


def saying(value: Any, path: Path, word: str) -> Any:
    """Return a value with a word at each place of a path."""
    if not path:
        return word
    name, *rest = path
    if name == "[]":
        return [saying(one, tuple(rest), word) for one in value] if isinstance(value, list) else value
    if not isinstance(value, dict) or name not in value:
        return value
    return {**value, name: saying(value[name], tuple(rest), word)}


def known(facts: Facts) -> Any:
    return [(type(fact), fields(fact)) for fact in facts.known], facts.unreadable


@pytest.mark.parametrize("operation", list(operations()))
def test_no_other_word_passes_for_the_healthy_one(
    stage: Stage, healthy: Observed, answers: Answering, operation: str
) -> None:
    records, observe = find_records(healthy, operation), observing(stage, healthy, operation)
    shape = model(*operation.split()).output_shape
    found = [each for one in records for page in one.value() for each in words(page, shape)]
    before, wrong = known(observe(answers)), []
    for path, allowed in sorted({(path, allowed) for path, _, allowed in found}, key=lambda one: one[0]):
        others = {*allowed, NEW} - {word for at, word, _ in found if at == path}
        alike = set()
        for word in others:
            said = {one.call.key: [saying(page, path, word) for page in one.value()] for one in records}
            if known(observe(Answering(answers.recording, answers.read, said))) == before:
                alike.add(word)
        place = f"{operation} {written(path)}"
        if alike != others and alike - ALIKE.get(place, set()):  # some are told apart, so that it is read
            wrong.append(f"{place}: {sorted(alike)}")
    assert not wrong, "\n".join(wrong)


SERVER = "rds DescribeDBInstances DBInstances[].DBInstanceStatus"


@pytest.mark.parametrize(
    ("bent", "criterion"),
    [
        (f"{SERVER} stopped", "aurora-failover"),
        (f"{SERVER} storage-full", "aurora-failover"),
        (f"{SERVER} {NEW}", "aurora-failover"),
        ("synthetics DescribeCanariesLastRun CanariesLastRun[].LastRun.Status.TestResult FAILED", "canary"),
    ],
)
def test_what_does_not_work_satisfies_less(
    stage: Stage, healthy: Observed, answers: Answering, bent: str, criterion: str
) -> None:
    operation, path, word = bent.rsplit(" ", 2)
    observe, parts = observing(stage, healthy, operation), tuple(path.replace("[]", ".[]").split("."))
    said = {
        one.call.key: [saying(page, parts, word) for page in one.value()] for one in find_records(healthy, operation)
    }
    satisfied = [
        sum(found.outcome is Outcome.SATISFIED for found in stage.judged(facts, set(map(type, facts.known)))[criterion])
        for facts in (observe(answers), observe(Answering(answers.recording, answers.read, said)))
    ]
    assert satisfied[1] < satisfied[0]
