"""[rollout.before] names results of tests; each mistake is one line that says what to write."""

from __future__ import annotations

import tomllib

import pytest

from prodgate.sections.rollout import parse_rollout_section, rollout_mistakes
from prodgate.sections.rollout_before import before_mistakes, parse_before_section

VALID = """
tests = ["reports/*.xml"]
targets = ["aws://staging@eu-west-1"]

[rehearsal]
command = ["{python}", "-m", "pytest", "--junit-xml={results}"]
limit = "30 s"
"""


def test_a_valid_table_is_read_whole() -> None:
    table = tomllib.loads(VALID)
    assert list(before_mistakes(table)) == []
    section = parse_before_section(table)
    assert (section.tests, section.targets) == (("reports/*.xml",), ("aws://staging@eu-west-1",))
    assert section.rehearsal is not None
    assert (section.rehearsal.command[0], str(section.rehearsal.limit)) == ("{python}", "30 s")
    assert parse_rollout_section({"before": table}).before == section


def test_nothing_said_is_nothing_named() -> None:
    section = parse_rollout_section({}).before
    assert (section.tests, section.targets, section.rehearsal) == ((), (), None)


@pytest.mark.parametrize(
    ("before", "after", "mistake"),
    [
        ("tests", "test", "rollout.before.test: is not a key; did you mean 'tests'?"),
        ('["reports/*.xml"]', '"reports/*.xml"', "rollout.before.tests: is 'reports/*.xml'; write a list of texts"),
        ("reports/", "/tmp/", "rollout.before.tests: '/tmp/*.xml' leads out of the project"),
        ("reports/", "../", "rollout.before.tests: '../*.xml' leads out of the project"),
        ("aws://staging@eu-west-1", "staging", "rollout.before.targets: target 'staging': is not a target"),
        ("={results}", "=x.xml", "rollout.before.rehearsal.command: is ['{python}'"),
        ("command", "commands", "rollout.before.rehearsal.commands: is not a key"),
        ('"30 s"', '"30 /s"', "rollout.before.rehearsal.limit: is '30 /s'; write a time"),
    ],
)
def test_a_mistake_says_what_to_write(before: str, after: str, mistake: str) -> None:
    assert before in VALID
    lines = list(before_mistakes(tomllib.loads(VALID.replace(before, after, 1))))
    assert lines[0].startswith(mistake), lines


def test_a_table_that_is_none_is_one_mistake() -> None:
    assert list(rollout_mistakes({"before": "reports"}, {})) == [
        "rollout.before: is 'reports'; write [rollout.before] with tests = [\"reports/*.xml\"]"
    ]
    assert "rollout.before.rehearsal: is 1; write { command" in next(before_mistakes({"rehearsal": 1}))
