"""The section about the account's organization: what it says, and what it must not leave open."""

from typing import Any

import pytest

from prodgate.iam.account import EVERYTHING
from prodgate.sections.organization import organization_mistakes, parse_organization

DENY = '{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}}'


def test_levels_are_read_in_their_order() -> None:
    table = {
        "service_control_policies": [["FullAWSAccess", DENY], ["FullAWSAccess"]],
        "resource_control_policies": [[DENY]],
    }
    assert list(organization_mistakes(table)) == []
    found = parse_organization(table)
    assert [len(level) for level in found.scps] == [2, 1]
    assert found.scps[1] == (EVERYTHING,)
    assert [one.place for one in found.rcps[0][0].statements] == [
        "resource_control_policies level 1 policy 1 statement 1"
    ]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({}, "organization: is {}; write [organization]"),
        ({"service_control_policy": []}, "service_control_policy: is not a key; did you mean"),
        ({"service_control_policies": ["FullAWSAccess"]}, "write a list for each level"),
        ({"service_control_policies": [[DENY]]}, "level 1 allows nothing; name 'FullAWSAccess' in it"),
        ({"service_control_policies": [["scp.json"]]}, "level 1 policy 1 is no JSON"),
        ({"service_control_policies": [[1]]}, "level 1 policy 1 is 1"),
        ({"resource_control_policies": [['{"Statement": {}}']]}, "level 1 policy 1 statement 1 has the effect None"),
    ],
)
def test_what_it_must_not_say(table: Any, said: str) -> None:
    found = list(organization_mistakes(table))
    assert any(said in one for one in found), found
