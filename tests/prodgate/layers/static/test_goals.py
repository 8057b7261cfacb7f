"""Goals as part of the static layer: what is kept, broken and not known, as findings."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from prodgate.evidence import runs
from prodgate.facts import Facts
from prodgate.facts.static.called import folders
from prodgate.facts.static.workflow_files import workflow_facts
from prodgate.findings import Finding, Outcome
from prodgate.layers import goals as judging
from prodgate.layers.static import goals
from prodgate.sections.criteria_file import CriteriaFile, parse_criteria
from prodgate.terraform.resources import Configuration, Resource
from tests.prodgate.layers.context import layer_context

ACCOUNT = "111122223333"
#: What was kept of who can become whom, of each judgement so far.
KEPT: list[Mapping[str, Any]] = []
TEXT = """
system = "shop"
[criteria.keys-kept]
statement = "Keys are kept."
why = "It matters."
source = "X-1"
layers = ["static"]
goals = [{}]
"""
TRUST = '{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}}'
GOAL = '{ cannot = ["kms:ScheduleKeyDeletion"], principals = ["role/*"] }'


def stated(goal: str = GOAL) -> CriteriaFile:
    return parse_criteria(TEXT.format(goal), Path("criteria.toml"))


def declared(type: str, **values: object) -> Resource:
    return Resource(address=f"{type}.this", type=type, name="this", values=values)


def role(*actions: str) -> Configuration:
    listed = ", ".join(f'"{one}"' for one in actions)
    policy = f'{{"Statement": {{"Effect": "Allow", "Action": [{listed}], "Resource": "*"}}}}'
    arn = f"arn:aws:iam::{ACCOUNT}:role/shop"
    none = {"inline_policy": [], "managed_policy_arns": [], "permissions_boundary": None}
    resources = [
        declared("aws_iam_role", arn=arn, name="shop", assume_role_policy=TRUST, **none),
        declared("aws_iam_role_policy", role="shop", policy=policy),
        declared("aws_kms_key", arn=f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1", policy=None),
    ]
    return Configuration(root="infra", engine="none", resources=resources)


def judged(facts: Facts, goal: str = GOAL) -> list[Finding]:
    found = goals.conclude(facts, stated(goal), lambda: "2026-01-01T00:00:00+00:00", KEPT.append)
    assert list(found) == [("goals-keys-kept", "keys-kept")]
    return list(found["goals-keys-kept", "keys-kept"])


def test_findings_say_of_whom_it_is_proven_and_who_breaks_it() -> None:
    (kept,) = judged(Facts((role("s3:GetObject"),)))
    assert (kept.outcome, kept.observed) == (Outcome.SATISFIED, f"proven of arn:aws:iam::{ACCOUNT}:role/shop")
    (broken,) = judged(Facts((role("kms:*"),)))
    assert broken.outcome is Outcome.NOT_SATISFIED
    assert broken.subject.startswith(f"arn:aws:iam::{ACCOUNT}:role/shop: role/* cannot")
    assert "allowed by aws_iam_role_policy.this statement 1" in broken.observed
    (keyed,) = judged(Facts((role("kms:*"),)), GOAL.replace(" }", ', resources = ["arn:aws:kms:*:*:key/*"] }'))
    assert "allowed by aws_iam_role_policy.this statement 1" in keyed.observed


@pytest.mark.parametrize(
    ("single", "who", "reason"),
    [
        (
            declared("aws_ssoadmin_permission_set", name="staff", arn="arn:aws:sso:::permissionSet/a/b"),
            "role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_staff",
            "what aws_ssoadmin_permission_set.this allows is not followed here",
        ),
        (
            declared("aws_iam_role_policy_attachment", role="older", policy_arn="arn:aws:iam::aws:policy/A"),
            "role/older",
            "aws_iam_role_policy_attachment.this is attached to older, which is not declared here",
        ),
    ],
)
def test_principals_of_whom_a_part_is_declared_are_spoken_of(single: Resource, who: str, reason: str) -> None:
    known = role("s3:GetObject")
    facts = Facts((Configuration(root="infra", engine="none", resources=[*known.resources, single]),))
    (unknown,) = judged(facts)
    assert unknown.outcome is Outcome.UNDETERMINED
    assert unknown.subject.startswith(f"arn:aws:iam::{ACCOUNT}:{who}: role/* cannot")
    assert reason in unknown.reason
    (named,) = judged(facts, GOAL.replace("role/*", "role/shop"))
    assert named.outcome is Outcome.SATISFIED


@pytest.mark.parametrize(
    ("goal", "reason"),
    [
        (GOAL.replace("role/*", "role/ship"), "role/ship names no user and no role"),
        (GOAL.replace("Schedule", "Shedule"), "is no action that AWS has"),
        (
            GOAL.replace(" }", ', unless = { StringLike = { "aws:PrincipalArn" = ["*"] } } }'),
            "every request that it names is left out by 'unless'",
        ),
        (GOAL.replace(" }", f', resources = ["arn:aws:kms:*:{ACCOUNT}:key/2"] }}'), "names nothing that is known here"),
    ],
)
def test_what_proves_nothing_is_undetermined(goal: str, reason: str) -> None:
    (found,) = judged(Facts((role("s3:GetObject"),)), goal)
    assert found.outcome is Outcome.UNDETERMINED
    assert reason in found.reason


def test_without_a_configuration_or_the_solver_nothing_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    (unseen,) = judged(Facts(unreadable={Configuration: "it does not evaluate"}))
    assert (unseen.outcome, unseen.reason) == (Outcome.UNDETERMINED, "it does not evaluate")
    monkeypatch.setattr(judging, "find_spec", lambda name: None if name == "z3" else object())
    (lacking,) = judged(Facts((role("s3:GetObject"),)))
    assert lacking.outcome is Outcome.UNDETERMINED
    assert "z3 is not installed" in lacking.reason
    assert "pip install 'prod-gate[iam]'" in lacking.reason


def test_where_no_criterion_states_goals_nothing_is_asked() -> None:
    text = TEXT.format(GOAL).replace(f"goals = [{GOAL}]", "")
    assert goals.conclude(Facts(), parse_criteria(text, Path("criteria.toml")), lambda: "", KEPT.append) == {}


def test_where_nobody_need_be_a_goal_without_principals_does_not_apply() -> None:
    key = declared("aws_kms_key", arn=f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1", policy=None)
    only = Configuration(root="infra", engine="none", resources=[key])
    (nobody,) = judged(Facts((only,)))
    assert nobody.outcome is Outcome.UNDETERMINED
    text = TEXT.format(GOAL) + 'applicability = "where-present"\npopulation = 0\n'
    found = goals.conclude(
        Facts((only,)), parse_criteria(text, Path("criteria.toml")), lambda: "2026-01-01T00:00:00Z", KEPT.append
    )
    ((spared,),) = found.values()
    assert (spared.outcome, spared.reason) == (Outcome.NOT_APPLICABLE, "there is nobody of whom it asks")


USED = '{ uses = { code = ["jobs"], workflows = ["SHOP_ROLE"], services = ["ecs-execution"] }, principals = ["role/shop"] }'
WORKFLOW = """
on: push
jobs:
  release:
    runs-on: ubuntu-latest
    steps:
      - uses: aws-actions/configure-aws-credentials@v5
        with:
          role-to-assume: ${{ vars.SHOP_ROLE }}
      - run: aws sqs send-message --queue-url x
