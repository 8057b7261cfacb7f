"""Goals: kept with a proof, broken with a described path, and undetermined if nothing is proven of anybody; and
granted rights beside those in use: named with their place, never if unknown, and the least that suffices."""

import os
import signal
import threading
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from itertools import product
from pathlib import Path as File
from typing import Any

import pytest
import z3

from prodgate.criteria import Criterion
from prodgate.iam import answers
from prodgate.iam.abilities import Abilities, Allowed
from prodgate.iam.account import (
    EVERYTHING,
    KNOWN_KEYS,
    Account,
    Group,
    Holder,
    Organization,
    Principal,
    describe_world,
)
from prodgate.iam.answers import (
    Answer,
    Standing,
    answer_of_idle,
    answer_of_outsiders,
    answer_of_use,
    describe_standing,
    name_no_request,
    name_nobody,
    name_nothing,
)
from prodgate.iam.containment import find_new_access, write_smallest
from prodgate.iam.documents import Document, read_identity_document
from prodgate.iam.goals import Conditions, Goal
from prodgate.iam.idle import Measured, list_idle, list_shut, measure
from prodgate.iam.known_actions import find_action, list_actions, list_changes
from prodgate.iam.needs import Need, Needs, list_needs, list_services
from prodgate.iam.paths import Path, list_entries, list_handed, list_paths, list_unmodelled
from prodgate.iam.patterns import matches, may_overlap, read_arn_pattern
from prodgate.iam.reach import Reach, find_reach
from prodgate.iam.space import find_model
from prodgate.iam.truth import Doubt
from prodgate.sections.criteria_file import parse_criteria
from prodgate.sections.goals import read_goals

from .policies import ACCOUNT, ROLE, USER, document, statement

# ── Goals: kept with a proof, broken with a described path, and undetermined if nothing is proven of anybody

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


@cache
def bundled() -> Mapping[str, Criterion]:
    text = files("prodgate.sections").joinpath("permissions.toml").read_text("utf-8")
    return parse_criteria(f'system = "shop"\n{text}', File("criteria.toml")).criteria


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
        ([statement("kms:PutKeyPolicy", KEY)], {}, Doubt),
        ([statement("kms:PutKeyPolicy", f"{KEY}2")], {}, True),
        ([statement("kms:CreateGrant", KEY)], {}, True),
        ([statement("kms:PutKeyPolicy"), statement(DELETE, effect="Deny")], {}, True),
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


@pytest.mark.parametrize(
    ("condition", "kept"),
    [
        ({"DateGreaterThan": {"aws:CurrentTime": "2026-01-02T00:00:00Z"}}, False),
        ({"NumericGreaterThanEquals": {"aws:EpochTime": "1798761600"}}, False),
        ({"DateLessThan": {"aws:CurrentTime": "2025-12-31T00:00:00Z"}}, True),
        ({"NumericLessThan": {"aws:EpochTime": "1704067200"}}, True),
        (
            {
                "DateGreaterThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"},
                "DateLessThan": {"aws:EpochTime": "2026-06-01T00:00:00Z"},
            },
            True,
        ),
        ({"DateGreaterThan": {"aws:CurrentTime": "9999-12-31T23:59:59Z"}}, True),
    ],
)
def test_what_is_allowed_tomorrow_is_no_cannot_and_what_was_yesterday_no_can(condition: Any, kept: bool) -> None:
    known = account(statement(DELETE, KEY, Condition=condition))
    found = answer(cannot(resources=(KEY,)), known)
    assert found.kept is kept
    assert ("(from 202" in found.said) is not kept
    needed = Goal(may=True, actions=(DELETE,), principals=("user/ann",), resources=(KEY,))
    assert answer(needed, known).kept is False
    later = Principal(arn=ANN, identity=(document(statement("*", Condition=condition)),))
    assert find_reach(replace(known, principals=(later,)))[0].administrator is not kept


SECOND = "444455556666"


def test_each_principal_is_of_its_own_account() -> None:
    chief = Principal(arn=f"arn:aws:iam::{SECOND}:role/chief", identity=(EVERYTHING,))
    for trusted, reached in ((f"arn:aws:iam::{ACCOUNT}:root", True), (SECOND, False)):
        known = account(statement("sts:AssumeRole"))
        both = replace(known, principals=(*known.principals, replace(chief, trust=trusting("AWS", trusted))))
        found = {one.principal.arn: one.administrator for one in find_reach(both)}
        assert (found[ANN], found[chief.arn]) == (reached, True)
    known = account(statement("s3:GetObject"), statement("iam:GetRole"))
    both = replace(known, principals=(*known.principals, replace(chief, trust=trusting("AWS", SECOND))))
    assert answer(cannot("iam:GetRole", resources=(chief.arn,)), both).kept is True
    assert answer(cannot("iam:GetRole", resources=(KEEPER,)), both).kept is False
    assert "is allowed in the account" in str(
        answer(cannot("s3:GetObject", resources=("arn:aws:s3:::a/*",)), both).kept
    )


def test_a_no_names_its_ways_keys_services_and_data() -> None:
    test = {"StringEquals": {"aws:SourceVpc": "vpc-1", "aws:PrincipalTag/team": "shop", "aws:username": "ann"}}
    trust = trusting("Service", "states.amazonaws.com")
    known = account(statement("s3:*", Condition=test), trust=trust, guards={})
    world = known.world()
    assert (world["keys_known"], world["keys_of_any_value"]) == (
        ["aws:principaltag/team", "aws:username"], ["aws:sourcevpc"],
    )  # fmt: skip
    assert world["services_without_ways"] == ["states.amazonaws.com"]
    assert world["ways"] == len(list_paths()) + len(list_entries())
    said = describe_world(world)
    considered = "without policies of resources; with the known values of aws:principaltag/team, aws:username;"
    assert f"as of {world['actions_as_of']}; {considered}" in said
    assert said.endswith(
        "whatever aws:sourcevpc may be; passing a stronger role to states.amazonaws.com is undetermined"
    )
    assert "ways" not in describe_world(known.world(hops=False))
    assert {*Abilities(known.principals[1], known).known} == KNOWN_KEYS
    many = describe_world({**world, "keys_of_any_value": [f"aws:{number}" for number in range(9)]})
    assert "aws:5 and 3 more may be" in many


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
    for operator, key, value, kept in (
        ("StringEquals", "aws:ResourceTag/team", "keys", Doubt),
        ("StringEquals", "aws:SourceVpce", "vpce-1", Doubt),
        ("StringEquals", "aws:ResourceAccount", ACCOUNT, True),
        ("StringEquals", "aws:ResourceAccount", "444455556666", Doubt),
        ("Bool", "aws:MultiFactorAuthPresent", "true", Doubt),
        ("Bool", "aws:ViaAWSService", "true", Doubt),
        ("Bool", "aws:ViaAWSService", "false", True),
        ("StringEquals", "aws:RequestTag/team", "keys", True),
        ("Bool", "aws:SecureTransport", "true", True),
    ):
        given = answer(needed, account(statement("kms:*", Condition={operator: {key: value}}))).kept
        assert isinstance(given, Doubt) if kept is Doubt else given is kept, key
    administrator = Goal(may=True, actions=("administrator",), principals=("user/ann",))
    assert answer(administrator, account(statement("iam:PutUserPolicy"))).kept is True
    assert answer(administrator, account(statement("s3:*"))).kept is False


