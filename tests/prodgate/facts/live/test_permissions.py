"""A role's permissions by policies, boundaries, keys and the organization, and the holders of rights; and locks,
denials and permissions of live buckets and functions, judged by the policies for declared ones."""

import json
from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

import pytest
from policies import evidence  # noqa: F401  registers its policies

from prodgate.aws.answers import Absent, Unreadable
from prodgate.criteria import Criterion
from prodgate.facts.live.permissions import Rights, read_rights
from prodgate.facts.live.policies import observe_function_policies, read_account, read_organization
from prodgate.facts.live.queues import may_send
from prodgate.facts.live.stores import observe_locks
from prodgate.findings import Outcome
from prodgate.iam.reach import find_reach
from prodgate.iam.truth import Doubt
from prodgate.layers.live.judging import _mark_unknown
from prodgate.quantities import Bound
from prodgate.semantics.unresolved import Unknown
from prodgate.terraform.policy import POLICIES, apply
from prodgate.terraform.resources import Configuration, Resource

from .stated_account import ACCOUNT, REGION, account_answering, see

# ── A role's permissions: by its own policies and by attached ones, less the denied ones

ROLE, POLICY = "arn:aws:iam::123456789012:role/tasks", "arn:aws:iam::123456789012:policy/queues"
QUEUE = "arn:aws:sqs:ap-northeast-1:123456789012:failed"
BY_AWS = "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"


def statement(action: str, resource: str = "*", effect: str = "Allow", **rest: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **rest}


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*", **one} for one in statements]}


def of(inline: Any, attached: Any = None, *by_aws: str, arn: str = ROLE) -> Rights:
    """Return the rights of a role with an inline policy and attached ones, where IAM lists that role alone."""
    role = {
        "Arn": ROLE,
        "RolePolicyList": [{"PolicyName": "inline", "PolicyDocument": inline}],
        "AttachedManagedPolicies": [{"PolicyArn": one} for one in (POLICY, *by_aws)],
    }
    old = {"Document": document(statement("*")), "IsDefaultVersion": False}
    versions = [old, {"Document": attached or document(), "IsDefaultVersion": True}]
    listed = {"RoleDetailList": [role], "Policies": [{"Arn": POLICY, "PolicyVersionList": versions}]}
    return see(read_rights, {"GetAccountAuthorizationDetails": listed}, arn)


def test_inline_and_attached_policies_count_in_their_present_version() -> None:
    found = of(document(statement("xray:Put*")), document(statement("sqs:SendMessage", QUEUE)))
    assert found.may("xray:PutTraceSegments", "*")
    assert found.may("sqs:SendMessage", QUEUE)
    assert not found.may("sqs:SendMessage", f"{QUEUE}-other")
    assert not found.may("s3:PutObject", "arn:aws:s3:::data/x")


def test_what_a_policy_of_aws_allows_is_not_known_here() -> None:
    found = of(document(statement("sqs:*", QUEUE)), None, BY_AWS)
    assert found.by_aws == {"AWSXRayDaemonWriteAccess"}
    assert found.may("sqs:SendMessage", QUEUE)
    with pytest.raises(Unreadable, match="AWSXRayDaemonWriteAccess"):
        found.may("xray:PutTraceSegments", "*")


def test_a_document_may_come_as_text() -> None:
    assert of(json.dumps(document(statement("sqs:*", QUEUE)))).may("sqs:SendMessage", QUEUE)


