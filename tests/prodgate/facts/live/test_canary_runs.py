"""How a canary fared is what its last run that has ended says."""

from __future__ import annotations

from typing import Any

import pytest

from prodgate.facts.live.canaries import observe_canaries

from .stated_account import account_answering

CANARY = {"Name": "site", "Status": {"State": "RUNNING"}, "Schedule": {"Expression": "rate(5 minutes)"}}


def run(state: str) -> dict[str, Any]:
    return {"Name": "site", "Status": {"State": state}}


@pytest.mark.parametrize(
    ("states", "last"),
    [
        (["PASSED"], "PASSED"),
        (["RUNNING", "PASSED", "FAILED"], "PASSED"),
        (["RUNNING", "FAILED"], "FAILED"),
        (["RUNNING"], ""),
    ],
)
def test_a_run_that_goes_on_says_nothing(states: list[str], last: str) -> None:
    answers = {
        "DescribeCanaries": {"Canaries": [CANARY]},
        "DescribeCanariesLastRun": {"CanariesLastRun": [{"CanaryName": "site", "LastRun": run(states[0])}]},
        "GetCanaryRuns": {"CanaryRuns": [run(state) for state in states]},
    }
    with account_answering(answers) as account:
        assert next(iter(observe_canaries(account))).last_run == last