TEAM = {"StringEquals": {"aws:PrincipalTag/Team": "keys"}}


@pytest.mark.parametrize(
    ("tags", "others", "kept"),
    [
        ({"team": "keys"}, {}, (False, True)),
        ({"team": "shop"}, {}, (True, False)),
        ({}, {}, (True, False)),
        (None, {}, (Doubt, Doubt)),
        ({"team": "shop"}, {"also": statement("iam:TagUser", ANN)}, (False, Doubt)),
        ({"team": "shop"}, {"also": statement("iam:TagUser", KEEPER)}, (True, False)),
        ({"team": "shop"}, {"keeper": statement("iam:UntagUser")}, (Doubt, Doubt)),
        ({"team": "shop"}, {"keeper": statement("*")}, (True, False)),  # whoever may do all needs none of it
        ({"team": "shop"}, {"keeper": statement("*", Condition=TEAM)}, (Doubt, Doubt)),
    ],
)
def test_declared_tags_answer_what_is_asked_of_them(tags: Any, others: Any, kept: Any) -> None:
    own = [statement("kms:*", Condition=TEAM), *([others["also"]] if "also" in others else [])]
    known = account()
    ann = Principal(arn=ANN, identity=(document(*own),), tags=tags)
    keeper = Principal(arn=KEEPER, identity=(document(others.get("keeper", statement("sqs:*"))),), trust=Document())
    asked = replace(known, principals=(ann, keeper))
    for goal, wanted in zip((cannot(resources=(KEY,)), replace(cannot(resources=(KEY,)), may=True)), kept, strict=True):
        found = answer(goal, asked).kept
        assert isinstance(found, Doubt) if wanted is Doubt else found is wanted


SHOPS = {"StringEquals": {"aws:ResourceTag/Team": "shop"}}
NOT_SHOPS = {"StringNotEquals": {"kms:ResourceTag/Team": "shop"}}


@pytest.mark.parametrize(
    ("written", "tags", "asked", "kept"),
    [
        ([statement(DELETE, Condition=SHOPS)], {KEY: {"team": "shop"}}, KEY, (False, True)),
        ([statement(DELETE, Condition=SHOPS)], {KEY: {"team": "keys"}}, KEY, (True, False)),
        ([statement(DELETE, Condition=SHOPS)], {KEY: {}}, KEY, (True, False)),
        ([statement(DELETE, Condition=SHOPS)], {}, KEY, (Doubt, Doubt)),
        ([statement(DELETE, KEY, Condition=SHOPS)], {KEY: {}}, "arn:aws:kms:*:*:key/*", (True, False)),
        ([statement(DELETE, Condition=SHOPS)], {KEY: {"team": "shop"}}, "arn:aws:kms:*:*:key/*", (False, True)),
        ([statement(DELETE), statement("kms:*", effect="Deny", Condition=NOT_SHOPS)], {}, KEY, (Doubt, Doubt)),
        ([statement(DELETE), statement("kms:*", effect="Deny", Condition=NOT_SHOPS)], {KEY: {}}, KEY, (True, False)),
        ([statement([DELETE, "kms:TagResource"], Condition=SHOPS)], {KEY: {}}, KEY, (False, Doubt)),
        ([statement(DELETE, Condition=SHOPS), statement("tag:TagResources")], {KEY: {}}, KEY, (True, False)),
    ],
)
def test_declared_tags_of_a_resource_answer_what_is_asked_of_them(
    written: Any, tags: Any, asked: str, kept: Any
) -> None:
    known = replace(account(*written), tags=tags)
    for goal, wanted in zip(
        (cannot(resources=(asked,)), replace(cannot(resources=(asked,)), may=True)), kept, strict=True
    ):
        found = answer(goal, known).kept
        assert isinstance(found, Doubt) if wanted is Doubt else found is wanted
    spared = cannot(resources=(KEY,), unless=(_ONLY_SHOPS,))
    assert answer(spared, account(statement(DELETE, Condition=SHOPS))).kept is True


_ONLY_SHOPS = (("StringEquals", "aws:ResourceTag/team", ("shop",)),)


