"""Goals: kept by proof, broken by a way that is told, and undetermined where nothing is proven of anybody."""

from typing import Any

import pytest

from prodgate.iam.account import EVERYTHING, Account, Principal
from prodgate.iam.answers import Answer, Standing, name_nobody, name_nothing
from prodgate.iam.documents import Document
from prodgate.iam.goals import Goal
from prodgate.iam.known_actions import list_actions
from prodgate.iam.outsiders import answer_of_outsiders
from prodgate.iam.patterns import matches, may_overlap, read_arn_pattern
from prodgate.iam.truth import Doubt

from .policies import ACCOUNT, document, statement

ANN = f"arn:aws:iam::{ACCOUNT}:user/ann"
KEEPER = f"arn:aws:iam::{ACCOUNT}:role/keeper"
KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"
SECRET = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:wire-abcdef"
DELETE = "kms:ScheduleKeyDeletion"


def trusting(kind: str, name: str, **others: Any) -> Document:
    action = "sts:AssumeRoleWithWebIdentity" if kind == "Federated" else "sts:AssumeRole"
    return document({"Effect": "Allow", "Action": action, "Principal": {kind: name}, **others}, where="trust.tf:1")


def account(*written: Any, trust: Document | None = None, unread: str = "", **others: Any) -> Account:
    identity = (Document(unread=unread),) if unread else (document(*written, where="ann.tf:1"),)
    keeping = document(statement(DELETE), where="keeper.tf:1")
    keeper = Principal(arn=KEEPER, identity=(keeping,), trust=trust or trusting("Service", "ec2.amazonaws.com"))
    principals = (Principal(arn=ANN, identity=identity), keeper)
    guard = statement("kms:*", KEY, Principal={"AWS": f"arn:aws:iam::{ACCOUNT}:root"})
    known: dict[str, Any] = {"guards": {"kms": document(guard)}, "arns": frozenset({KEY, SECRET}), "is_whole": True}
    return Account(id=ACCOUNT, principals=principals, **{**known, **others})


def cannot(*actions: str, who: str = "user/*", **others: Any) -> Goal:
    return Goal(may=False, actions=actions or (DELETE,), principals=(who,), **others)


def answer(goal: Goal, of: Account) -> Answer:
    actions = list_actions(goal)
    assert not isinstance(actions, Doubt)
    (found,) = Standing(of).answer(goal, actions)
    return found


@pytest.mark.parametrize(
    ("written", "others", "kept"),
    [
        ([statement("s3:*")], {}, True),
        ([statement(DELETE, KEY)], {}, False),
        ([statement("kms:S*", f"{KEY}*")], {}, False),
        ([statement(DELETE, f"{KEY}2")], {}, True),
        ([statement("kms:*"), statement(DELETE, effect="Deny")], {}, True),
        ([statement("s3:*")], {"unread": "ReadOnlyAccess is not read"}, Doubt),
        ([statement("s3:*")], {"gaps": ("a module is not here",)}, Doubt),
        ([statement(DELETE, KEY)], {"gaps": ("a module is not here",)}, False),
        ([statement(DELETE, KEY, Condition={"StringIs": {"a": "b"}})], {}, Doubt),
        ([statement("s3:*")], {"guards": {"kms": document(statement(DELETE, KEY, Principal={"AWS": ANN}))}}, False),
        ([statement("s3:*")], {"guards": {"kms": Document(unread="a key policy is not read")}}, Doubt),
    ],
)
def test_what_a_principal_cannot_do(written: Any, others: Any, kept: Any) -> None:
    found = answer(cannot(resources=(KEY,)), account(*written, **others))
    assert isinstance(found.kept, Doubt) if kept is Doubt else found.kept is kept
    if kept is False and "guards" not in others:
        assert found.places[0] == "ann.tf:1 statement 1"
        assert found.said.startswith(f"kms:schedulekeydeletion on {KEY}, allowed by ann.tf:1 statement 1")


def test_what_it_does_by_way_of_another_counts() -> None:
    found = answer(cannot(), account(statement("sts:AssumeRole"), trust=trusting("AWS", ANN)))
    assert found.kept is False
    assert found.said.startswith("assume keeper: sts:assumerole on ")
    assert found.said.endswith("allowed by keeper.tf:1 statement 1")
    assert answer(cannot(), account(statement("sts:AssumeRole"))).kept is True
    doubtful = trusting("AWS", ANN, Condition={"StringIs": {"a": "b"}})
    assert isinstance(answer(cannot(), account(statement("sts:AssumeRole"), trust=doubtful)).kept, Doubt)


def test_who_raises_its_own_rights_does_everything() -> None:
    found = answer(cannot(), account(statement("iam:PutUserPolicy", ANN)))
    assert found.kept is False
    assert "iam:putuserpolicy" in found.said
    assert answer(cannot("administrator"), account(statement("iam:PutUserPolicy", ANN))).kept is False
    assert answer(cannot("administrator"), account(statement("s3:*"))).kept is True
    everything = Account(id=ACCOUNT, principals=(Principal(arn=ANN, identity=(EVERYTHING,)),), is_whole=True)
    assert answer(cannot("administrator"), everything).said == "its own policies allow everything"


