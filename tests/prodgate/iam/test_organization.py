"""What an organization denies to its accounts: kept goals that were broken, and ways that are none."""

from typing import Any

import pytest

from prodgate.iam.account import EVERYTHING, Account, Organization, Principal
from prodgate.iam.answers import Standing
from prodgate.iam.documents import Document
from prodgate.iam.goals import Goal
from prodgate.iam.outsiders import answer_of_outsiders
from prodgate.iam.reach import find_reach
from prodgate.iam.truth import Doubt

from .policies import ACCOUNT, ROLE, USER, document, statement

DELETE = "kms:ScheduleKeyDeletion"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"
LINKED = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
TRUST = document(statement("sts:AssumeRole", Principal={"AWS": ACCOUNT}) | {"Resource": "*"})
UNREAD = Organization(unread="organizations ListParents: access denied")


def level(*written: Any) -> tuple[Document, ...]:
    return (EVERYTHING, document(*written, where="the organization"))


def account(organization: Organization, *own: Any, arn: str = USER, others: tuple[Principal, ...] = ()) -> Account:
    principal = Principal(arn=arn, identity=(document(*own),), trust=TRUST if ":role/" in arn else None)
    guard = document(statement("kms:*", KEY, Principal={"AWS": ACCOUNT}))
    return Account(
        id=ACCOUNT,
        principals=(principal, *others),
        guards={"kms": guard},
        arns=frozenset({KEY}),
        is_whole=True,
        organization=organization,
    )


def denying(action: str, **others: Any) -> Organization:
    return Organization(scps=(level(statement(action, effect="Deny", **others)), (EVERYTHING,)))


def ask(may: bool, known: Account) -> Any:
    goal = Goal(may=may, actions=(DELETE,), resources=(KEY,), principals=(known.principals[0].arn,))
    (found,) = Standing(known).answer(goal, (DELETE,))
    return found


@pytest.mark.parametrize(
    ("organization", "cannot", "can"),
    [
        (Organization(), False, True),
        (denying("kms:*"), True, False),
        (denying("s3:*"), False, True),
        (denying("kms:*", Condition={"StringNotEquals": {"aws:PrincipalArn": USER}}), False, True),
        (denying("kms:*", Condition={"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:user/*"}}), True, False),
        (denying("kms:*", Condition={"StringIs": {"a": "b"}}), Doubt, Doubt),
        (Organization(scps=((EVERYTHING,), (document(statement("s3:*")),))), True, False),
        (Organization(scps=((Document(unread="one is not read"), EVERYTHING),)), Doubt, Doubt),
        (Organization(rcps=((document(statement("kms:*", effect="Deny", Principal="*")),),)), True, False),
        (UNREAD, False, Doubt),
    ],
)
def test_what_an_organization_denies_nobody_does(organization: Organization, cannot: Any, can: Any) -> None:
    known = account(organization, statement(DELETE, KEY))
    for may, kept in ((False, cannot), (True, can)):
        found = ask(may, known)
        assert isinstance(found.kept, Doubt) if kept is Doubt else found.kept is kept
    if organization is UNREAD:
        assert ask(False, known).said.endswith(f"whether its organization denies that is not known: {UNREAD.unread}")


def test_what_is_not_read_of_an_organization_unsettles_no_proof_of_cannot() -> None:
    known = account(UNREAD, statement("s3:*"))
    assert ask(False, known).kept is True
    assert ask(True, known).kept is False


def test_a_role_that_a_service_made_for_itself_is_not_limited() -> None:
    assert ask(True, account(denying("kms:*"), statement(DELETE, KEY), arn=LINKED)).kept is True
    assert ask(True, account(denying("kms:*"), statement(DELETE, KEY), arn=ROLE)).kept is False


CHIEF = Principal(arn=f"arn:aws:iam::{ACCOUNT}:role/chief", identity=(EVERYTHING,), trust=TRUST)


@pytest.mark.parametrize(
    ("organization", "own", "administrator"),
    [
        (Organization(), [statement("sts:AssumeRole")], True),
        (denying("sts:AssumeRole"), [statement("sts:AssumeRole")], False),
        (
            Organization(rcps=((document(statement("sts:*", effect="Deny", Principal="*")),),)),
            [statement("sts:*")],
            False,
        ),
        (denying("iam:Put*"), [statement("iam:PutUserPolicy")], False),
        (denying("organizations:*"), [statement("*")], True),
    ],
)
def test_ways_to_administrator_are_taken_as_far_as_the_organization_lets(
    organization: Organization, own: list[Any], administrator: bool
) -> None:
    known = account(organization, *own, others=(CHIEF,))
    (found,) = (one for one in find_reach(known) if one.principal.arn == USER)
    assert found.administrator is administrator


def test_a_service_runs_no_role_that_the_organization_keeps_from_it() -> None:
    own = [statement(["lambda:CreateFunction", "lambda:InvokeFunction", "iam:PassRole"])]
    run = document(statement("sts:AssumeRole", Principal={"Service": "lambda.amazonaws.com"}))
    chief = Principal(arn=CHIEF.arn, identity=(EVERYTHING,), trust=run)
    strangers = {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}
    for spared, administrator in (({"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}, True), ({}, Doubt)):
        denied = statement("sts:*", effect="Deny", Principal="*", Condition={**strangers, **spared})
        known = account(Organization(rcps=((document(denied),),)), *own, others=(chief,))
        said = find_reach(known)[0].administrator
        assert isinstance(said, Doubt) if administrator is Doubt else said is administrator


def test_outsiders_meet_resource_control_policies() -> None:
    open_to_all = document(statement("kms:Decrypt", KEY, Principal="*"), where="key.tf:1")
    strangers = {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}
    perimeter = Organization(rcps=((document(statement("kms:*", effect="Deny", Principal="*", Condition=strangers)),),))
    ours = (("StringEquals", "aws:PrincipalOrgID", ("o-1",)),)
    goal = Goal(may=False, actions=("kms:Decrypt",), principals=("outside",), resources=(KEY,), unless=(ours,))
    for organization, kept in ((Organization(), False), (perimeter, True)):
        known = Account(id=ACCOUNT, principals=(), guards={"kms": open_to_all}, organization=organization)
        found = list(answer_of_outsiders(goal, ("kms:Decrypt",), known))
        assert {one.kept for one in found} == {kept}


@pytest.mark.parametrize(
    ("provider", "kept"),
    [
        (f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com", False),
        (f"arn:aws:iam::{ACCOUNT}:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/1", True),
        (f"arn:aws:iam::{ACCOUNT}:saml-provider/staff", True),
    ],
)
def test_a_provider_states_its_own_claims_alone(provider: str, kept: bool) -> None:
    action, claim = "sts:AssumeRoleWithWebIdentity", "token.actions.githubusercontent.com:sub"
    trust = document({"Effect": "Allow", "Action": action, "Principal": {"Federated": provider}})
    known = Account(id=ACCOUNT, principals=(Principal(arn=ROLE, trust=trust),))
    unless = (("StringNotLike", claim, ("repo:somebody/*",)),)
    goal = Goal(may=False, actions=(action,), principals=("outside",), unless=(unless,))
    (found,) = answer_of_outsiders(goal, (action,), known)
    assert found.kept is kept
