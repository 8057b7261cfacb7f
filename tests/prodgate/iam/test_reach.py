"""Who reaches administrator: ways that exist, and the same with one permission less."""

from typing import Any

import pytest

from prodgate.iam.account import EVERYTHING, Account, Group, Holder, Principal
from prodgate.iam.documents import Document
from prodgate.iam.paths import Path, list_paths
from prodgate.iam.reach import Reach, find_reach
from prodgate.iam.truth import Doubt

from .policies import ACCOUNT, document, statement

ANN = f"arn:aws:iam::{ACCOUNT}:user/ann"
ADMIN = f"arn:aws:iam::{ACCOUNT}:role/admin"
THING = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:job"


def trusting(**principal: Any) -> Any:
    return document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal})


def reach(*written: Any, trust: Any = None, whole: bool = True, holders: Any = (), **others: Any) -> Reach:
    ann = Principal(arn=ANN, identity=(document(*written),), **others)
    admin = Principal(arn=ADMIN, identity=(EVERYTHING,), trust=trust or trusting(AWS=ADMIN), in_profile=True)
    things = frozenset({"cluster", "job", "stack set"})
    account = Account(id=ACCOUNT, principals=(ann, admin), is_whole=whole, holders=holders, things=things)
    return find_reach(account)[0]


def allow(*actions: str, resource: str = "*") -> dict[str, Any]:
    return statement(list(actions), resource)


def test_of_what_is_nobody_reaches_more_than_the_administrator_has() -> None:
    assert reach(allow("s3:*")).administrator is False
    assert reach(allow("*")).administrator is True


@pytest.mark.parametrize(
    "path", [one for one in list_paths() if one.service or one.kind], ids=lambda one: one.known_as[0]
)
def test_each_way_needs_each_of_its_permissions(path: Path) -> None:
    trust = trusting(Service=path.service) if path.service else None
    holders = (Holder(kind=path.kind, arn=path.pattern.format(account=ACCOUNT).replace("*", "x"), role=ADMIN),)
    needed = [*(["iam:PassRole"] if path.service else []), *(step.action for step in path.steps)]
    found = reach(allow(*needed), trust=trust, holders=holders)
    assert found.administrator is True
    assert any(path.known_as[0] in hop.known_as for way in found.paths for hop in way)
    for lacking in needed:
        rest = [one for one in needed if one != lacking]
        smaller = [one for one in list_paths() if one is not path and {step.action for step in one.steps} <= set(rest)]
        without = reach(allow(*rest, "s3:GetObject"), trust=trust, holders=holders)
        assert without.administrator is False or any(one.kind == path.kind for one in smaller)


GROUP = f"arn:aws:iam::{ACCOUNT}:group/sre"
JOIN = allow("iam:AddUserToGroup", resource=GROUP)


@pytest.mark.parametrize(
    ("written", "held", "answer", "way"),
    [
        ([JOIN], [allow("iam:PutUserPolicy")], True, "add ann to the group sre, then write an inline policy of ann"),
        ([JOIN], [allow("iam:PutGroupPolicy", resource=GROUP)], True, "then write an inline policy of a group of ann"),
        ([JOIN], [allow("*")], True, "add ann to the group sre"),
        ([], [allow("iam:PutUserPolicy")], False, ""),
        ([JOIN, statement("iam:Put*", effect="Deny")], [allow("iam:PutUserPolicy")], Doubt, ""),
        ([JOIN], [allow("iam:PutUserPolicy"), statement("iam:Put*", effect="Deny")], Doubt, ""),
        ([JOIN], [allow("iam:PutUserPolicy", resource=f"{ANN}a")], Doubt, ""),
    ],
)
def test_what_a_group_lets_its_users_edit_is_followed(written: Any, held: Any, answer: Any, way: str) -> None:
    ann = Principal(arn=ANN, identity=(document(*written, allow("s3:List*")),))
    group = Group(arn=GROUP, identity=(document(*held),))
    (found,) = find_reach(Account(id=ACCOUNT, principals=(ann,), groups={GROUP: group}, is_whole=True))
    assert isinstance(found.administrator, Doubt) if answer is Doubt else found.administrator is answer
    assert way in " ".join(hop.how for each in found.paths for hop in each)