def test_what_is_denied_is_not_allowed_unless_only_under_a_condition() -> None:
    allowed, deny = statement("sqs:*", QUEUE), statement("sqs:SendMessage", effect="Deny")
    assert not of(document(allowed, deny)).may("sqs:SendMessage", QUEUE)
    plain = {"Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    assert of(document(allowed, {**deny, **plain})).may("sqs:SendMessage", QUEUE)


def test_the_resources_of_an_action_are_named_as_they_are_written() -> None:
    found = of(document(statement("s3:PutObject", "arn:aws:s3:::data/*"), statement("s3:PutObject", QUEUE)))
    assert found.reaches("s3:PutObject", "arn:aws:s3:::") == ("arn:aws:s3:::data/*",)


@pytest.mark.parametrize(
    ("inline", "arn"), [(document({"Effect": "Perhaps"}), ROLE), (document(), "arn:aws:iam::123456789012:role/other")]
)
def test_what_is_not_understood_or_not_listed_is_unreadable(inline: Any, arn: str) -> None:
    with pytest.raises(Unreadable):
        of(inline, arn=arn)


# ── Sending to a resource under a customer's key needs that key, and a boundary limits every right

BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/1"
ROOT = {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*"}
BY_ROLE = {"Principal": {"AWS": ROLE}, "Action": ["kms:GenerateDataKey", "kms:Decrypt"]}
SEND = {"Action": "sqs:SendMessage", "Resource": QUEUE}
USE = {"Action": ["kms:GenerateDataKey*", "kms:Decrypt"], "Resource": KEY}


def via(service: str) -> dict[str, Any]:
    return {"Condition": {"StringEquals": {"kms:ViaService": f"{service}.{REGION}.amazonaws.com"}}}


def sends(
    *rights: dict[str, Any],
    key: dict[str, Any] = ROOT,
    known: Mapping[str, Any] = MappingProxyType({}),
    boundary: Any = None,
    attribute: str = KEY,
) -> bool:
    role: dict[str, Any] = {"Arn": ROLE, "RolePolicyList": [{"PolicyName": "own", "PolicyDocument": document(*rights)}]}
    policies = []
    if boundary:
        within = {} if isinstance(boundary, str) else document(*boundary)
        arn = boundary if isinstance(boundary, str) else BOUNDARY
        role["PermissionsBoundary"] = {"PermissionsBoundaryArn": arn}
        version = {"IsDefaultVersion": True, "Document": within}
        policies = [{"Arn": BOUNDARY, "PolicyVersionList": [version]}]
    answers = {
        "GetAccountAuthorizationDetails": {"RoleDetailList": [role], "Policies": policies},
        "DescribeKey": {"KeyMetadata": {"Arn": KEY, "KeyManager": "CUSTOMER", "KeyState": "Enabled", **known}},
        "GetKeyPolicy": {"Policy": json.dumps(document(key))},
    }
    with account_answering(answers) as account:
        place = {"QueueArn": QUEUE, "KmsMasterKeyId": attribute}
        return may_send(account, ROLE, read_rights(account, ROLE), "sqs:SendMessage", place)


def test_a_queue_under_no_key_of_a_customer_asks_for_no_key() -> None:
    assert sends(SEND, attribute="")
    assert sends(SEND, attribute="alias/aws/sqs")
    assert sends(SEND, known={"KeyManager": "AWS"})
    assert not sends(attribute="")


def test_a_queue_under_a_key_takes_nothing_from_who_may_not_use_it() -> None:
    assert not sends(SEND)
    assert not sends(SEND, {**USE, "Action": "kms:GenerateDataKey"})
    assert not sends(SEND, {**USE, "Action": "kms:Decrypt"})
    assert not sends(USE)
    assert sends(SEND, USE)
    assert not sends(SEND, USE, known={"KeyState": "Disabled"})


def test_the_keys_own_policy_has_a_say() -> None:
    assert sends(SEND, key=BY_ROLE)
    assert not sends(SEND, USE, key={**ROOT, "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/other"}})
    assert sends(SEND, key={**BY_ROLE, **via("sqs")})
    assert not sends(SEND, key={**BY_ROLE, **via("s3")})


def test_what_the_keys_policy_opens_the_roles_own_may_deny() -> None:
    denied = {"Effect": "Deny", "Action": "kms:Decrypt", "Resource": KEY}
    assert not sends(SEND, denied, key=BY_ROLE)
    assert sends(SEND, {**denied, "Resource": f"{KEY}0"}, key=BY_ROLE)
    assert not sends(SEND, key=BY_ROLE, boundary=[{"Action": "*"}, denied])


def test_a_boundary_limits_what_policies_allow() -> None:
    everything, reading = {"Action": "*"}, {"Action": "sqs:ReceiveMessage"}
    assert sends(SEND, USE, boundary=[everything])
    assert not sends(SEND, USE, boundary=[reading])
    assert not sends(SEND, USE, boundary=[{"Action": "sqs:*"}])
    with pytest.raises(Unreadable, match="PowerUserAccess"):
        sends(SEND, USE, boundary="arn:aws:iam::aws:policy/PowerUserAccess")


# ── An organization's denials for an account, as far as the account may read them

FULL = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
KEEP = {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "cloudtrail:StopLogging", "Resource": "*"}}
ORGANIZATION_POLICIES = {
    "p-FullAWSAccess": json.dumps(FULL),
    "p-keep": json.dumps(KEEP),
    "p-odd": "{",
    "p-new": '{"Statement": 1}',
}
PARENTS = {ACCOUNT: {"Id": "ou-1", "Type": "ORGANIZATIONAL_UNIT"}, "ou-1": {"Id": "r-1", "Type": "ROOT"}}