def test_conditions_leave_out_what_is_not_asked() -> None:
    passing = statement("iam:PassRole", Condition={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}})
    for service, kept in (("ecs-tasks.amazonaws.com", True), ("lambda.amazonaws.com", False)):
        goal = cannot("iam:PassRole", unless=((("StringEquals", "iam:PassedToService", (service,)),),))
        assert answer(goal, account(passing)).kept is kept


def test_what_must_be_possible() -> None:
    needed = Goal(may=True, actions=(DELETE, "kms:DescribeKey"), principals=("user/ann",), resources=(KEY,))
    assert answer(needed, account(statement("kms:*"))).kept is True
    lacking = answer(needed, account(statement(DELETE)))
    assert (lacking.kept, lacking.said) == (False, f"it is proven that it cannot do kms:DescribeKey on {KEY}")
    for written in (DELETE, "kms:*"):  # what was not read may deny
        assert isinstance(answer(needed, account(statement(written), gaps=("a module",))).kept, Doubt)
    tagged = statement("kms:*", Condition={"StringEquals": {"aws:PrincipalTag/team": "keys"}})
    unknown = answer(needed, account(tagged)).kept
    assert "allowed with aws:principaltag/team = 'keys', and whether that holds is not known" in str(unknown)
    assert answer(needed, account(tagged, statement("kms:*"))).kept is True
    chosen = statement("kms:*", Condition={"StringEquals": {"aws:RequestedRegion": "eu-west-1"}})
    assert answer(needed, account(chosen)).kept is True
    administrator = Goal(may=True, actions=("administrator",), principals=("user/ann",))
    assert answer(administrator, account(statement("iam:PutUserPolicy"))).kept is True
    assert answer(administrator, account(statement("s3:*"))).kept is False


@pytest.mark.parametrize(
    ("goal", "reason"),
    [
        (cannot("kms:ScheduleKeyDeletoin"), "did you mean kms:ScheduleKeyDeletion?"),
        (cannot("kmz:*"), "kmz:* is no action"),
        (cannot("kms:Zap*"), "is no action"),
        (cannot("s3:DeleteObject", resources=("arn:aws:s3:::trail",)), "is never done to arn:aws:s3:::trail"),
        (cannot("s3:PutBucketPolicy", resources=("arn:aws:s3:::trail/*",)), "is never done to arn:aws:s3:::trail/*"),
        (cannot("s3:DeleteObject", DELETE, resources=("arn:aws:s3:::trail/*",)), f"{DELETE} is never done to"),
        (cannot("s3:DeleteObject", resources=("arn:aws:s3:::trail/*", SECRET)), "never done to such a resource"),
        (cannot(resources=(SECRET,)), f"never done to {SECRET}"),
        (cannot("sts:GetCallerIdentity", resources=(KEY,)), f"never done to {KEY}"),
    ],
)
def test_actions_that_do_not_exist_prove_nothing(goal: Goal, reason: str) -> None:
    found = list_actions(goal)
    assert isinstance(found, Doubt)
    assert reason in str(found)


def test_names_of_nothing_prove_nothing() -> None:
    known = account(statement("s3:*"))
    assert "user/bob names no user" in str(name_nobody(cannot(who="user/bob"), known))
    assert "left out by 'except'" in str(name_nobody(cannot(spared=("user/ann",)), known))
    assert "left out by 'except'" in str(name_nobody(cannot(), account(statement("s3:*"), foreign=frozenset({ANN}))))
    assert name_nobody(cannot(), known) is None
    for named in (KEY, f"{KEY}/*", "arn:aws:kms:*:*:key/*", "*", "arn:aws:secretsmanager:*:*:secret:wire-*"):
        assert name_nothing(cannot(resources=(named,)), known) is None
    for unknown in (
        f"{KEY}2",
        "arn:aws:s3:::trial/*",
        "arn:aws:sns:*:*:topic:*",
        "arn:aws:kmz:*:*:key/*",
        "arn:aws:secretsmanager:*:*:secret:wires-*",
    ):
        assert "names nothing that is known here" in str(name_nothing(cannot(resources=(unknown,)), known))


def test_wildcards_of_a_goal_are_all_actions_that_fit() -> None:
    found = list_actions(cannot("backup:DeleteBackupVault*"))
    assert isinstance(found, tuple)
    assert {"backup:DeleteBackupVault", "backup:DeleteBackupVaultAccessPolicy"} <= set(found)


