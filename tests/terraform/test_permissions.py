"""The goals of the worked example: kept as it is declared, and broken by one edit of a role each."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from prodgate.aws.actions import OBJECTS
from prodgate.facts import Facts
from prodgate.facts.static.called import code_facts, observe_code
from prodgate.facts.static.workflow_files import observe_workflows, workflow_facts
from prodgate.findings import Finding, Outcome
from prodgate.iam.evaluation import Answer, evaluate as decide
from prodgate.layers.goals import list_code
from prodgate.layers.static.judging import judge_goals
from prodgate.sections.criteria_file import load_criteria
from prodgate.terraform.evaluate import evaluate
from prodgate.terraform.resources import Configuration
from prodgate.terraform.serialization import from_json, to_json
from tests.prodgate.iam.policies import document, identity, request
from tests.prodgate.rehearsal.emulated import REGION

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("goals")]

ROOT = Path(__file__).parents[2]
STATED = load_criteria(ROOT / "criteria.toml")
WORKFLOWS = workflow_facts(observe_workflows(ROOT / ".github" / "workflows"))
NAME = "nba-news-prod"
SUBJECT = "token.actions.githubusercontent.com:sub"


@pytest.fixture(scope="module")
def declared() -> Mapping[str, Any]:
    return to_json(evaluate(ROOT / STATED.terraform_root, base=ROOT, account=STATED.account))


def judged(configuration: Configuration) -> list[Finding]:
    facts = Facts((configuration, *code_facts(observe_code(ROOT, list_code(STATED))), *WORKFLOWS))
    found = judge_goals(facts, STATED, lambda: "2026-01-01T00:00:00+00:00", lambda _: None)
    return [finding for findings in found.values() for finding in findings]


def allow(written: str, *actions: str) -> str:
    document = json.loads(written)
    document["Statement"].append({"Sid": "Slipped", "Effect": "Allow", "Action": list(actions), "Resource": "*"})
    return json.dumps(document)


def withhold(written: str, action: str) -> str:
    document = json.loads(written)
    for statement in document["Statement"]:
        named = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        statement["Action"] = [one for one in named if one != action] or ["sts:GetCallerIdentity"]
    return json.dumps(document)


def admit(written: str, subject: str) -> str:
    document = json.loads(written)
    document["Statement"][0]["Condition"]["StringEquals"][SUBJECT] = subject
    return json.dumps(document)


#: criterion -> the end of a role's name, whose trust or policy is edited, and how
EDITS: Mapping[str, tuple[str, str, Any]] = {
    "administrator-reached-by-nobody": ("deploy-dags", "policy", lambda text: allow(text, "iam:PutRolePolicy")),
    "records-deleted-by-nobody": ("flow-logs", "policy", lambda text: allow(text, "kms:ScheduleKeyDeletion")),
    "archived-runs-deleted-by-nobody": ("archive", "policy", lambda text: allow(text, "s3:PutBucketPolicy")),
    "secrets-read-by-named": ("canary", "policy", lambda text: allow(text, "secretsmanager:PutSecretValue")),
    "roles-passed-as-named": ("verifier", "policy", lambda text: allow(text, "iam:PassRole")),
    "outsiders-named": ("gate", "trust", lambda text: admit(text, "repo:nba-news/another:ref:refs/heads/main")),
    "deployments-can-deploy": ("rollback", "policy", lambda text: withhold(text, "codedeploy:StopDeployment")),
    "statements-grant-something": ("deploy", "policy", lambda text: allow(text, "ecs:RunTasks")),
    "roles-hold-what-is-used": ("airflow", "policy", lambda text: allow(text, "dynamodb:PutItem")),
}


def edit(stored: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the resources with all edits, each at the first policy of its role."""
    left = {(f"{NAME}-{role}", kind): change for role, kind, change in EDITS.values()}
    for one in stored["resources"]:
        values = one["values"]
        trusting = one["type"] == "aws_iam_role" and left.pop((values["name"], "trust"), None)
        granting = one["type"] == "aws_iam_role_policy" and left.pop((values["role"], "policy"), None)
        if trusting:
            yield {**one, "values": {**values, "assume_role_policy": trusting(values["assume_role_policy"])}}
        elif granting:
            yield {**one, "values": {**values, "policy": granting(values["policy"])}}
        else:
            yield one
    assert not left, "no such role"


def test_every_goal_is_kept(declared: Mapping[str, Any]) -> None:
    found = judged(from_json(declared))
    assert {finding.criterion for finding in found} == EDITS.keys()
    assert not [str(finding) for finding in found if finding.outcome is not Outcome.SATISFIED]


