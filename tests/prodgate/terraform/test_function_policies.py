"""Permissions and URLs of Lambda functions, heard as the policies that they become."""

from typing import Any

import pytest

from prodgate.iam.account import Account
from prodgate.iam.documents import Document
from prodgate.iam.goals import Goal
from prodgate.iam.outsiders import answer_of_outsiders
from prodgate.iam.truth import Doubt
from prodgate.terraform.guarded import add_guards
from prodgate.terraform.reading import UNKNOWN
from prodgate.terraform.resources import Configuration, Resource

FUNCTION = "arn:aws:lambda:eu-west-1:111122223333:function:ask"
INVOKE, OPEN_URL = "lambda:InvokeFunction", "lambda:InvokeFunctionUrl"


def declared(kind: str, **values: Any) -> Resource:
    return Resource(address=f"{kind}.this", type=kind, name="this", values={"function_name": "ask", **values})


def read(*others: Resource) -> Account:
    function = declared("aws_lambda_function", arn=FUNCTION)
    configuration = Configuration(root="infra", engine="none", resources=[function, *others])
    return add_guards(Account(id="111122223333", principals=()), configuration)


def permit(**values: Any) -> Resource:
    return declared("aws_lambda_permission", **{"action": INVOKE, "qualifier": None, **values})


@pytest.mark.parametrize(
    ("resource", "action", "kept"),
    [
        (permit(principal="*"), INVOKE, {False}),
        (permit(principal="*"), "lambda:UpdateFunctionCode", {True}),
        (permit(principal="*", qualifier="live"), INVOKE, {True}),
        (permit(principal="*", function_name="other"), INVOKE, {True}),
        (permit(principal="*", source_arn=UNKNOWN), INVOKE, {Doubt}),
        (permit(principal="999988887777"), INVOKE, {False}),
        (permit(principal="111122223333"), INVOKE, set()),
        (permit(principal="events.amazonaws.com"), INVOKE, set()),
        (permit(principal="*", principal_org_id="o-1"), INVOKE, {True}),
        (declared("aws_lambda_function_url", authorization_type="NONE"), OPEN_URL, {False}),
        (declared("aws_lambda_function_url", authorization_type="AWS_IAM"), OPEN_URL, set()),
    ],
)
def test_who_calls_a_function_from_outside(resource: Resource, action: str, kept: set[Any]) -> None:
    ours = (("StringEquals", "aws:PrincipalOrgID", ("o-1",)),)
    goal = Goal(may=False, actions=(action,), principals=("outside",), resources=(FUNCTION,), unless=(ours,))
    found = [one.kept for one in answer_of_outsiders(goal, (action,), read(resource))]
    assert {Doubt if isinstance(one, Doubt) else one for one in found} == kept


def test_a_permission_is_read_with_all_its_conditions() -> None:
    source = {"source_arn": "arn:aws:events:eu-west-1:111122223333:rule/r", "source_account": "111122223333"}
    url = {"function_url_auth_type": "AWS_IAM", "invoked_via_function_url": "true", "event_source_token": "t"}
    guard = read(permit(principal="events.amazonaws.com", qualifier="live", **source, **url)).guards["lambda"]
    (statement,) = guard.statements
    assert statement.resources == (f"{FUNCTION}:live",)
    assert {(one.operator, one.key) for one in statement.conditions} == {
        ("ArnLike", "aws:sourcearn"),
        ("StringEquals", "aws:sourceaccount"),
        ("StringEquals", "lambda:functionurlauthtype"),
        ("StringEquals", "lambda:eventsourcetoken"),
        ("Bool", "lambda:invokedviafunctionurl"),
    }


def test_a_function_of_another_root_is_named_as_it_is_written() -> None:
    for named, resource in ((f"{FUNCTION}2", f"{FUNCTION}2"), ("far", "arn:*:lambda:*:*:function:far")):
        guard: Document = read(permit(principal="*", function_name=named)).guards["lambda"]
        assert guard.statements[0].resources == (resource,)
    for named in ("far:live", "111122223333:function:far"):
        assert (
            "write the name or the ARN alone"
            in read(permit(principal="*", function_name=named)).guards["lambda"].unread
        )
