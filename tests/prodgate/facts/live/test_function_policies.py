"""Policies of functions are read with those of their versions and aliases; what can't be read is said of each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from prodgate.aws.answers import Absent, Unreadable
from prodgate.facts.live.resource_policies import observe_function_policies
from prodgate.semantics.unresolved import Unknown

from .stated_account import ACCOUNT, REGION, account_answering

ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"
LISTED = {"Functions": [{"FunctionArn": f"{ARN}mail"}, {"FunctionArn": f"{ARN}idle"}]}
VERSIONS = {"Versions": [{"FunctionArn": f"{ARN}mail:$LATEST"}, {"FunctionArn": f"{ARN}mail:7"}]}
ALIASES = {"Aliases": [{"AliasArn": f"{ARN}mail:live"}]}


def policy_of(which: Mapping[str, Any]) -> Any:
    """Return what the function and its alias let in; the version and the other function let in nobody."""
    if which["FunctionName"] == "idle" or which.get("Qualifier") == "7":
        return None
    if "Qualifier" not in which:
        raise Unreadable("lambda GetPolicy: denied")
    return {"Policy": json.dumps({"Statement": {"Sid": which["Qualifier"]}})}


def of_mail(answer: Any) -> Any:
    return lambda which: answer if which["FunctionName"] == "mail" else {}


def observed(**answers: Any) -> Mapping[str, Any]:
    given = {
        "ListFunctions": LISTED,
        "ListVersionsByFunction": of_mail(VERSIONS),
        "ListAliases": of_mail(ALIASES),
        "GetPolicy": policy_of,
    }
    with account_answering({**given, **answers}) as account:
        found = list(observe_function_policies(account))
    assert {one.type for one in found} == {"aws_lambda_function_policy"}
    policies = {one.subject.removeprefix(ARN): one.values["policy"] for one in found}
    return {name: one.reason if isinstance(one, Unknown) else one for name, one in policies.items()}


def test_each_version_and_alias_has_a_policy_of_its_own() -> None:
    assert observed() == {
        "mail": "lambda GetPolicy: denied",
        "idle": None,
        "mail:7": None,
        "mail:live": '{"Statement": {"Sid": "live"}}',
    }


def test_a_function_whose_versions_nobody_may_list_is_not_known() -> None:
    def deny(_: Any) -> Any:
        raise Unreadable("lambda ListAliases: denied")

    found = observed(ListAliases=deny)
    assert (found["mail:*"], found["idle:*"], "mail:live" in found) == (*["lambda ListAliases: denied"] * 2, False)


def test_a_function_that_went_in_between_lets_in_nobody() -> None:
    def gone(_: Any) -> Any:
        raise Absent("ResourceNotFoundException")

    assert observed(ListVersionsByFunction=gone, GetPolicy=gone) == {"mail": None, "idle": None}