def list_attached(attached: Mapping[str, list[str]], asked: Mapping[str, str]) -> Any:
    """Return the service control policies of one level; there are none of any other kind."""
    named = attached.get(asked["TargetId"], []) if asked["Filter"] == "SERVICE_CONTROL_POLICY" else []
    return {"Policies": [{"Id": one} for one in named]}


def read(attached: Mapping[str, list[str]], **otherwise: Any) -> Any:
    """Return the result of reading an organization with these policies at its levels."""
    answers = {
        "DescribeOrganization": {"Organization": {"MasterAccountId": "999988887777", "FeatureSet": "ALL"}},
        "ListParents": lambda asked: {"Parents": [PARENTS[asked["ChildId"]]]},
        "ListPoliciesForTarget": partial(list_attached, attached),
        "DescribePolicy": lambda asked: {"Policy": {"Content": ORGANIZATION_POLICIES[asked["PolicyId"]]}},
    }
    return see(read_organization, answers | otherwise)


def test_each_level_from_the_root_to_the_account_is_read() -> None:
    attached = {"r-1": ["p-FullAWSAccess"], "ou-1": ["p-FullAWSAccess", "p-keep"], ACCOUNT: ["p-FullAWSAccess"]}
    found = read(attached)
    assert [len(level) for level in found.scps] == [1, 2, 1]
    assert [one.allows for one in found.scps[1][1].statements] == [False]
    assert (found.rcps, found.unread) == ((), "")


@pytest.mark.parametrize(
    "about",
    [
        Absent("AWSOrganizationsNotInUseException"),
        {"Organization": {"MasterAccountId": ACCOUNT, "FeatureSet": "ALL"}},
        {"Organization": {"MasterAccountId": "999988887777", "FeatureSet": "CONSOLIDATED_BILLING"}},
    ],
)
def test_who_is_in_none_or_manages_one_is_not_limited(about: Any) -> None:
    found = read({"r-1": ["p-keep"]}, DescribeOrganization=about)
    assert (found.scps, found.unread) == ((), "")


@pytest.mark.parametrize(
    "operation", ["DescribeOrganization", "ListParents", "ListPoliciesForTarget", "DescribePolicy"]
)
def test_a_denial_is_said(operation: str) -> None:
    found = read({"r-1": ["p-keep"]}, **{operation: Unreadable(f"organizations {operation}: access denied")})
    assert found.unread == f"organizations {operation}: access denied"
    gone = read({"r-1": ["p-keep"]}, DescribePolicy=Absent("PolicyNotFoundException"))
    assert "is gone (PolicyNotFoundException)" in gone.unread


@pytest.mark.parametrize(
    ("otherwise", "said"),
    [
        ({"DescribeOrganization": {"Organization": {}}}, "does not state its MasterAccountId"),
        ({"ListParents": {"Parents": []}}, "no parent of 123456789012"),
        ({"ListParents": {"Parents": [{"Id": ACCOUNT, "Type": "ORGANIZATIONAL_UNIT"}]}}, "more than 7 levels"),
    ],
)
def test_an_answer_that_makes_no_sense_is_no_answer(otherwise: Any, said: str) -> None:
    assert said in read({}, **otherwise).unread


def test_a_policy_that_is_not_understood_is_not_taken_for_none() -> None:
    assert "p-odd" in read({"r-1": ["p-odd"]}).unread
    assert read({"r-1": ["p-new"]}).scps[0][0].unread


