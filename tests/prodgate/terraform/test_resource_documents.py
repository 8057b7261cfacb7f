"""Every argument of the provider that holds a policy of a resource is asked whom it lets in."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from policies.resource_documents import RESOURCE_POLICIES

from prodgate import Configuration, Resource
from prodgate.terraform.provider.schema import aws_schemas
from prodgate.testing import POLICIES, Outcome, apply, load_criteria

importlib.import_module("policies.identity_resources")
CRITERIA = load_criteria(Path(__file__).parents[3] / "criteria.toml").criteria
NAMES = ("access_policies", "access_policy", "content", "delivery_destination_policy", "policy", "policy_document",
         "repository_policy", "resource_policy")  # fmt: skip
#: What holds another kind of document, by the beginning of its name, and why nobody is let in by it alone.
OTHERS = {
    "aws_api_gateway_": "an API may be for everybody: who may call a method is asked of the method",
    "aws_cloudwatch_log_account_policy": "says what is done with logs",
    "aws_cloudwatch_log_data_protection_policy": "says what is masked in logs",
    "aws_cloudwatch_log_index_policy": "says what is indexed of logs",
    "aws_ecr_lifecycle_policy": "says which images are kept",
    "aws_eks_pod_identity_association": "takes rights away from a session",
    "aws_iam_": "gives rights to whoever it is attached to",
    "aws_iot_policy": "gives rights to devices",
    "aws_networkmanager_": "says how networks are connected",
    "aws_opensearchserverless_": "is of a form of its own",
    "aws_organizations_policy": "takes rights away from accounts",
    "aws_ses_receipt_filter": "is Allow or Block",
    "aws_sns_topic_data_protection_policy": "says what is masked in messages",
    "aws_transfer_": "takes rights away from a session",
    "aws_verifiedaccess_": "is written in Cedar",
    "aws_vpc_endpoint": "says what a network may reach, and everybody in it by default",
    "aws_vpclattice_auth_policy": "is of a service that only its networks reach",
}  # fmt: skip


def list_arguments(block: Mapping[str, Any], path: str = "") -> Iterator[str]:
    for name, attribute in block["attributes"].items():
        if name in NAMES and attribute["type"] == "string" and (attribute.get("optional") or attribute.get("required")):
            yield f"{path}{name}"
    for name, inner in block["block_types"].items():
        yield from list_arguments(inner["block"], f"{path}{name}.")


HOLDING = {
    (type_, argument)
    for type_ in aws_schemas().names("resource")
    for argument in list_arguments(aws_schemas().block("resource", type_))
    if not argument.endswith("content") or "polic" in type_
}


def test_the_provider_has_no_other_policy_of_a_resource() -> None:
    assert {each for each in HOLDING if not each[0].startswith(tuple(OTHERS))} == set(RESOURCE_POLICIES.items())


@pytest.mark.parametrize("beginning", OTHERS)
def test_nothing_is_named_that_is_no_longer_there(beginning: str) -> None:
    assert [each for each, _ in HOLDING if each.startswith(beginning)]


def declare(type_: str, principal: Mapping[str, str]) -> Resource:
    statement = {"Sid": "it", "Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": "*"}
    first, _, rest = RESOURCE_POLICIES[type_].partition(".")
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    values = {first: [{rest: document}] if rest else document}
    return Resource(address=f"{type_}.it", type=type_, name="it", values=values)


@pytest.mark.parametrize("type_", sorted(RESOURCE_POLICIES))
@pytest.mark.parametrize(
    ("principal", "outcome"),
    [({"AWS": "*"}, Outcome.NOT_SATISFIED), ({"AWS": "arn:aws:iam::111122223333:root"}, Outcome.SATISFIED)],
)
def test_everybody_is_refused_in_each(type_: str, principal: Mapping[str, str], outcome: Outcome) -> None:
    policy = POLICIES["PG_IAM_13"]
    tree = Configuration(root="it", engine="none", resources=(declare(type_, principal),))
    (found,) = [each for each in apply(policy, tree, CRITERIA[policy.criterion]) if each.subject == f"{type_}.it"]
    assert found.outcome is outcome