@pytest.mark.parametrize(
    ("trust", "unless", "said"),
    [
        (trusting("AWS", f"arn:aws:iam::{ACCOUNT}:root"), (), []),
        (trusting("Service", "ec2.amazonaws.com"), (), []),
        (trusting("AWS", "999988887777"), (), [False]),
        (trusting("AWS", "arn:aws:sts::999988887777:assumed-role/x/y"), (), [False]),
        (trusting("AWS", "arn:aws:sts::999988887777:federated-user/bob"), (), [False]),
        (trusting("AWS", "arn:aws:iam::999988887777:role/path/x"), (), [False]),
        (trusting("AWS", "*"), (), [False, False]),
        (trusting("AWS", "*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}), (), [False, False]),
        (
            trusting("AWS", "*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}),
            (("StringEquals", "aws:PrincipalOrgID", ("o-1",)),),
            [True, True],
        ),
        (trusting("Federated", "github", Condition={"StringLike": {"sub": "repo:a/*"}}), (), [False]),
        (
            trusting("Federated", "github", Condition={"StringLike": {"sub": "repo:a/b"}}),
            (("StringLike", "sub", ("repo:a/*",)),),
            [True],
        ),
        (
            trusting("Federated", "github", Condition={"StringLike": {"sub": "repo:a*"}}),
            (("StringLike", "sub", ("repo:a/*",)),),
            [False],
        ),
    ],
)
def test_who_gets_in_from_outside(trust: Document, unless: Any, said: list[bool]) -> None:
    action = "sts:AssumeRoleWithWebIdentity" if "WebIdentity" in str(trust) else "sts:AssumeRole"
    goal = cannot(action, who="outside", unless=(unless,) if unless else ())
    assert [one.kept for one in answer_of_outsiders(goal, (action,), account(trust=trust))] == said


@pytest.mark.parametrize(
    ("trust", "others", "reason"),
    [
        (trusting("AWS", "AIDACKCEVSQ6C2EXAMPLE"), {}, "AIDACKCEVSQ6C2EXAMPLE is no principal that is known here"),
        (trusting("AWS", "arn:aws:iam::*:root"), {}, "is no principal that is known here"),
        (trusting("AWS", "lambda.amazonaws.com"), {}, "is no principal that is known here"),
        (trusting("CanonicalUser", "79a59df900b949e5"), {}, "79a59df900b949e5 is no principal that is known here"),
        (trusting("Service", "ec2.amazonaws.com"), {"gaps": ("a module is not here",)}, "a module is not here"),
    ],
)
def test_who_may_get_in_from_outside_is_not_known(trust: Document, others: Any, reason: str) -> None:
    goal = cannot("sts:AssumeRole", who="outside")
    (found,) = answer_of_outsiders(goal, ("sts:AssumeRole",), account(trust=trust, **others))
    assert isinstance(found.kept, Doubt)
    assert reason in str(found.kept)


def test_outsiders_may_be_named_and_resources_may_let_them_in() -> None:
    trust = trusting("AWS", "999988887777")
    goal = cannot("sts:AssumeRole", who="outside", spared=("arn:aws:iam::999988887777:user/*",))
    assert list(answer_of_outsiders(goal, ("sts:AssumeRole",), account(trust=trust))) == []
    guard = document(statement("kms:Decrypt", KEY, Principal={"AWS": "*"}), where="key.tf:1")
    goal = cannot("kms:Decrypt", who="outside", resources=(KEY,))
    found = list(answer_of_outsiders(goal, ("kms:Decrypt",), account(guards={"kms": guard})))
    assert found
    assert all(one.kept is False and one.places == ("key.tf:1 statement 1",) for one in found)


def test_patterns_that_are_told_apart_share_no_arn() -> None:
    texts = ["arn:aws:s3:::a", "arn:aws:s3:::a*", "arn:aws:s3:::*b", "arn:aws:s3:::a?b", "arn:aws:sqs:*:1:a", "*"]
    arns = ["arn:aws:s3:::a", "arn:aws:s3:::ab", "arn:aws:s3:::acb", "arn:aws:sqs:eu:1:a", "arn:aws:s3:::b"]
    for one in texts:
        for other in texts:
            shared = [arn for arn in arns if all(each == "*" or _fits(each, arn) for each in (one, other))]
            assert may_overlap(one, other) or not shared
    assert not may_overlap("arn:aws:s3:::a", "arn:aws:s3:::b*")
    assert not may_overlap("arn:aws:s3:::a*c", "arn:aws:s3:::*d")


def _fits(pattern: str, arn: str) -> bool:
    return matches(read_arn_pattern(pattern, None), arn) is True


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ([statement("*")], None),  # openly an administrator: nothing is asked of it
        ([statement("*"), statement("iam:DeleteUser", effect="Deny")], False),
        ([statement("iam:PutUserPolicy")], False),
        ([statement("s3:*")], True),
    ],
)
def test_who_openly_holds_all_rights_may_be_spared(written: list[Any], kept: bool | None) -> None:
    known = account(*written)
    answers = list(Standing(known).answer(cannot("administrator", spared=("administrators",)), ()))
    assert [one.kept for one in answers] == ([] if kept is None else [kept])