# ── Principals as IAM lists them, judged like those of a configuration

IAM = "arn:aws:iam::123456789012"
OWN_POLICY, ADMINISTRATOR = f"{IAM}:policy/own", "arn:aws:iam::aws:policy/AdministratorAccess"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def allow(action: str, **rest: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, **rest}]}


TRUST = allow("sts:AssumeRole", Principal={"AWS": "123456789012"})


def user(name: str, **rest: Any) -> dict[str, Any]:
    return {"Arn": f"{IAM}:user/{name}", "UserName": name, **rest}


def role(name: str, **rest: Any) -> dict[str, Any]:
    return {"Arn": f"{IAM}:role/{name}", "RoleName": name, "AssumeRolePolicyDocument": TRUST, **rest}


def attached(arn: str) -> dict[str, Any]:
    return {"AttachedManagedPolicies": [{"PolicyName": "p", "PolicyArn": arn}]}


def inline(kind: str, written: Any) -> dict[str, Any]:
    return {f"{kind}PolicyList": [{"PolicyName": "inner", "PolicyDocument": written}]}


def test_principals_are_read_with_all_that_they_hold() -> None:
    versions = [
        {"Document": allow("*", Resource="*"), "IsDefaultVersion": False},
        {"Document": allow("s3:GetObject", Resource="*"), "IsDefaultVersion": True},
    ]
    assume = allow("sts:AssumeRole", Resource=f"{IAM}:role/chief")
    listed = {
        "Policies": [{"Arn": OWN_POLICY, "PolicyVersionList": versions}],
        "GroupDetailList": [{"Arn": f"{IAM}:group/staff", "GroupName": "staff", **inline("Group", assume)}],
        "UserDetailList": [
            user("ann", GroupList=["staff"]),
            user("bob", **attached(OWN_POLICY), Tags=[{"Key": "team", "Value": "shop"}]),
            user("eve", GroupList=["gone"]),
            user("dan", **inline("User", json.dumps(allow("iam:PutUserPolicy", Resource="*")))),
            user("fay", **attached(ADMINISTRATOR), PermissionsBoundary={"PermissionsBoundaryArn": OWN_POLICY}),
        ],
        "RoleDetailList": [
            role("chief", **attached(ADMINISTRATOR)),
            role("reader", **attached(READ_ONLY)),
            role("odd", **inline("Role", {"Statement": {"Effect": "Perhaps"}})),
        ],
    }
    account = see(read_account, {"GetAccountAuthorizationDetails": listed, "DescribeOrganization": None})
    assert [one.tags for one in account.principals if one.tags is not None] == [{"team": "shop"}]
    said = {one.principal.name: one for one in find_reach(account)}
    assert {name for name, one in said.items() if one.administrator is True} == {"ann", "chief", "dan"}
    assert {name for name, one in said.items() if one.administrator is False} == {"bob", "fay"}
    assert {name for name, one in said.items() if isinstance(one.administrator, Doubt)} == {"eve", "reader", "odd"}
    assert "the group gone" in str(said["eve"].administrator)
    ((hop,),) = said["ann"].paths
    assert hop.steps[0].statements[0].place == f"{IAM}:group/staff inner statement 1"


# ── Locks, denials and permissions of live buckets and functions, judged by the policies for declared ones

# ── The policies for declared buckets judge locks and denials of a live bucket

NAME = "orders-evidence"
ENDING = ["s3:DeleteObject*", "s3:BypassGovernanceRetention", "s3:PutBucketObjectLockConfiguration"]
REFUSAL = {
    "Effect": "Deny", "Principal": "*", "Action": ENDING, "Resource": [f"arn:aws:s3:::{NAME}", f"arn:aws:s3:::{NAME}/*"],
}  # fmt: skip
LOCKED = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": 400}}


