"""What running code is given in plain text; what is not shown of one is not taken for nothing."""

from __future__ import annotations

from typing import Any

import pytest

from prodgate.facts.live.plain_text import Handed, observe_functions, observe_tasks
from prodgate.findings import Undetermined

from .stated_account import account_answering

ARN = "arn:aws:lambda:ap-northeast-1:123456789012:function:fetch"
HIDDEN = {"Error": {"ErrorCode": "AccessDeniedException", "Message": "no"}}


def functions(*rows: dict[str, Any]) -> list[Handed]:
    with account_answering({"ListFunctions": {"Functions": rows}}) as account:
        return list(observe_functions(account))


def test_variables_that_lambda_can_not_decrypt_for_the_caller_are_not_taken_for_none() -> None:
    hidden, none, open_ = functions(
        {"FunctionArn": ARN, "Environment": HIDDEN},
        {"FunctionArn": f"{ARN}-none"},
        {"FunctionArn": f"{ARN}-open", "Environment": {"Variables": {"DB_PASSWORD": "Xk29vbQz7Lw1"}}},
    )
    assert (hidden.subject, none.plain) == (ARN, ())
    assert len(open_.plain) == 1
    with pytest.raises(
        Undetermined, match=r"variables of .*:fetch \(AccessDeniedException\); let the policy of the key"
    ):
        _ = hidden.plain


def test_a_function_without_its_arn_costs_itself_alone() -> None:
    nameless, known = functions({"FunctionName": "fetch"}, {"FunctionArn": ARN})
    assert (nameless.subject, known.plain) == ("fetch", ())


def test_a_task_definition_is_seen_beside_one_with_a_variable_without_a_name() -> None:
    def define(asked: dict[str, str]) -> dict[str, Any]:
        variables = [{"value": "x"}] if asked["taskDefinition"] == "odd" else [{"name": "TZ", "value": "UTC"}]
        container = {"name": "app", "environment": variables}
        return {"taskDefinition": {"taskDefinitionArn": asked["taskDefinition"], "containerDefinitions": [container]}}

    answers = {"ListTaskDefinitionFamilies": {"families": ["odd", "whole"]}, "DescribeTaskDefinition": define}
    with account_answering(answers) as account:
        odd, whole = observe_tasks(account)
    assert (odd.subject, whole.plain) == ("odd", ())
    with pytest.raises(Undetermined):
        _ = odd.plain
