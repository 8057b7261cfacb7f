"""The search of CloudWatch's logs finds at least what the gate takes for a credential, in each group that may hold one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.facts.live.log_groups import PATTERN, observe_logged_text
from prodgate.semantics.secret_forms import FORMS, credential_form

from .stated_account import ACCOUNT, REGION, account_answering

CREDENTIALS = [
    "-----BEGIN RSA PRIVATE KEY-----",
    "id AKIA" + "ABCDEFGHIJKLMNOP",
    "ASIA" + "ABCDEFGHIJKLMNOP ",
    "token=ghs_" + "a1B2" * 9,
    "github_pat_" + "a1B2" * 9,
    "xoxb-1234567890-abcdef",
    "https://hooks.slack.com/services/T0/B0/xyz",
    "AIza" + "a1B2c" * 7,
    "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.SflKxwRJSMeKKF2QT4fwpM",
    "sk_live_" + "a1B2" * 5,
    "postgres://api:correct-horse@db.internal/news",
    "redis://:correct-horse@cache.internal",
    "amqp://user.name+x:p!a$$[w]ord@queue",
]


@pytest.mark.parametrize("text", CREDENTIALS)
def test_whatever_has_a_form_is_found(text: str) -> None:
    assert re.search(PATTERN, text)


def test_every_form_has_an_example_here() -> None:
    assert {credential_form(text) for text in CREDENTIALS} - {""} == FORMS.keys()


def test_the_pattern_is_written_in_what_cloudwatch_knows_of_regular_expressions() -> None:
    assert re.fullmatch(r"[A-Za-z0-9:_#=@/;,\-^$?\[\]{}|\\*+.]+", PATTERN)
    assert "[^" not in PATTERN
    assert len(PATTERN) <= 1022


def searched(counted: Any, *groups: dict[str, Any]) -> set[str]:
    """Return which groups are searched, where CloudWatch lists these metrics of incoming events."""
    asked: set[str] = set()

    def search(parameters: Mapping[str, Any]) -> dict[str, Any]:
        asked.add(parameters["logGroupName"])
        return {}

    answers = {"DescribeLogGroups": {"logGroups": list(groups)}, "DescribeTrails": {"trailList": []}}
    with account_answering({**answers, "ListMetrics": counted, "FilterLogEvents": search}) as account:
        facts = list(observe_logged_text(account))
    assert len(facts) == 2 * len(groups)  # of two regions, for which the same is stated
    return asked


def group(name: str, **stated: Any) -> dict[str, Any]:
    return {"logGroupName": name, "arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}:*", **stated}


def counted(*names: str) -> dict[str, Any]:
    return {"Metrics": [{"Dimensions": [{"Name": "LogGroupName", "Value": name}]} for name in names]}


OLD, NEW = (int(datetime(2025, 12, day, 23, 30, tzinfo=UTC).timestamp() * 1000) for day in (1, 31))


def test_a_group_that_nothing_came_into_for_two_weeks_is_not_searched() -> None:
    groups = [group(name, creationTime=OLD) for name in ("/api", "/left-over")]
    assert searched(counted("/api"), *groups) == {"/api"}


def test_a_group_that_is_new_or_of_unknown_age_is_searched_whatever_is_counted() -> None:
    groups = [group("/new", creationTime=NEW), group("/ageless"), group("/old", creationTime=OLD)]
    assert searched(counted("/other"), *groups) == {"/new", "/ageless"}


def test_where_nothing_is_counted_every_group_is_searched() -> None:
    def denied(_parameters: Any) -> dict[str, Any]:
        raise Unreadable("cloudwatch ListMetrics: access denied")

    for nothing in (
        counted(),
        denied,
        {"Metrics": [{}]},
        {"Metrics": [{"Dimensions": [{"Name": "X", "Value": "/a"}]}]},
    ):
        assert searched(nothing, group("/a", creationTime=OLD)) == {"/a"}