def judge(policy: str, bound: str, **answers: Any) -> Outcome:
    """Return a policy's first finding on the one bucket that answers."""
    stated = {
        "ListBuckets": {"Buckets": [{"Name": NAME}]},
        "GetBucketVersioning": {"Status": "Enabled"},
        "GetObjectLockConfiguration": {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled", "Rule": LOCKED}},
        "GetBucketPolicy": {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [REFUSAL]})},
    }
    seen = [
        Resource(address=fact.subject, type=fact.type, name=fact.subject, values=_mark_unknown(fact.values))
        for fact in see(observe_locks, stated | answers)
    ]
    criterion = Criterion(
        id="c", wording="s", why="w", source="OPS-2", layers=("live",), bound=Bound.parse(bound), some_subjects=True
    )
    finding, *_ = apply(POLICIES[policy], Configuration(root="the account", engine="AWS", resources=seen), criterion)
    return finding.outcome


LOCK, KEPT, REFUSES = ("PG_EVID_1", f"== '{NAME}'"), ("PG_EVID_3", ">= 365 d"), ("PG_EVID_2", f"== '{NAME}'")
UNLOCKED = {"ObjectLockConfiguration": {"ObjectLockEnabled": "Enabled"}}
SHORT = {"ObjectLockConfiguration": {"Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 30}}}}
LONG = {"ObjectLockConfiguration": {"Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Years": 1}}}}


@pytest.mark.parametrize("asked", [LOCK, KEPT, REFUSES], ids=lambda asked: asked[0])
def test_a_locked_bucket_that_refuses_everybody_is_satisfied(asked: tuple[str, str]) -> None:
    assert judge(*asked) is Outcome.SATISFIED


@pytest.mark.parametrize(
    ("asked", "answers"),
    [
        (LOCK, {"GetObjectLockConfiguration": None}),
        (LOCK, {"GetObjectLockConfiguration": UNLOCKED}),
        (LOCK, {"GetBucketVersioning": {}}),
        (KEPT, {"GetObjectLockConfiguration": SHORT}),
        (REFUSES, {"GetBucketPolicy": None}),
    ],
)
def test_what_it_lacks_is_not_satisfied(asked: tuple[str, str], answers: dict[str, Any]) -> None:
    assert judge(*asked, **answers) is Outcome.NOT_SATISFIED


@pytest.mark.parametrize(
    ("asked", "operation"),
    [
        (LOCK, "GetObjectLockConfiguration"),
        (LOCK, "GetBucketVersioning"),
        (KEPT, "GetObjectLockConfiguration"),
        (REFUSES, "GetBucketPolicy"),
    ],
)
def test_what_may_not_be_read_is_undetermined(asked: tuple[str, str], operation: str) -> None:
    assert judge(*asked, **{operation: Unreadable("AccessDenied")}) is Outcome.UNDETERMINED


def test_years_count_as_days() -> None:
    assert judge(*KEPT, GetObjectLockConfiguration=LONG) is Outcome.SATISFIED
    assert judge("PG_EVID_3", "> 365 d", GetObjectLockConfiguration=LONG) is Outcome.NOT_SATISFIED


def test_a_bucket_of_another_name_is_no_archive() -> None:
    assert judge("PG_EVID_1", "== 'another'", GetBucketPolicy=None) is Outcome.NOT_APPLICABLE


# ── Policies of functions are read with those of their versions and aliases; an unreadable one is reported

ARN = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:"
LISTED = {"Functions": [{"FunctionArn": f"{ARN}mail"}, {"FunctionArn": f"{ARN}idle"}]}
VERSIONS = {"Versions": [{"FunctionArn": f"{ARN}mail:$LATEST"}, {"FunctionArn": f"{ARN}mail:7"}]}
ALIASES = {"Aliases": [{"AliasArn": f"{ARN}mail:live"}]}


def policy_of(which: Mapping[str, Any]) -> Any:
    """Return the permissions of the function and its alias; the version and the other function have none."""
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
    found = list(see(observe_function_policies, {**given, **answers}))
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
    found = observed(ListAliases=Unreadable("lambda ListAliases: denied"))
    assert (found["mail:*"], found["idle:*"], "mail:live" in found) == (*["lambda ListAliases: denied"] * 2, False)


def test_a_function_that_went_in_between_lets_in_nobody() -> None:
    assert observed(ListVersionsByFunction=None, GetPolicy=None) == {"mail": None, "idle": None}
