import pytest

from prodgate import Unresolved
from prodgate.semantics.alarm_rules import holds

STATES = {"slow": "ALARM", "wrong": "OK", "new": "INSUFFICIENT_DATA"}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ('ALARM("slow")', True),
        ('ALARM("wrong") OR ALARM("new")', False),
        ('ALARM("wrong") OR ALARM(slow)', True),
        ('ALARM("slow") AND NOT (OK("wrong") AND INSUFFICIENT_DATA("new"))', False),
        ("ALARM('arn:aws:cloudwatch:eu-west-1:1:alarm:slow') AND TRUE", True),
        ("FALSE", False),
        ('NOT OK("slow")\n  AND INSUFFICIENT_DATA("new")', True),
    ],
)
def test_a_rule_is_computed(rule: str, expected: bool) -> None:
    assert holds(rule, STATES.__getitem__) is expected


@pytest.mark.parametrize("rule", ['AT_LEAST(1, ALARM, ("slow"))', 'ALARM("slow") +', "1", ""])
def test_what_is_not_understood_is_said(rule: str) -> None:
    with pytest.raises(Unresolved, match="is a rule of alarms that is not understood here"):
        holds(rule, STATES.__getitem__)