"""
TASK = '[{"name": "web", "image": "1.dkr.ecr.x.amazonaws.com/web", "secrets": [{"name": "K", "valueFrom": "/k"}]}]'
STARTING = ("ecr:GetAuthorizationToken", "ecr:BatchGetImage", "ecr:BatchCheckLayerAvailability",
            "ecr:GetDownloadUrlForLayer", "ssm:GetParameters")  # fmt: skip


def used(tmp_path: Path, *actions: str, code: str = "import boto3\nboto3.client('s3').get_object()") -> list[Finding]:
    (tmp_path / "jobs").mkdir(exist_ok=True)
    (tmp_path / "jobs" / "one.py").write_text(code, "utf-8")
    shop = role(*actions)
    task = declared(
        "aws_ecs_task_definition",
        family="web",
        execution_role_arn=f"arn:aws:iam::{ACCOUNT}:role/shop",
        container_definitions=TASK,
    )
    configuration = Configuration(root="infra", engine="none", resources=[*shop.resources, task])
    code_facts = folders.code_facts(folders.observe_code(tmp_path, judging.list_code(stated(USED))))
    workflows = workflow_facts({".github/workflows/release.yml": WORKFLOW})
    return judged(Facts((configuration, *code_facts, *workflows)), USED)


def test_what_is_used_is_what_code_workflows_and_tasks_call(tmp_path: Path) -> None:
    (kept,) = used(tmp_path, "s3:GetObject", "sqs:SendMessage", *STARTING)
    assert kept.outcome is Outcome.SATISFIED, kept
    (unused,) = used(tmp_path, "s3:GetObject", "sqs:SendMessage", "sns:Publish", *STARTING)
    assert (unused.outcome, unused.observed.partition(",")[0]) == (Outcome.NOT_SATISFIED, "nothing uses sns:Publish")
    (missing,) = used(tmp_path, "s3:GetObject", *STARTING)
    assert missing.observed == "sqs:SendMessage is not granted, which is for .github/workflows/release.yml:10"
    (missing,) = used(tmp_path, "sqs:SendMessage", *STARTING)
    assert missing.observed == "s3:GetObject is not granted, which is for jobs/one.py:2"
    (missing,) = used(tmp_path, "s3:GetObject", "sqs:SendMessage", *STARTING[:4])
    assert missing.observed == "ssm:GetParameters is not granted, which is for aws_ecs_task_definition.this (web)"
    (unknown,) = used(tmp_path, "s3:*", "sqs:*", *STARTING, code="import subprocess")
    assert (unknown.outcome, unknown.reason) == (
        Outcome.UNDETERMINED,
        "jobs/one.py:1 imports subprocess, which runs what is not read",
    )


@pytest.mark.parametrize(
    ("action", "line", "reason"),
    [
        ("s3:PutObject", "def put(store):\n    store.put_object()", "jobs/one.py:4 uses put_object of what could not be followed"),
        ("s3:ListBucket", "def see(store):\n    store.list_objects_v2()", "jobs/one.py:4 uses list_objects_v2 of what could not"),
        ("s3:GetObjectVersion", "", "jobs/one.py:2 uses s3:GetObject with arguments that are not read"),
        ("sqs:TagQueue", "boto3.client('sqs').create_queue()", "jobs/one.py:3 uses sqs:CreateQueue with arguments that"),
    ],
)  # fmt: skip
def test_what_may_be_used_is_not_called_unused(tmp_path: Path, action: str, line: str, reason: str) -> None:
    code = f"import boto3\nboto3.client('s3').get_object()\n{line}"
    more = ("sqs:CreateQueue",) if "create_queue" in line else ()
    (unknown,) = used(tmp_path, "s3:GetObject", "sqs:SendMessage", action, *more, *STARTING, code=code)
    assert unknown.outcome is Outcome.UNDETERMINED
    assert unknown.reason.startswith(reason)
    assert unknown.reason.endswith(f"which {action} may be for")
    (unused,) = used(tmp_path, "s3:GetObject", "sqs:SendMessage", "sns:Publish", *more, *STARTING, code=code)
    assert (unused.outcome, unused.observed.partition(",")[0]) == (Outcome.NOT_SATISFIED, "nothing uses sns:Publish")


def test_what_was_not_read_is_not_called_unused() -> None:
    (unknown,) = judged(Facts((role("s3:GetObject"),)), USED)
    assert unknown.outcome is Outcome.UNDETERMINED
    assert unknown.reason == (
        f"no task definition that is declared here is started with arn:aws:iam::{ACCOUNT}:role/shop; "
        "no workflows were observed; what jobs calls was not observed"
    )
    told = workflow_facts({".github/workflows/release.yml": WORKFLOW.replace("SHOP", "OTHER")})
    (unknown,) = judged(Facts((role("s3:GetObject"), *told)), USED)
    assert "no workflow takes on the role that SHOP_ROLE names" in unknown.reason


def test_a_statement_that_grants_nothing_is_a_finding() -> None:
    goal = '{ idle = "none" }'
    (kept,) = judged(Facts((role("s3:GetObject"),)), goal)
    assert kept.outcome is Outcome.SATISFIED
    (idle,) = judged(Facts((role("s3:GetObjects"),)), goal)
    assert idle.outcome is Outcome.NOT_SATISFIED
    assert "grants nothing: AWS has no action of that name" in idle.observed


def test_who_can_become_whom_is_kept_where_goals_ask_it() -> None:
    """It costs a proof of each pair: a goal that asks nothing of the kind does not bring it."""
    KEPT.clear()
    judged(Facts((role("iam:PutRolePolicy"),)))
    (kept,) = KEPT
    shop = f"arn:aws:iam::{ACCOUNT}:role/shop"
    assert [(one["arn"], one["administrator"]) for one in kept["principals"]] == [(shop, "yes")]
    assert [(one["from"], one["to"], one["how"]) for one in kept["hops"]] == [
        (shop, "", "write an inline policy of shop")
    ]
    judged(Facts((role("s3:GetObject"),)), '{ idle = "none" }')
    judged(Facts((role("s3:GetObject"),)), '{ cannot = ["sts:AssumeRole"], principals = ["outside"] }')
    judged(Facts(unreadable={Configuration: "it does not evaluate"}))
    assert len(KEPT) == 1


def test_who_can_become_whom_is_concluded_and_was_not_observed(tmp_path: Path) -> None:
    """A run that judges again began before it concludes that, and carries what was observed alone."""
    (tmp_path / "criteria.toml").write_text(TEXT.format(GOAL), "utf-8")
    at = layer_context(tmp_path, "static")
    judging.keep_overview(at, "static", {"principals": []})
    kept = runs.read(at.run)
    assert ([fact["kind"] for fact in kept.facts], kept.list_observed()) == ([judging.OVERVIEW], [])