@pytest.mark.parametrize(
    ("written", "trust", "answer"),
    [
        ([allow("iam:PutUserPolicy", resource=ANN)], None, True),
        ([allow("iam:PutUserPolicy", resource=ANN + "a")], None, False),
        ([allow("iam:*"), statement("iam:*", effect="Deny")], None, False),
        ([allow("iam:UpdateAssumeRolePolicy", resource=ADMIN)], None, True),
        ([allow("sts:AssumeRole")], trusting(AWS=ACCOUNT), True),
        ([allow("sts:AssumeRole")], None, False),
        ([allow("s3:List*")], trusting(AWS=ANN), True),
        (
            [allow("iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction")],
            trusting(Service="ec2.amazonaws.com"),
            False,
        ),
        (
            [statement("iam:PutUserPolicy", Condition={"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}})],
            None,
            False,
        ),
        *(
            ([statement("iam:PutUserPolicy", Condition=condition)], None, answer)
            for condition, answer in (
                ({"DateLessThan": {"aws:TokenIssueTime": "2020-01-01T00:00:01Z"}}, False),
                ({"DateGreaterThan": {"aws:TokenIssueTime": "2020-01-01T00:00:01Z"}}, True),
                ({"Null": {"aws:TokenIssueTime": "true"}}, True),
            )
        ),
        ([statement("iam:PutUserPolicy", Condition={"StringIs": {"a": "b"}})], None, Doubt),
        (
            [
                statement(
                    "iam:AttachUserPolicy", Condition={"ArnEquals": {"iam:PolicyARN": "arn:aws:iam::aws:policy/A"}}
                )
            ],
            None,
            Doubt,
        ),
    ],
)
def test_ways_by_editing_and_assuming(written: Any, trust: Any, answer: Any) -> None:
    found = reach(*written, trust=trust).administrator
    assert isinstance(found, Doubt) if answer is Doubt else found is answer


def test_a_boundary_leaves_what_it_gives_itself_open() -> None:
    found = reach(allow("iam:PutUserPolicy"), boundary=document(allow("*"))).administrator
    assert isinstance(found, Doubt)
    assert "boundary of ann" in str(found)


def test_what_may_exist_elsewhere_leaves_it_open() -> None:
    assert isinstance(reach(allow("lambda:UpdateFunctionCode"), whole=False).administrator, Doubt)
    assert reach(allow("lambda:UpdateFunctionCode")).administrator is False


def test_a_chain_is_told_hop_by_hop_with_its_statements() -> None:
    middle = f"arn:aws:iam::{ACCOUNT}:role/middle"
    account = Account(
        id=ACCOUNT,
        is_whole=True,
        principals=(
            Principal(arn=ANN, identity=(document(allow("sts:AssumeRole"), where="ann.tf:1"),)),
            Principal(
                arn=middle,
                identity=(document(allow("sts:AssumeRole"), where="middle.tf:1"),),
                trust=trusting(AWS=ACCOUNT),
            ),
            Principal(arn=ADMIN, identity=(EVERYTHING,), trust=trusting(AWS=middle)),
        ),
    )
    (way,) = find_reach(account)[0].paths
    assert [hop.target for hop in way] == [middle, ADMIN]
    assert [[one.place for one in step.statements] for hop in way for step in hop.steps] == [
        ["ann.tf:1 statement 1", "a policy statement 1"],
        ["middle.tf:1 statement 1", "a policy statement 1"],
    ]


DENIED_ELSEWHERE = {"StringNotEquals": {"aws:SourceAccount": ACCOUNT}}
RUN = ("iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction")


@pytest.mark.parametrize(
    ("written", "trust", "whole"),
    [
        (allow("s3:List*"), Document(unread="the trust is decided later"), True),
        (allow("sts:AssumeRole"), None, False),
        (
            allow(*RUN),
            document(
                {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}},
                {"Effect": "Deny", "Action": "sts:AssumeRole", "Principal": "*", "Condition": DENIED_ELSEWHERE},
            ),
            True,
        ),
    ],
    ids=["trust that is not read", "role that is not declared", "service denied elsewhere"],
)
def test_what_may_be_so_is_no_proof(written: Any, trust: Any, whole: bool) -> None:
    assert reach(written, trust=trust, whole=whole).administrator is not False


def test_a_role_that_is_declared_is_no_other_one() -> None:
    assert reach(allow("sts:AssumeRole", resource=ADMIN), whole=False).administrator is False


def test_a_session_may_have_the_name_that_is_trusted() -> None:
    middle = f"arn:aws:iam::{ACCOUNT}:role/middle"
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/middle/one"
    principals = (
        Principal(arn=middle, trust=trusting(AWS=ADMIN)),
        Principal(arn=ADMIN, identity=(EVERYTHING,), trust=trusting(AWS=session)),
    )
    found = find_reach(Account(id=ACCOUNT, is_whole=True, principals=principals))[0].administrator
    assert "is one session of middle" in str(found)


def test_a_user_may_call_without_a_token() -> None:
    keys = statement("iam:PutUserPolicy", Condition={"Null": {"aws:TokenIssueTime": "true"}})
    assert reach(keys).administrator is True


def test_what_may_exist_is_named_in_grammar() -> None:
    found = reach(allow("ssm:StartSession"), whole=False).administrator
    assert "if there is an instance with a role" in str(found)