def test_a_session_may_bring_tags_of_its_own() -> None:
    written = [statement("s3:GetObject", "arn:aws:s3:::${aws:PrincipalTag/team}/*"), statement(DELETE, Condition=TEAM)]
    for actions, sure in (("sts:AssumeRole", True), (["sts:AssumeRole", "sts:TagSession"], False)):
        trust = document(statement(actions, Principal={"AWS": ACCOUNT}))
        role = Principal(arn=ROLE, identity=(document(*written),), trust=trust, tags={"team": "shop"})
        own = Abilities(role, Account(id=ACCOUNT, principals=(role,)))
        assert (own.can(DELETE, KEY) is None) is sure
        assert isinstance(own.can("s3:GetObject", "arn:aws:s3:::shop/*"), Allowed if sure else Doubt)
        assert (own.can("s3:GetObject", "arn:aws:s3:::keys/*") is None) is sure


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
        (trusting("AWS", "*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}), (), [True, False]),
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


FOREIGN = "999988887777"
TOPIC = f"arn:aws:sns:eu-west-1:{ACCOUNT}:alarms"
SNS = {"Service": "sns.amazonaws.com"}


@pytest.mark.parametrize(
    ("principal", "condition", "kept"),
    [
        ("*", {"StringEquals": {"aws:PrincipalAccount": ACCOUNT}}, {True}),
        ("*", {"StringEquals": {"aws:PrincipalAccount": FOREIGN}}, {True, False}),
        ("*", {"StringEquals": {"aws:ResourceAccount": FOREIGN}}, {True}),
        ("*", {"StringEquals": {"aws:ResourceAccount": ACCOUNT}}, {False}),
        ("*", {"StringEquals": {"kms:CallerAccount": ACCOUNT}}, {True}),
        ("*", {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"}}, {True}),
        ("*", {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/deploy"}}, {True, False}),
        ("*", {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{FOREIGN}:role/deploy"}}, {True, False}),
        ({"AWS": FOREIGN}, {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{FOREIGN}:role/deploy"}}, {False}),
        ("*", {"StringEquals": {"AWS:SourceOwner": ACCOUNT}}, {True}),
        ("*", {"StringEquals": {"AWS:SourceAccount": ACCOUNT}}, {True}),
        ("*", {"ArnLike": {"aws:SourceArn": f"arn:aws:sns:*:{ACCOUNT}:alarms"}}, {True}),
        ("*", {"ArnLike": {"aws:SourceArn": "arn:aws:s3:*:*:*"}}, {True, False}),
        ("*", {"StringLike": {"kms:EncryptionContext:shop": f"*:{ACCOUNT}:*"}}, {False}),
        (SNS, {}, {False}),
        (SNS, {"StringEquals": {"aws:SourceAccount": ACCOUNT}}, {True}),
        (SNS, {"StringEquals": {"aws:SourceAccount": FOREIGN}}, {True, False}),
        (SNS, {"ArnEquals": {"aws:SourceArn": TOPIC}}, {True}),
        (SNS, {"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:alarms"}}, {False}),
        ({"Service": "s3.amazonaws.com"}, {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::shop-uploads"}}, {True}),
        ({"Service": "s3.amazonaws.com"}, {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::shop-*"}}, {False}),
        ({"Service": "logs.eu-west-1.amazonaws.com"},
         {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:eu-west-1:{ACCOUNT}:*"}}, {True}),
        ({"AWS": FOREIGN}, {"DateGreaterThan": {"aws:CurrentTime": "2027-01-01T00:00:00Z"}}, {False}),
        ({"AWS": FOREIGN}, {"DateLessThan": {"aws:CurrentTime": "2025-01-01T00:00:00Z"}}, {True}),
        ({"Service": "textract.amazonaws.com"}, {}, {Doubt}),
        ({"Service": "textract.amazonaws.com"}, {"Bool": {"aws:SecureTransport": "true"}}, {Doubt}),
    ],
)  # fmt: skip
def test_strangers_choose_no_key_that_aws_sets(principal: Any, condition: Any, kept: set[Any]) -> None:
    guard = document(statement("kms:Decrypt", KEY, Principal=principal, Condition=condition))
    goal = cannot("kms:Decrypt", who="outside", resources=(KEY,))
    found = [one.kept for one in answer_of_outsiders(goal, ("kms:Decrypt",), account(guards={"kms": guard}))]
    assert {Doubt if isinstance(one, Doubt) else one for one in found} == kept


def test_a_service_may_be_left_out_by_its_name() -> None:
    guard = document(statement("kms:Decrypt", KEY, Principal=SNS))
    goal = cannot("kms:Decrypt", who="outside", resources=(KEY,), spared=("sns.amazonaws.com",))
    assert list(answer_of_outsiders(goal, ("kms:Decrypt",), account(guards={"kms": guard}))) == []


OIDC = f"arn:aws:iam::{ACCOUNT}:oidc-provider/"
GITHUB = "token.actions.githubusercontent.com"
TERRAFORM = "app.terraform.io"


@pytest.mark.parametrize(
    ("kind", "name", "condition", "kept"),
    [
        ("Federated", OIDC + GITHUB, {"StringLike": {f"{GITHUB}:sub": "repo:acme*"}}, False),
        ("Federated", OIDC + GITHUB, {"StringLike": {f"{GITHUB}:sub": "repo:acme/*"}}, True),
        ("Federated", OIDC + GITHUB, {"StringLike": {f"{GITHUB}:sub": "repo:*/shop:*"}}, False),
        ("Federated", OIDC + TERRAFORM, {"StringEquals": {f"{TERRAFORM}:aud": "aws.workload.identity"}}, False),
        ("Federated", OIDC + TERRAFORM, {"StringLike": {f"{TERRAFORM}:sub": "organization:acme:*"}}, True),
        ("Federated", "cognito-identity.amazonaws.com", {}, False),
        ("AWS", FOREIGN, {"StringLike": {"sts:ExternalId": "*"}}, False),
        ("AWS", FOREIGN, {"StringLike": {"sts:ExternalId": "acme-*"}}, False),
        ("AWS", FOREIGN, {"StringEquals": {"sts:ExternalId": "acme-1"}}, True),
        ("AWS", FOREIGN, {}, False),
    ],
)
def test_a_key_that_is_there_is_not_agreed_on(kind: str, name: str, condition: Any, kept: bool) -> None:
    known = account(trust=trusting(kind, name, Condition=condition))
    found = [
        one.kept
        for goal in read_goals(bundled()["no-stranger-gets-in"])
        for one in answer_of_outsiders(goal, goal.actions, known)
    ]
    assert all(one is True for one in found) is kept
    assert found


def test_a_network_of_accounts_is_named() -> None:
    for organization, kept in (("*", False), ("o-*", False), ("o-1", True)):
        condition = {"StringLike": {"aws:PrincipalOrgID": organization}}
        guard = document(statement("kms:PutKeyPolicy", KEY, Principal="*", Condition=condition))
        (goal,) = read_goals(bundled()["no-stranger-reads"])
        found = answer_of_outsiders(goal, ("kms:PutKeyPolicy",), account(guards={"kms": guard}))
        assert all(one.kept is True for one in found) is kept


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


# ── A goal excludes requests that meet all conditions of one of its tables: checked in every context of a small world

SERVICE, ABOUT = "iam:PassedToService", "iam:AssociatedResourceArn"
VALUES = ("a", "b", "c", None)
#: A condition as a table, by what it is called here.
TABLES: Mapping[str, Conditions] = {
    "a": (("StringEquals", SERVICE, ("a",)),),
    "x": (("StringEquals", ABOUT, ("a",)),),
    "b of x": (("StringEquals", SERVICE, ("b",)), ("StringEquals", ABOUT, ("a",))),
    "of something": (("Null", ABOUT, ("false",)),),
    "no service": (("Null", SERVICE, ("true",)),),
}
GRANTS = ((), (("StringEquals", SERVICE, ("a", "b")),), (("Null", ABOUT, ("true",)),), TABLES["b of x"])


def is_fulfilled(tests: Conditions, context: Mapping[str, str | None]) -> bool:
    """Whether a context fulfils all conditions of a table, counted by hand."""
    return all(
        (context[key] is None) == (values == ("true",)) if operator == "Null" else context[key] in values
        for operator, key, values in tests
    )


def as_policy(tests: Conditions) -> dict[str, Any]:
    written: dict[str, dict[str, list[str]]] = {}
    for operator, key, values in tests:
        written.setdefault(operator, {})[key] = list(values)
    return {"Condition": written} if written else {}


@pytest.mark.parametrize(
    "names", [("a", "x"), ("x", "b of x"), ("a", "of something"), ("no service", "a")], ids=" or ".join
)
def test_one_table_suffices(names: tuple[str, ...]) -> None:
    unless = tuple(TABLES[name] for name in names)
    goal = cannot("iam:PassRole", unless=unless)
    contexts = [dict(zip((SERVICE, ABOUT), pair, strict=True)) for pair in product(VALUES, repeat=2)]
    for granted in GRANTS:
        asked = [each for each in contexts if not any(is_fulfilled(tests, each) for tests in unless)]
        broken = any(is_fulfilled(granted, each) for each in asked)
        known = account(statement("iam:PassRole", **as_policy(granted)))
        assert answer(goal, known).kept is not broken, granted


def test_tables_that_leave_out_all_prove_nothing() -> None:
    both = ((("Null", SERVICE, ("true",)),), (("Null", SERVICE, ("false",)),))
    assert isinstance(name_no_request(cannot("iam:PassRole", unless=both), ("iam:passrole",), account()), Doubt)
    assert name_no_request(cannot("iam:PassRole", unless=both[:1]), ("iam:passrole",), account()) is None


# ── Who can become whom, as values: one hop for each pair, the certain one before others, and a bound on all of it

UNKNOWN = {"Condition": {"StringIs": {"a": "b"}}}


def standing() -> Standing:
    """Return three roles: of the first it is not known whether it raises its own rights, and it assumes the second."""
    arns = {name: f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in ("one", "two", "three")}
    trust = document(
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": arns["one"]}}, where="two.tf:1"
    )
    edit = statement("iam:PutRolePolicy", arns["one"], **UNKNOWN)
    assume = statement("sts:AssumeRole", arns["two"])
    principals = (
        Principal(arn=arns["one"], identity=(document(edit, assume, where="one.tf:1"),), place="one.tf:9"),
        Principal(arn=arns["two"], trust=trust),
        Principal(arn=arns["three"]),
    )
    return Standing(Account(id=ACCOUNT, principals=principals, is_whole=True))


def test_hops_are_told_with_what_allows_them_and_why_they_are_not_certain() -> None:
    found = describe_standing(standing())
    assert [(one["name"], one["administrator"]) for one in found["principals"]] == [
        ("one", "undetermined"), ("three", "no"), ("two", "no"),
    ]  # fmt: skip
    (reason,) = found["principals"][0]["reasons"]
    assert reason.endswith("one.tf:1 statement 1: the condition operator StringIs is not known here")
    certain, unsure = found["hops"]
    assert (certain["to"].rpartition("/")[2], certain["how"], certain["reasons"]) == ("two", "assume two", [])
    assert certain["by"] == ["one.tf:1 statement 2", "two.tf:1 statement 1"]
    assert (unsure["to"], unsure["how"]) == ("", "write an inline policy of one")
    assert unsure["reasons"] == [reason]
    assert found["left_out"] == 0


def test_what_is_kept_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "_MOST", 1)
    found = describe_standing(standing())
    assert (len(found["principals"]), len(found["hops"]), found["left_out"]) == (1, 1, 3)


# ── A proof leaves Ctrl-C as it was: whatever waits afterwards can be interrupted


class Interrupted(Exception):
    """Somebody pressed Ctrl-C."""


class Handler:
    """Raises once, however often it is pressed."""

    def __init__(self) -> None:
        self.heard = threading.Event()

    def __call__(self, _number: int, _frame: object) -> None:
        if not self.heard.is_set():
            self.heard.set()
            raise Interrupted


def test_who_waits_after_a_proof_can_be_interrupted() -> None:
    handler, proven, over = Handler(), threading.Event(), threading.Event()

    def press() -> None:
        proven.wait()
        for _ in range(400):
            if handler.heard.wait(0.05):
                return
            os.kill(os.getpid(), signal.SIGINT)
        over.set()

    def wait() -> None:
        proven.set()
        over.wait()  # without a limit, since a wait that has one is interrupted in any case

    pressing = threading.Thread(target=press)
    pressing.start()
    before = signal.signal(signal.SIGINT, handler)
    try:
        assert find_model(z3.Int("number") > 3) is not None
        with pytest.raises(Interrupted):
            wait()
    finally:
        signal.signal(signal.SIGINT, before)
        pressing.join()
    assert not over.is_set()


# ── Who reaches administrator

ADMIN = f"arn:aws:iam::{ACCOUNT}:role/admin"
THING = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:job"


def trusting_role(**principal: Any) -> Any:
    return document({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal})


RUN = ("iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction")


def reach(*written: Any, trust: Any = None, whole: bool = True, holders: Any = (), **others: Any) -> Reach:
    ann = Principal(arn=ANN, identity=(document(*written),), **others)
    admin = Principal(arn=ADMIN, identity=(EVERYTHING,), trust=trust or trusting_role(AWS=ADMIN), in_profile=True)
    things = frozenset(one.needs for one in list_paths())
    account_of = Account(id=ACCOUNT, principals=(ann, admin), is_whole=whole, holders=holders, things=things)
    return find_reach(account_of)[0]


def allow(*actions: str, resource: str = "*") -> dict[str, Any]:
    return statement(list(actions), resource)


def test_of_what_is_nobody_reaches_more_than_the_administrator_has() -> None:
    assert reach(allow("s3:*")).administrator is False
    assert reach(allow("*")).administrator is True


def test_each_action_of_a_way_and_each_service_without_one_exists() -> None:
    listed = {step.action for path in list_paths() for step in path.steps}
    listed |= {action for path in list_paths() for action in list_handed(path.service) or ()}
    listed |= {entry.action for entry in list_entries()}
    parts = {action: action.split(":") for action in listed}
    assert [action for action, (service, verb) in parts.items() if find_action((service,), verb) != action] == []
    assert [service for service in list_unmodelled() if not list_changes(service)] == []


@pytest.mark.parametrize("path", [one for one in list_paths() if one.service or one.kind], ids=lambda one: one.name)
def test_each_way_needs_each_of_its_permissions(path: Path) -> None:
    trust = trusting_role(Service=path.service) if path.service else None
    held = Holder(kind=path.kind, arn=path.pattern.format(account=ACCOUNT).replace("*", "x"), role=ADMIN)
    holders = (held,) if path.kind else ()
    needed = [*(["iam:PassRole"] if path.service else []), *(step.action for step in path.steps if step.resources)]
    found = reach(allow(*needed, *(step.action for step in path.steps)), trust=trust, holders=holders)
    assert found.administrator is True
    assert any(path.name in hop.how for way in found.paths for hop in way)
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
        ([allow("sts:AssumeRole")], trusting_role(AWS=ACCOUNT), True),
        ([allow("sts:AssumeRole")], None, False),
        ([allow("s3:List*")], trusting_role(AWS=ANN), True),
        (
            [allow("iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction")],
            trusting_role(Service="ec2.amazonaws.com"),
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


ON_TASKS: dict[str, Any] = {"Condition": {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}}
BOUNDED: dict[str, Any] = {
    "Condition": {"StringEquals": {"iam:PermissionsBoundary": f"arn:aws:iam::{ACCOUNT}:policy/edge"}}
}
OURS: dict[str, Any] = {"Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}}}
LAMBDA = document(statement("sts:AssumeRole", Principal={"Service": "lambda.amazonaws.com"}, **OURS))
SPOT = f"arn:aws:ec2:*:{ACCOUNT}:spot-instances-request/*"
ON_EC2 = trusting_role(Service="ec2.amazonaws.com")


@pytest.mark.parametrize(
    ("written", "trust", "answer"),
    [
        ([statement("iam:PassRole", **ON_TASKS), allow(*RUN[1:])], LAMBDA, False),
        ([allow(*RUN)], LAMBDA, True),
        ([statement("iam:PutUserPolicy", **BOUNDED)], None, False),
        ([statement("iam:PutUserPolicy", **BOUNDED), allow("iam:PutUserPermissionsBoundary")], None, Doubt),
        ([allow("iam:PassRole"), allow("ec2:RequestSpotInstances", resource=SPOT)], ON_EC2, Doubt),
        ([allow("iam:PassRole", "ec2:RequestSpotInstances")], ON_EC2, True),
    ],
)
def test_what_a_request_states_is_not_chosen(written: Any, trust: Any, answer: Any) -> None:
    found = reach(*written, trust=trust).administrator
    assert isinstance(found, Doubt) if answer is Doubt else found is answer


def test_what_holds_a_role_may_have_an_arn_that_is_not_known() -> None:
    holder = Holder(kind="function", arn="aws_lambda_function.job", role=ADMIN)
    some = f"arn:aws:lambda:*:{ACCOUNT}:function:job"
    found = reach(allow("lambda:UpdateFunctionCode", resource=some), holders=(holder,)).administrator
    assert "the ARN of aws_lambda_function.job is not known" in str(found)
    assert reach(allow("lambda:UpdateFunctionCode"), holders=(holder,)).administrator is True
    assert reach(allow("lambda:UpdateFunctionCode", resource=ANN), holders=(holder,)).administrator is False


def test_the_policy_of_a_bucket_can_close_the_way_of_its_code() -> None:
    ann, admin = Principal(arn=ANN, identity=(document(allow("s3:*")),)), Principal(arn=ADMIN, identity=(EVERYTHING,))
    code = Holder(kind="code object", arn="arn:aws:s3:::code/job.py", role=ADMIN)
    known = Account(id=ACCOUNT, principals=(ann, admin), holders=(code,), is_whole=True)
    shut = document(statement("s3:PutObject", effect="Deny", Principal="*"))
    found = [find_reach(replace(known, guards=one))[0].administrator for one in ({}, {"s3": shut})]
    assert found == [True, False]


def test_a_grant_allows_what_grants_can() -> None:
    goal = cannot("kms:Decrypt", resources=(KEY,))
    assert isinstance(answer(goal, account(statement("kms:CreateGrant", KEY))).kept, Doubt)


def test_who_writes_the_policy_of_a_bucket_opens_what_is_in_it() -> None:
    goal = cannot("s3:GetObject", resources=("arn:aws:s3:::a/*",))
    found = answer(goal, account(statement("s3:PutBucketPolicy", "arn:aws:s3:::a"), guards={}))
    assert isinstance(found.kept, Doubt)
    assert "may be allowed by what s3:PutBucketPolicy makes of the policy of arn:aws:s3:::a" in str(found.kept)
    assert answer(goal, account(statement("s3:PutBucketPolicy", "arn:aws:s3:::b"), guards={})).kept is True


def test_a_boundary_leaves_what_it_gives_itself_open() -> None:
    found = reach(allow("iam:PutUserPolicy"), boundary=document(allow("*"))).administrator
    assert isinstance(found, Doubt)
    assert "boundary of ann" in str(found)


FULL = allow("*")
SHUT = document(FULL, statement("iam:Put*", effect="Deny"))


@pytest.mark.parametrize(
    ("written", "boundary", "answer"),
    [
        ([FULL], SHUT, True),
        ([allow("iam:PutUserPolicy", "iam:DeleteUserPermissionsBoundary")], document(allow("iam:Delete*")), True),
        ([allow("iam:PutUserPolicy", "iam:PutUserPermissionsBoundary")], document(allow("iam:*")), True),
        ([allow("iam:PutUserPolicy", "iam:CreatePolicyVersion")], document(allow("iam:Create*")), Doubt),
        ([allow("iam:PutUserPolicy", "iam:DeleteUserPermissionsBoundary")], document(allow("s3:*")), False),
        ([FULL, statement(["iam:*", "sts:*"], effect="Deny")], None, False),
        ([allow("iam:PutUserPolicy", "iam:DeleteUserPolicy"), statement("iam:Put*", effect="Deny")], None, Doubt),
    ],
)
def test_who_lifts_its_own_limits_is_judged_without_them(written: Any, boundary: Any, answer: Any) -> None:
    found = reach(*written, boundary=boundary).administrator
    assert isinstance(found, Doubt) if answer is Doubt else found is answer


def test_a_limit_that_is_lifted_keeps_no_goal() -> None:
    known = account(statement([DELETE, "iam:DeleteUserPermissionsBoundary"]))
    ann = replace(known.principals[0], boundary=document(statement("iam:*")))
    found = answer(cannot(resources=(KEY,)), replace(known, principals=(ann, known.principals[1])))
    assert found.kept is False
    assert found.said.startswith("lift its permissions boundary: iam:deleteuserpermissionsboundary on ")
    ann = replace(ann, boundary=document(statement("s3:*")))
    assert answer(cannot(resources=(KEY,)), replace(known, principals=(ann, known.principals[1]))).kept is True


@pytest.mark.parametrize(("policy", "kept"), [(f"arn:aws:iam::{ACCOUNT}:policy/mine", Doubt), ("", True)])
def test_who_chooses_versions_of_its_own_policy_may_have_what_they_allow(policy: str, kept: Any) -> None:
    mine = f"arn:aws:iam::{ACCOUNT}:policy/mine"
    known = account(statement("iam:SetDefaultPolicyVersion", policy or KEEPER))
    ann = replace(known.principals[0], managed=(mine,))
    found = answer(cannot(resources=(KEY,)), replace(known, principals=(ann, known.principals[1]))).kept
    assert isinstance(found, Doubt) if kept is Doubt else found is kept


@pytest.mark.parametrize(
    ("service", "action"),
    [
        ("states.amazonaws.com", "states:CreateStateMachine"),
        ("ssm.amazonaws.com", "ssm:StartAutomationExecution"),
        ("scheduler.amazonaws.com", "scheduler:CreateSchedule"),
        ("states.eu-west-1.amazonaws.com", "states:UpdateStateMachine"),
        ("ecs-tasks.amazonaws.com", "batch:RegisterJobDefinition"),
        ("ec2.amazonaws.com", "ec2:ReplaceIamInstanceProfileAssociation"),
        ("cloudformation.amazonaws.com", "cloudformation:UpdateStack"),
    ],
)
def test_a_role_passed_by_an_action_without_a_listed_way_is_undetermined(service: str, action: str) -> None:
    trust = trusting_role(Service=service)
    found = reach(allow("iam:PassRole", action), trust=trust).administrator
    assert f"whether {service} runs something as admin" in str(found)
    assert reach(allow("iam:PassRole", "s3:*"), trust=trust).administrator is False
    found = reach(allow("iam:PassRole"), trust=trusting_role(Service="edgelambda.amazonaws.com")).administrator
    assert "which actions have edgelambda.amazonaws.com run something as admin" in str(found)
    assert reach(allow("iam:PassRole", "states:List*", "ssm:Get*"), trust=trust).administrator is False
    assert reach(allow(action), trust=trust).administrator is False
    other = passing("lambda.amazonaws.com")
    assert reach(statement("iam:PassRole", Condition=other), allow(action), trust=trust).administrator is False


def test_who_replaces_what_a_provider_signs_with_is_whoever_it_likes() -> None:
    provider = f"arn:aws:iam::{ACCOUNT}:saml-provider/staff"
    trust = document({"Effect": "Allow", "Action": "sts:AssumeRoleWithSAML", "Principal": {"Federated": provider}})
    assert reach(allow("iam:UpdateSAMLProvider", resource=provider), trust=trust).administrator is True
    assert reach(allow("iam:UpdateSAMLProvider", resource=f"{provider}s"), trust=trust).administrator is False
    oidc = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
    for name, action in (
        (oidc, "iam:AddClientIDToOpenIDConnectProvider"),
        (oidc, "iam:UpdateOpenIDConnectProviderThumbprint"),
        ("cognito-identity.amazonaws.com", "cognito-identity:SetIdentityPoolRoles"),
        ("cognito-identity.amazonaws.com", "cognito-identity:UpdateIdentityPool"),
    ):
        assert isinstance(reach(allow(action), trust=trusting("Federated", name)).administrator, Doubt)
        assert reach(allow(action), trust=trust).administrator is False


def test_what_may_exist_elsewhere_leaves_it_open() -> None:
    assert isinstance(reach(allow("lambda:UpdateFunctionCode"), whole=False).administrator, Doubt)
    found = reach(allow("iam:PassRole", "states:CreateStateMachine"), whole=False).administrator
    assert "runs something as a role which is not known here by states:CreateStateMachine" in str(found)
    assert reach(allow("iam:PassRole", "states:ListStateMachines"), whole=False).administrator is False
    assert isinstance(reach(allow("sso:CreateAccountAssignment"), whole=False).administrator, Doubt)
    assert reach(allow("lambda:UpdateFunctionCode")).administrator is False


def test_a_chain_is_told_hop_by_hop_with_its_statements() -> None:
    middle = f"arn:aws:iam::{ACCOUNT}:role/middle"
    account_of = Account(
        id=ACCOUNT,
        is_whole=True,
        principals=(
            Principal(arn=ANN, identity=(document(allow("sts:AssumeRole"), where="ann.tf:1"),)),
            Principal(
                arn=middle,
                identity=(document(allow("sts:AssumeRole"), where="middle.tf:1"),),
                trust=trusting_role(AWS=ACCOUNT),
            ),
            Principal(arn=ADMIN, identity=(EVERYTHING,), trust=trusting_role(AWS=middle)),
        ),
    )
    (way,) = find_reach(account_of)[0].paths
    assert [hop.target for hop in way] == [middle, ADMIN]
    assert [[one.place for one in step.statements] for hop in way for step in hop.steps] == [
        ["ann.tf:1 statement 1", "a policy statement 1"],
        ["middle.tf:1 statement 1", "a policy statement 1"],
    ]


DENIED_ELSEWHERE = {"StringNotEquals": {"aws:SourceAccount": ACCOUNT}}


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
    run = (allow("ecs:RunTask"), statement("iam:PassRole", ADMIN, **ON_TASKS))
    assert reach(*run, whole=False).administrator is False
    assert reach(*run, whole=False, trust=trusting_role(Service="ecs-tasks.amazonaws.com")).administrator is True


def test_a_session_may_have_the_name_that_is_trusted() -> None:
    middle = f"arn:aws:iam::{ACCOUNT}:role/middle"
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/middle/one"
    principals = (
        Principal(arn=middle, trust=trusting_role(AWS=ADMIN)),
        Principal(arn=ADMIN, identity=(EVERYTHING,), trust=trusting_role(AWS=session)),
    )
    found = find_reach(Account(id=ACCOUNT, is_whole=True, principals=principals))[0].administrator
    assert "is one session of middle" in str(found)


def test_a_user_may_call_without_a_token() -> None:
    keys = statement("iam:PutUserPolicy", Condition={"Null": {"aws:TokenIssueTime": "true"}})
    assert reach(keys).administrator is True


def test_what_may_exist_is_named_in_grammar() -> None:
    found = reach(allow("ssm:StartSession"), whole=False).administrator
    assert "if there is an instance with a role" in str(found)


LINKED = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS"
TRUST = document(statement("sts:AssumeRole", Principal={"AWS": ACCOUNT}) | {"Resource": "*"})
UNREAD = Organization(unread="organizations ListParents: access denied")


def level(*written: Any) -> tuple[Document, ...]:
    return (EVERYTHING, document(*written, where="the organization"))


def account_of(organization: Organization, *own: Any, arn: str = USER, others: tuple[Principal, ...] = ()) -> Account:
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
    known = account_of(organization, statement(DELETE, KEY))
    for may, kept in ((False, cannot), (True, can)):
        found = ask(may, known)
        assert isinstance(found.kept, Doubt) if kept is Doubt else found.kept is kept
    if organization is UNREAD:
        assert ask(False, known).said.endswith(f"whether its organization denies that is not known: {UNREAD.unread}")


def test_what_is_not_read_of_an_organization_unsettles_no_proof_of_cannot() -> None:
    known = account_of(UNREAD, statement("s3:*"))
    assert ask(False, known).kept is True
    assert ask(True, known).kept is False


def test_a_role_that_a_service_made_for_itself_is_not_limited() -> None:
    assert ask(True, account_of(denying("kms:*"), statement(DELETE, KEY), arn=LINKED)).kept is True
    assert ask(True, account_of(denying("kms:*"), statement(DELETE, KEY), arn=ROLE)).kept is False


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
    known = account_of(organization, *own, others=(CHIEF,))
    (found,) = (one for one in find_reach(known) if one.principal.arn == USER)
    assert found.administrator is administrator


def test_a_service_runs_no_role_that_the_organization_keeps_from_it() -> None:
    own = [statement(["lambda:CreateFunction", "lambda:InvokeFunction", "iam:PassRole"])]
    run = document(statement("sts:AssumeRole", Principal={"Service": "lambda.amazonaws.com"}))
    chief = Principal(arn=CHIEF.arn, identity=(EVERYTHING,), trust=run)
    strangers = {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}
    for spared, administrator in (({"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}, True), ({}, Doubt)):
        denied = statement("sts:*", effect="Deny", Principal="*", Condition={**strangers, **spared})
        known = account_of(Organization(rcps=((document(denied),),)), *own, others=(chief,))
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


# ── Granted rights beside those in use: named with their place, never if unknown, and the least that suffices

TOOL_ROLE = f"arn:aws:iam::{ACCOUNT}:role/tool"
OBJECTS = "arn:aws:s3:::b/*"


def known(*written: Any, **others: Any) -> tuple[Principal, Account]:
    principal = Principal(arn=TOOL_ROLE, identity=(document(*written, where="a.tf:1"),), place="a.tf:9", **others)
    return principal, Account(id=ACCOUNT, principals=(principal,))


def using(*actions: str, unread: tuple[str, ...] = ()) -> Needs:
    return Needs(tuple(Need(one, "job.py:3", must="*" not in one) for one in actions), unread)


def measured(needs: Needs, *written: Any, **others: Any) -> Measured:
    return measure(*known(*written, **others), needs)


def unused(needs: Needs, *written: Any, **others: Any) -> list[str]:
    found = measured(needs, *written, **others).unused
    return [f"{one.written} but {' '.join(one.used)}".removesuffix(" but ") for one in found]


def via(service: str) -> dict[str, Any]:
    return {"StringEquals": {"kms:ViaService": f"{service}.eu-west-1.amazonaws.com"}}


def passing(service: str) -> dict[str, Any]:
    return {"StringEquals": {"iam:PassedToService": service}}


@pytest.mark.parametrize(
    ("used", "written", "rest"),
    [
        (["s3:GetObject"], [statement(["s3:GetObject", "s3:PutObject"], OBJECTS)], ["s3:PutObject"]),
        (["s3:GetObject"], [statement("s3:Get*", OBJECTS)], ["s3:Get* but s3:GetObject"]),
        (["s3:Get*"], [statement("s3:Get*", OBJECTS)], []),
        (["s3:G*"], [statement("s3:GetObject", OBJECTS)], []),
        (["s3:GetObject"], [statement("*")], ["* but s3:GetObject"]),
        (["S3:getobject"], [statement("s3:GetObject", OBJECTS)], []),
        ([], [statement("s3:GetObject"), statement("s3:GetObject", effect="Deny")], []),  # it is not granted
        (["s3:GetObject"], [{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], ["* but s3:GetObject"]),
        (["s3:GetObject"], [statement("s3:GetObject"), statement("kms:Decrypt", Condition=via("s3"))], []),
        (["s3:GetObject"], [statement("s3:GetObject"), statement("kms:Decrypt", Condition=via("sqs"))], ["kms:Decrypt"]),
        (["ecs:RunTask"], [statement("ecs:RunTask"), statement("iam:PassRole", Condition=passing("ecs-tasks.amazonaws.com"))], []),
        (["ecs:StopTask"], [statement("ecs:StopTask"), statement("iam:PassRole", Condition=passing("ecs-tasks.amazonaws.com"))], ["iam:PassRole"]),
    ],
)  # fmt: skip
def test_what_is_not_used_is_named(used: list[str], written: list[Any], rest: list[str]) -> None:
    assert unused(using(*used), *written) == rest


def test_resources_tell_what_a_service_uses_from_what_it_does_not() -> None:
    needs = Needs(tuple(list_needs("mwaa")))
    celery, own = "arn:aws:sqs:eu-west-1:*:airflow-celery-*", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:retry"
    assert unused(needs, statement("sqs:ReceiveMessage", celery), statement("sqs:ReceiveMessage", own)) == [
        "sqs:ReceiveMessage"
    ]


def test_what_is_used_and_not_granted_is_missing() -> None:
    written = statement("s3:*", OBJECTS), statement("s3:PutObject", effect="Deny")
    found = measured(using("s3:GetObject", "s3:PutObject", "sqs:SendMessage", "sns:*"), *written)
    assert [one.action for one in found.missing] == ["s3:PutObject", "sqs:SendMessage"]
    bounded = measured(using("s3:GetObject"), written[0], boundary=document(statement("sqs:*")))
    assert [one.action for one in bounded.missing] == ["s3:GetObject"]


def answers_of(needs: Needs, *written: Any, **others: Any) -> list[Answer]:
    return list(answer_of_use(*known(*written, **others), needs))


def test_nothing_is_called_unused_where_it_is_not_known() -> None:
    """Missing rights are reported nevertheless."""
    written = statement(["s3:GetObject", "s3:PutObject"], OBJECTS)
    (unknown,) = answers_of(using("s3:GetObject", unread=("job.py:2 opens a client",)), written)
    assert unknown.kept == Doubt(frozenset({"job.py:2 opens a client"}))
    missing, unknown = answers_of(using("sqs:SendMessage", unread=("job.py:2 opens a client",)), written)
    assert (missing.kept, missing.said) == (False, "sqs:SendMessage is not granted, which is for job.py:3")
    assert isinstance(unknown.kept, Doubt)
    principal, account = known(written)
    attached = Principal(arn=TOOL_ROLE, identity=(*principal.identity, Document(unread="what X allows is not known")))
    (unread,) = answer_of_use(attached, account, using("s3:GetObject", "s3:PutObject"))
    assert unread.kept == Doubt(frozenset({"what X allows is not known"}))


def test_what_is_held_is_said_with_its_place() -> None:
    written = statement(["s3:GetObject", "s3:PutObject"], OBJECTS), statement("sqs:*")
    (found,) = answers_of(using("s3:GetObject", "sqs:SendMessage"), *written)
    assert found.kept is False
    assert found.said == (
        "nothing uses s3:PutObject, granted by a.tf:1 statement 1; "
        "of sqs:* only sqs:SendMessage is used, granted by a.tf:1 statement 2"
    )
    assert found.places == ("a.tf:1 statement 1", "a.tf:1 statement 2")
    (held,) = answers_of(using("s3:GetObject"), statement("s3:GetObject", OBJECTS))
    assert held.kept is True


def test_the_least_policy_grants_what_is_used_and_nothing_new() -> None:
    written = [
        statement(["s3:Get*", "sqs:*"], OBJECTS, Condition={"Bool": {"aws:SecureTransport": "true"}}),
        statement("s3:GetObject", "arn:aws:s3:::b/a/*", Condition={"Bool": {"aws:SecureTransport": "true"}}),
        statement("s3:GetObject", "arn:aws:s3:::b/secret/*", effect="Deny"),
        statement("iam:*"),
    ]
    found = write_smallest(measured(using("s3:GetObject"), *written).least)
    assert found["Statement"] == [
        {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": [OBJECTS], "Condition": {"Bool": {"aws:securetransport": ["true"]}}},
        {"Effect": "Deny", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::b/secret/*"]},
    ]  # fmt: skip
    least = read_identity_document(found, "least")
    whole = document(*written)
    assert find_new_access((whole,), (least,)) is None
    assert find_new_access((least,), (whole,)) is not None


def test_each_service_says_what_it_needs_and_where_that_is_written() -> None:
    for service in list_services():
        for need in list_needs(service):
            assert "https://docs.aws.amazon.com/" in need.by
            assert not (need.must and "*" in need.action)


# ── Statements that can never grant

ARN = f"arn:aws:iam::{ACCOUNT}:role/tool"
BUCKET = "arn:aws:s3:::b"
READ = statement("s3:GetObject", f"{BUCKET}/*")


def idle(*written: Any, boundary: Document | None = None, unread: str = "", where: str = "a.tf:1") -> list[str]:
    documents = (document(*written, where=where), *((Document(unread=unread),) if unread else ()))
    principal = Principal(arn=ARN, identity=documents, boundary=boundary)
    return [one.why for one in list_idle(principal, Account(id=ACCOUNT, principals=(principal,)))]


def under(operator: str, key: str, *values: str) -> Any:
    return statement("s3:GetObject", f"{BUCKET}/*", Condition={operator: {key: list(values)}})


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ([READ, statement("s3:*", effect="Deny")], "denied by a.tf:1 statement 2"),
        (
            [
                READ,
                statement("s3:*", f"{BUCKET}/a*", effect="Deny"),
                {"Effect": "Deny", "Action": "s3:Get*", "NotResource": f"{BUCKET}/a*"},
            ],
            "denied in part by each of several statements",
        ),
        ([statement("s3:GetObjects", f"{BUCKET}/*")], "AWS has no action of that name"),
        ([statement("s4:*")], "AWS has no action of that name"),
        ([statement("s3:GetObject", BUCKET)], "s3:GetObject: never done to arn:aws:s3:::b, as of"),
        (
            [statement(["s3:ListBucket", "s3:GetObject"], f"{BUCKET}/*")],
            "s3:ListBucket: never done to arn:aws:s3:::b/*, as of",
        ),
        ([statement("iam:PassRole", "arn:aws:iam::*:user/a")], "iam:PassRole: never done to arn:aws:iam::*:user/a"),
        ([statement("kms:Decrypt", "arn:aws:kms:*:*:alias/a")], "kms:Decrypt: never"),
        (
            [under("StringEquals", "aws:PrincipalArn", "arn:aws:iam::111122223333:role/other")],
            "its conditions contradict",
        ),
        (
            [
                statement(
                    "s3:GetObject",
                    Condition={
                        "StringEquals": {"aws:SourceVpc": "vpc-1"},
                        "StringNotEquals": {"aws:SourceVpc": "vpc-1"},
                    },
                )
            ],
            "its conditions contradict",
        ),
    ],
)
def test_what_can_never_grant_is_said_with_its_reason(written: list[Any], why: str) -> None:
    (found,) = idle(*written)
    assert why in found


@pytest.mark.parametrize(
    "written",
    [
        [READ, statement("s3:*", f"{BUCKET}/a*", effect="Deny")],
        [READ, statement("s3:*", effect="Deny", Condition={"Bool": {"aws:SecureTransport": "false"}})],
        [READ, statement("s3:*", effect="Deny", Condition={"StringIs": {"a": "b"}})],  # nobody knows what that denies
        [statement("s3:*"), statement("*"), statement("s3:Get*", f"{BUCKET}*")],
        [statement("s*", f"{BUCKET}/*")],
        [
            statement("codedeploy:StopDeployment", "arn:aws:codedeploy:eu-west-1:111122223333:application:a")
        ],  # AWS's data
        # name no resource for it, and its pages do
        [statement("s3:GetObject", "arn:aws:s3:::b*")],
        [statement("kms:Decrypt", "arn:aws:kms:*:*:*"), statement("s3:GetObject", "arn:aws:sqs:eu-west-1:*:q")],
        [statement("iam:PassRole", "arn:aws:iam::*:role/*")],
        [statement("s3:GetObject", "${aws:PrincipalTag/home}")],
        [under("DateGreaterThan", "aws:CurrentTime", "2099-01-01T00:00:00Z")],  # it may grant in another year
        [{"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"}],
        [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": f"arn:aws:iam::{ACCOUNT}:role/x"}],
    ],
)
def test_what_may_grant_is_not_blamed(written: list[Any]) -> None:
    assert idle(*written) == []


def test_a_boundary_may_leave_nothing() -> None:
    assert idle(READ, boundary=document(statement("ec2:*"))) == ["the permissions boundary allows nothing of it"]
    assert idle(READ, boundary=document(statement("s3:*"))) == []
    assert idle(READ, boundary=Document(unread="it is decided later")) == []


def test_nothing_is_said_where_a_policy_is_not_read_nor_of_those_of_aws() -> None:
    denied = [READ, statement("s3:*", effect="Deny")]
    assert idle(*denied, unread="it is decided later") == []
    assert idle(*denied, where="arn:aws:iam::aws:policy/X v1 of 2020-01-01") == []


def shut(principal: Any, *denied: Any, guards: bool = False, **others: Any) -> list[str]:
    """Return why statements of a trust policy, or of a policy of a bucket, let nobody in."""
    action, on = ("s3:GetObject", {"Resource": f"{BUCKET}/*"}) if guards else ("sts:AssumeRole", {})
    allowed = {"Effect": "Allow", "Action": action, "Principal": principal, **on, **others}
    written = document(allowed, *({"Effect": "Deny", "Action": "*", "Principal": "*", **on, **one} for one in denied))
    role = Principal(arn=ARN, trust=None if guards else written)
    account = Account(id=ACCOUNT, principals=(role,), guards={"s3": written} if guards else {})
    return [one.why for one in list_shut(account, "" if guards else ARN)]


OTHER = {"AWS": "arn:aws:iam::444455556666:role/x"}
CONTRADICTING = {"StringEquals": {"aws:x": "a"}, "StringNotEquals": {"aws:x": "a"}}


@pytest.mark.parametrize("guards", [False, True])
@pytest.mark.parametrize(
    ("principal", "others", "why"),
    [
        ({"AWS": "AROAEXAMPLEEXAMPLE123"}, {}, "AROAEXAMPLEEXAMPLE123 was deleted"),
        (
            {"AWS": ["AIDAEXAMPLEEXAMPLE123", "arn:aws:iam::444455556666:group/g"]},
            {},
            "is a group, which nobody calls as",
        ),
        ({"AWS": "arn:aws:iam::444455556666:role/*"}, {}, "holds a wildcard, and names nobody but itself"),
        (OTHER, {"Condition": CONTRADICTING}, "its conditions contradict each other"),
        ({"Service": "ec2.amazonaws.com"}, {"Condition": CONTRADICTING}, "its conditions contradict each other"),
    ],
)
def test_who_can_never_come_in_is_said(guards: bool, principal: Any, others: Any, why: str) -> None:
    (found,) = shut(principal, guards=guards, **others)
    assert why in found


@pytest.mark.parametrize("guards", [False, True])
@pytest.mark.parametrize(
    ("principal", "denied", "others"),
    [
        (OTHER, [], {}),
        ({"AWS": ["AROAEXAMPLEEXAMPLE123", OTHER["AWS"]]}, [], {}),
        ("*", [], {"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}),
        (OTHER, [{"Condition": {"Bool": {"aws:SecureTransport": "false"}}}], {}),
        (OTHER, [], {"Condition": {"StringEquals": {"sts:ExternalId": "x"}}}),
        ({"Federated": "cognito-identity.amazonaws.com"}, [], {"Condition": {"StringIs": {"a": "b"}}}),
        ({"CanonicalUser": "abc"}, [], {"Condition": {"Bool": {"a": "true"}}}),
    ],
)
def test_who_may_come_in_is_not_blamed(guards: bool, principal: Any, denied: Any, others: Any) -> None:
    assert shut(principal, *denied, guards=guards, **others) == []


def test_what_the_same_policy_denies_lets_nobody_in() -> None:
    assert shut(OTHER, {}, guards=True) == ["everything of it is denied by the same policy"]
    assert shut({"Service": "ec2.amazonaws.com"}, {}) == ["everything of it is denied by the same policy"]


def test_a_goal_asks_of_principals_and_of_resources() -> None:
    good, bad = document(READ, where="a.tf:1"), document(statement("s4:*"), where="b.tf:2")
    shut_guard = document(
        statement("s3:GetObject", f"{BUCKET}/*", Principal={"AWS": "AROAEXAMPLEEXAMPLE123"}), where="c.tf:3"
    )
    roles = tuple(
        Principal(arn=f"{ARN}-{n}", identity=(one,)) for n, one in enumerate([good, bad, Document(unread="later")])
    )
    account = Account(id=ACCOUNT, principals=roles, guards={"s3": shut_guard})
    every = Goal(may=True, actions=(), grants=True)
    kept, broken, unread, guard = answer_of_idle(every, account)
    assert (kept.kept, broken.kept, guard.kept) == (True, False, False)
    assert broken.said.startswith("b.tf:2 statement 1 grants nothing: AWS has no action of that name")
    assert (broken.places, guard.places) == (("b.tf:2 statement 1",), ("c.tf:3 statement 1",))
    assert unread.kept == Doubt(frozenset({"later"}))
    assert [one.who for one in answer_of_idle(replace(every, principals=("role/tool-0",)), account)] == [f"{ARN}-0"]
