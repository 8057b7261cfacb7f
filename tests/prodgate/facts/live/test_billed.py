"""A bill is split by tags that are there and activated; what never had one is nobody's, and no list of tags shows it."""

from __future__ import annotations

from typing import Any

import pytest

from prodgate.aws.answers import Unread, Unreadable
from prodgate.facts.live.billed import list_tagged

from .stated_account import ACCOUNT, REGION, account_answering

OLD, NEW = (f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}" for name in ("old", "new"))
TAGS = [{"Key": "project", "Value": "news"}, {"Key": "env", "Value": "prod"}]


def tags(active: Any) -> dict[str, Any]:
    answers = {
        "GetResources": {"ResourceTagMappingList": [{"ResourceARN": OLD, "Tags": TAGS}]},
        "ListTopics": {"Topics": [{"TopicArn": OLD}, {"TopicArn": NEW}]},
        "ListCostAllocationTags": active,
    }
    with account_answering(answers) as account:
        return {one.subject: one.values["tags_all"] for one in list_tagged(account)}


@pytest.mark.parametrize(
    ("active", "left"), [(["project", "env"], {"project": "news", "env": "prod"}), (["env"], {"env": "prod"}), ([], {})]
)
def test_only_activated_tags_split_a_bill(active: list[str], left: dict[str, str]) -> None:
    found = tags({"CostAllocationTags": [{"TagKey": key, "Status": "Active"} for key in active]})
    assert found == {OLD: left, NEW: {}}


def test_in_an_account_that_another_one_pays_for_nobody_knows() -> None:
    def denied(_parameters: Any) -> Any:
        raise Unreadable("ce ListCostAllocationTags: access denied")

    found = tags(denied)
    assert isinstance(found[OLD], Unread)
    assert "access denied" in found[OLD].reason