def test_each_goal_is_broken_by_an_edit(declared: Mapping[str, Any]) -> None:
    found = judged(from_json({**declared, "resources": list(edit(declared))}))
    for criterion, (role, _, _) in EDITS.items():
        broken = [one for one in found if one.criterion == criterion and one.outcome is Outcome.NOT_SATISFIED]
        told = [one for one in broken if f":role/{NAME}-{role}: " in one.subject]
        assert told, f"{criterion}: {list(map(str, broken))}"
        assert all(one.where and one.where[0].startswith("terraform/modules/") for one in told)
    (administrator,) = [one for one in found if one.criterion == "administrator-reached-by-nobody" and one.observed][:1]
    assert "iam:putrolepolicy" in administrator.observed
    assert "Slipped" in administrator.observed
    unused = [one.observed for one in found if one.criterion == "roles-hold-what-is-used" and "airflow" in one.subject]
    assert "nothing uses dynamodb:PutItem, granted by" in unused[0]


@pytest.mark.slow
def test_a_right_that_code_needs_and_no_policy_grants_is_missing(declared: Mapping[str, Any]) -> None:
    role, action = f"{NAME}-verifier", "codedeploy:PutLifecycleEventHookExecutionStatus"
    resources = [
        {**one, "values": {**one["values"], "policy": withhold(one["values"]["policy"], action)}}
        if one["type"] == "aws_iam_role_policy" and one["values"]["role"] == role
        else one
        for one in declared["resources"]
    ]
    found = judged(from_json({**declared, "resources": resources}))
    broken = [one.observed for one in found if one.outcome is Outcome.NOT_SATISFIED and role in one.subject]
    told = f"{action} is not granted, which is for terraform/modules/service/verifier/new_version.py:21"
    assert told in broken


ACCOUNT = str(STATED.account)
#: Keys whose policies leave it to the account's who may use them.
KEYS = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"}
DAGS, DATA, EVIDENCE = (f"arn:aws:s3:::{NAME}-{name}-{ACCOUNT}" for name in ("dags", "pipeline-data", "evidence"))
S3 = f"s3.{REGION}.amazonaws.com"


@pytest.mark.parametrize(
    ("role", "action", "resource", "allowed"),
    [
        *(("gate", action, f"{DAGS}/dags/x.py", True) for action in OBJECTS),
        *(("gate", action, f"{DATA}/x.json", False) for action in OBJECTS),
        *(("gate", action, "arn:aws:s3:::foreign/x", False) for action in OBJECTS),
        ("gate", "s3:ListBucket", DAGS, True),
        ("gate", "s3:ListBucket", DATA, True),
        ("gate", "s3:ListBucket", EVIDENCE, False),
        ("gate", "kms:Decrypt", "Airflow", True),
        ("gate", "kms:Decrypt", "archived runs", False),
        ("archive", "s3:GetObjectVersion", f"{EVIDENCE}/nights/x", True),
        ("archive", "s3:GetObjectVersion", f"{DAGS}/dags/x.py", False),
        ("archive", "kms:Decrypt", "archived runs", True),
        ("archive", "kms:Decrypt", "Airflow", False),
    ],
)
def test_a_role_of_the_gate_reads_the_buckets_and_keys_that_it_needs(
    declared: Mapping[str, Any], role: str, action: str, resource: str, allowed: bool
) -> None:
    if action == "kms:Decrypt":
        keys = [one["values"] for one in declared["resources"] if one["type"] == "aws_kms_key"]
        (resource,) = [one["arn"] for one in keys if resource in one["description"]]
    assert can(declared, role, action, resource) is allowed


def can(declared: Mapping[str, Any], role: str, action: str, resource: str) -> bool:
    """Whether a declared role may do something, as the gate's own evaluator has it."""
    held = [one["values"] for one in declared["resources"] if one["type"] == "aws_iam_role_policy"]
    texts = [one["policy"] for one in held if one["role"] == f"{NAME}-{role}"]
    statements = [statement for text in texts for statement in json.loads(text)["Statement"]]
    policies = identity(*statements, resource=document(KEYS) if action.startswith("kms:") else None)
    caller = f"arn:aws:sts::{ACCOUNT}:assumed-role/{NAME}-{role}/run"
    return decide(request(action, resource, caller, ACCOUNT, kms__ViaService=S3), policies) is Answer.ALLOWED


def test_a_role_whose_policy_is_decided_later_leaves_its_goals_open(declared: Mapping[str, Any]) -> None:
    later = {"$prodgate": "unknown", "reason": "is decided later"}
    resources = [
        {**one, "values": {**one["values"], "policy": later}} if one["type"] == "aws_iam_role_policy" else one
        for one in declared["resources"]
    ]
    found = judged(from_json({**declared, "resources": resources}))
    left = {finding.criterion for finding in found if finding.outcome is Outcome.UNDETERMINED}
    assert left == EDITS.keys() - {"outsiders-named"}, left
