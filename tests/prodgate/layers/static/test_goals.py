"""Goals and principals in the static layer: kept, broken and unknown goals, the roles that others may take, and
resource policies by service."""

import importlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from policies.identity import RESOURCE_POLICIES

from prodgate.commands.proving import describe_reach, describe_who_can, render_reach, render_who_can
from prodgate.evidence import runs
from prodgate.facts import Facts
from prodgate.facts.static.called import code_facts, observe_code
from prodgate.facts.static.workflow_files import WORKFLOW_FACTS, workflow_facts
from prodgate.facts.static.workflows import Workflows
from prodgate.findings import Finding, Outcome
from prodgate.iam.abilities import Abilities, Allowed
from prodgate.iam.account import Account, describe_world
from prodgate.iam.answers import answer_of_outsiders
from prodgate.iam.documents import Document
from prodgate.iam.goals import Goal
from prodgate.iam.truth import Doubt
from prodgate.layers import BUILT, goals as judging
from prodgate.layers.static.judging import judge_goals
from prodgate.layers.static.principals import add_guards, read_account
from prodgate.sections.criteria_file import CriteriaFile, parse_criteria
from prodgate.semantics.unresolved import Assumed
from prodgate.terraform.diagnostics import Diagnostic
from prodgate.terraform.positions import Position
from prodgate.terraform.provider.schema import aws_schemas
from prodgate.terraform.resources import UNKNOWN, Configuration, Gap, Resource
from prodgate.testing import POLICIES, apply, load_criteria
from tests.prodgate.conftest import Gate
from tests.prodgate.layers.context import layer_context, recall
from tests.prodgate.layers.static.test_checkov import observation
from tests.trees import write_tree

ACCOUNT = "111122223333"
#: The stored standing of each judgement so far.
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
    found = judge_goals(facts, stated(goal), lambda: "2026-01-01T00:00:00+00:00", KEPT.append)
    assert list(found) == [("goals-keys-kept", "keys-kept")]
    return list(found["goals-keys-kept", "keys-kept"])


def test_findings_say_of_whom_it_is_proven_and_who_breaks_it() -> None:
    (kept,) = judged(Facts((role("s3:GetObject"),)))
    said = f"in {ACCOUNT} from 2026-01-01T00:00:00+00:00 on, proven of arn:aws:iam::{ACCOUNT}:role/shop; by "
    assert kept.outcome is Outcome.SATISFIED
    assert kept.observed.startswith(said)
    assert kept.observed.endswith(describe_world(KEPT[-1]["world"]))
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
    assert judge_goals(Facts(), parse_criteria(text, Path("criteria.toml")), lambda: "", KEPT.append) == {}


def test_where_nobody_need_be_a_goal_without_principals_does_not_apply() -> None:
    key = declared("aws_kms_key", arn=f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1", policy=None)
    only = Configuration(root="infra", engine="none", resources=[key])
    (nobody,) = judged(Facts((only,)))
    assert nobody.outcome is Outcome.UNDETERMINED
    text = TEXT.format(GOAL) + 'applicability = "where-present"\npopulation = 0\n'
    found = judge_goals(
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
    write_tree(tmp_path, {"jobs/one.py": code})
    shop = role(*actions)
    task = declared(
        "aws_ecs_task_definition",
        family="web",
        execution_role_arn=f"arn:aws:iam::{ACCOUNT}:role/shop",
        container_definitions=TASK,
    )
    configuration = Configuration(root="infra", engine="none", resources=[*shop.resources, task])
    code = code_facts(observe_code(tmp_path, judging.list_code(stated(USED))))
    workflows = workflow_facts({".github/workflows/release.yml": WORKFLOW})
    return judged(Facts((configuration, *code, *workflows)), USED)


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
    """It costs a proof for each pair: a goal that does not need it does not cause it."""
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
    """A run that judges again began before it concludes that, and carries only observations."""
    (tmp_path / "criteria.toml").write_text(TEXT.format(GOAL), "utf-8")
    at = layer_context(tmp_path, "static")
    judging.keep_overview(at, "static", {"principals": []})
    kept = runs.read(at.run)
    assert ([fact["kind"] for fact in kept.facts], kept.list_observed()) == ([judging.OVERVIEW], [])


# ── What goes wrong in the evaluation

GAP = Configuration(root="infra", engine="made", resources=[], gaps=[Gap("aws_sqs_queue.more", "depends on data")])
BROKEN = Diagnostic("error", "Unclosed block", "", Position("infra/main.tf", 1))
WHOLE = Configuration(root="infra", engine="made", resources=[])


@pytest.mark.parametrize("criterion", ["queue-retention", "terraform-evaluates"])
@pytest.mark.parametrize(("fact", "outcome"), [(GAP, Outcome.UNDETERMINED), (BROKEN, Outcome.NOT_SATISFIED)])
def test_what_goes_wrong_is_found(tmp_path: Path, criterion: str, fact: object, outcome: Outcome) -> None:
    concluded = BUILT["static"].conclude(Facts((fact,)), observation(tmp_path, criterion))
    (said,) = concluded["terraform", "terraform-evaluates"]
    assert (said.outcome, said.aspect) == (outcome, "infra/main.tf: Unclosed block" if fact is BROKEN else "")


@pytest.mark.parametrize(("criterion", "said"), [("queue-retention", 0), ("terraform-evaluates", 1)])
def test_what_goes_well_is_said_to_who_asks(tmp_path: Path, criterion: str, said: int) -> None:
    assert len(BUILT["static"].conclude(Facts((WHOLE,)), observation(tmp_path, criterion))) == said


@pytest.mark.parametrize("workflow", ["on: push\njobs: {}\n", "on: [", ""], ids=["sound", "broken", "none"])
@pytest.mark.parametrize("tree", ['resource "aws_sns_topic" "orders" {}', "resource {"], ids=["sound", "broken"])
def test_what_was_kept_is_recalled_as_it_was(tmp_path: Path, workflow: str, tree: str) -> None:
    if workflow:
        write_tree(tmp_path, {".github/workflows/ci.yml": workflow})
    at = observation(tmp_path, "queue-retention", tree=tree)
    seen, again = BUILT["static"].observe(at), recall(BUILT["static"], at.run)
    assert Counter(map(type, again.known)) == Counter(map(type, seen.known))
    assert again.unreadable == seen.unreadable
    assert again.of(Diagnostic) == seen.of(Diagnostic)
    assert bool(again.of(Diagnostic)) == (tree == "resource {")
    assert bool(again.of(Workflows)) == (workflow != "on: [")


def test_what_a_run_never_observed_is_unreadable(tmp_path: Path) -> None:
    facts = recall(BUILT["static"], observation(tmp_path, "queue-retention").run)
    assert {facts.unreadable[kind] for kind in (Configuration, *WORKFLOW_FACTS)} == {"it was not observed in that run"}


# ── Principals of a configuration, and the command's report on them

TRUST_IN_ACCOUNT = (
    f'{{"Statement": {{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {{"AWS": "{ACCOUNT}"}}}}}}'
)
ASSUME = '{"Statement": {"Sid": "Become", "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}}'


def labelled(kind: str, label: str, **values: object) -> Resource:
    return Resource(address=f"{kind}.{label}", type=kind, name=label, values=values)


def declared_role(name: str, **values: object) -> Resource:
    none = {"inline_policy": [], "managed_policy_arns": [], "permissions_boundary": None}
    arn = f"arn:aws:iam::{ACCOUNT}:role/{name}"
    return labelled(
        "aws_iam_role", name, **{"arn": arn, "name": name, "assume_role_policy": TRUST_IN_ACCOUNT, **none, **values}
    )


def test_a_configuration_is_asked_as_an_account() -> None:
    user = {"arn": f"arn:aws:iam::{ACCOUNT}:user/ann", "name": "ann", "permissions_boundary": None}
    administrator = {"role": "admin", "policy_arn": "arn:aws:iam::aws:policy/AdministratorAccess"}
    reader = declared_role("reader", managed_policy_arns=["arn:aws:iam::aws:policy/ReadOnlyAccess"])
    configuration = Configuration(
        root="shop",
        engine="none",
        resources=[
            labelled("aws_iam_user", "ann", **user),
            labelled("aws_iam_user_policy", "ann", user="ann", policy=ASSUME),
            labelled("aws_iam_role_policy_attachment", "admin", **administrator),
            declared_role("admin"),
            reader,
            declared_role("tool", managed_policy_arns=["arn:aws:iam::aws:policy/NotYetWritten"]),
            declared_role("idle", tags_all={"team": "shop"}),
        ],
    )
    account = read_account(configuration, "2026-01-01T00:00:00+00:00")
    assert [one.tags for one in account.principals if one.tags is not None] == [{"team": "shop"}]
    rows = {row["name"]: row for row in describe_reach(account)}
    said = {name: row["administrator"] for name, row in rows.items()}
    assert said == {"ann": "yes", "admin": "yes", "reader": "no", "tool": "undetermined", "idle": "no"}
    text = "\n".join(render_reach(list(rows.values())))
    assert "assume admin" in text
    assert "allowed by aws_iam_user_policy.ann Become" in text
    assert "NotYetWritten allows is not known here" in text
    world = rows["idle"]["world"]
    said = f"among 5 users and roles of {ACCOUNT}, from 2026-01-01T00:00:00+00:00 on; {describe_world(world)}."
    assert text.endswith(said)
    assert world == account.world()
    who = describe_who_can(account, "s3:GetObject", "arn:aws:s3:::a/*")
    some = {"admin": "yes", "reader": "yes", "tool": "undetermined"}
    assert {row["name"]: row["can"] for row in who} == {**some, "ann": "undetermined", "idle": "undetermined"}
    assert "arn:aws:s3:::a/* names nothing that is known here" in str(who)
    (by,) = next(row["allowed_by"] for row in who if row["name"] == "reader")
    assert re.fullmatch(r"arn:aws:iam::aws:policy/ReadOnlyAccess v\d+ of \d{4}-\d\d-\d\d \w+", by)
    assert any(line.startswith("admin: s3:getobject on arn:aws:s3:::a/") for line in render_who_can(who))


def test_who_changes_what_runs_with_a_role_has_its_rights() -> None:
    admin = declared_role("admin", managed_policy_arns=[ADMINISTRATOR])
    arn, profile = f"arn:aws:iam::{ACCOUNT}:role/admin", {"instance_profile": "data"}
    holding = [
        labelled("aws_sfn_state_machine", "flow", role_arn=arn),
        labelled("aws_ecs_service", "web", task_definition="web", enable_execute_command=True),
        labelled("aws_ecs_service", "shut", task_definition="web", enable_execute_command=False),
        labelled("aws_ecs_task_definition", "web", family="web", task_role_arn=arn),
        labelled("aws_iam_instance_profile", "data", name="data", role="admin"),
        labelled("aws_emr_cluster", "data", ec2_attributes=[profile]),
    ]
    found = read_account(Configuration(root="shop", engine="none", resources=[admin, *holding]), "2026-01-01T00:00:00Z")
    assert {(one.kind, one.arn) for one in found.holders} == {
        ("state machine", "aws_sfn_state_machine.flow"),
        ("task", "aws_ecs_service.web"),
        ("cluster of instances", "aws_emr_cluster.data"),
    }


ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
EVERYTHING = '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'
NOTHING = '{"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}'
ANN = {"arn": f"arn:aws:iam::{ACCOUNT}:user/ann", "name": "ann", "permissions_boundary": None}


def policy(name: str, written: str) -> Resource:
    return labelled("aws_iam_policy", name, arn=f"arn:aws:iam::{ACCOUNT}:policy/{name}", name=name, policy=written)


def later(type: str, argument: str, references: tuple[str, ...], **values: object) -> Resource:
    named = {"values": {**values, argument: UNKNOWN}, "references": {argument: references}}
    return Resource(address=f"{type}.later", type=type, name="later", **named)  # type: ignore[arg-type]


def ask(*resources: Resource, gaps: tuple[Gap, ...] = ()) -> dict[str, str]:
    configuration = Configuration(root="shop", engine="none", resources=resources, gaps=gaps)
    rows = describe_reach(read_account(configuration, "2026-01-01T00:00:00+00:00"))
    return {row["name"]: row["administrator"] for row in rows}


IMAGES = f"{ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com"
REPOSITORY = f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/web"
RUNS = f"arn:aws:iam::{ACCOUNT}:role/runs"


def task(image: str) -> Resource:
    return declared("aws_ecs_task_definition", task_role_arn=RUNS, container_definitions=f'[{{"image": "{image}"}}]')


INSTANCE = (
    declared("aws_instance", iam_instance_profile="web"),
    declared("aws_iam_instance_profile", name="web", role="runs"),
)


def repository(mutability: str | None) -> Resource:
    return declared("aws_ecr_repository", arn=REPOSITORY, image_tag_mutability=mutability)


@pytest.mark.parametrize(
    ("action", "resource", "running", "said"),
    [
        ("ecr:PutImage", REPOSITORY, [task(f"{IMAGES}/web:1"), repository("MUTABLE")], "undetermined"),
        ("ecr:*", REPOSITORY, [task(f"{IMAGES}/web:1"), repository(None)], "yes"),
        ("ecr:*", REPOSITORY, [task(f"{IMAGES}/web"), repository("MUTABLE")], "yes"),
        ("ecr:*", REPOSITORY, [task(f"{IMAGES}/web:1"), repository("IMMUTABLE")], "yes"),
        (["ecr:PutImage", "ecr:*Layer*"], REPOSITORY, [task(f"{IMAGES}/web:1"), repository("IMMUTABLE")], "no"),
        ("ecr:*", REPOSITORY, [task(f"{IMAGES}/web:1"), repository("IMMUTABLE_WITH_EXCLUSION")], "undetermined"),
        ("ecr:*", REPOSITORY, [task(f"{IMAGES}/web:1")], "undetermined"),
        ("ecr:*", REPOSITORY, [task(f"{IMAGES}/web@sha256:1"), repository("MUTABLE")], "no"),
        ("ecr:*", REPOSITORY, [task(f"{IMAGES}/api:1"), repository("MUTABLE")], "no"),
        ("ecr:*", "*", [], "undetermined"),
        (
            "ecr:*", REPOSITORY,
            [later("aws_ecs_task_definition", "container_definitions", (), task_role_arn=RUNS)], "undetermined",
        ),
        (
            "ecr:*", REPOSITORY,
            [declared("aws_lambda_function", role=RUNS, image_uri=f"{IMAGES}/web:1"), repository("MUTABLE")],
            "undetermined",
        ),
        (
            "ecr:*", REPOSITORY,
            [
                declared(
                    "aws_batch_job_definition",
                    container_properties=f'{{"image": "{IMAGES}/web:1", "jobRoleArn": "{RUNS}"}}',
                ),
                repository("MUTABLE"),
            ],
            "yes",
        ),
        (
            "s3:PutObject", "arn:aws:s3:::airflow/dags/*",
            [declared("aws_mwaa_environment", execution_role_arn=RUNS, source_bucket_arn="arn:aws:s3:::airflow", dag_s3_path="dags/")],
            "yes",
        ),
        (
            "s3:PutObject", "arn:aws:s3:::airflow/requirements.txt",
            [declared("aws_mwaa_environment", execution_role_arn=RUNS, source_bucket_arn="arn:aws:s3:::airflow", dag_s3_path="dags", requirements_s3_path="requirements.txt")],
            "undetermined",
        ),
        (
            "s3:PutObject", "arn:aws:s3:::airflow/requirements.txt",
            [declared("aws_mwaa_environment", execution_role_arn=RUNS, source_bucket_arn="arn:aws:s3:::airflow", dag_s3_path="dags", requirements_s3_path="requirements.txt", requirements_s3_object_version="1")],
            "no",
        ),
        (
            "s3:PutObject", "arn:aws:s3:::code/*",
            [declared("aws_glue_job", role_arn=RUNS, command=[{"script_location": "s3://code/job.py"}])], "yes",
        ),
        (
            "s3:PutObject", "arn:aws:s3:::code/*",
            [declared("aws_codebuild_project", service_role=RUNS, source=[{"location": "code/sources/"}])], "yes",
        ),
        (
            "codecommit:GitPush", f"arn:aws:codecommit:eu-west-1:{ACCOUNT}:web",
            [declared("aws_codebuild_project", service_role=RUNS, source=[{"location": "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/web"}])],
            "yes",
        ),
        (
            "s3:PutObject", "arn:aws:s3:::code/*",
            [declared("aws_codebuild_project", service_role=RUNS, source=[{"location": "https://github.com/a/code.git"}])],
            "no",
        ),
        (
            "s3:PutObject", "arn:aws:s3:::code/*",
            [declared("aws_lambda_function", role=RUNS, s3_bucket="code", s3_key="job.zip")], "undetermined",
        ),
        (
            "s3:PutObject", "arn:aws:s3:::code/*",
            [declared("aws_cloudformation_stack", iam_role_arn=RUNS, template_url="https://code.s3.eu-west-1.amazonaws.com/a.yaml")],
            "undetermined",
        ),
        (
            "s3:PutObject", "arn:aws:s3:::code/*",
            [declared("aws_cloudformation_stack", iam_role_arn=RUNS, template_url="https://s3.amazonaws.com/code/a.yaml")],
            "undetermined",
        ),
        ("batch:SubmitJob", "*", [declared("aws_batch_job_queue", service_role=RUNS)], "undetermined"),
        ("batch:ListJobs", "*", [declared("aws_batch_job_queue", service_role=RUNS)], "no"),
        ("airflow:UpdateEnvironment", "*", [later("aws_mwaa_environment", "execution_role_arn", ("aws_iam_role.runs",))], "undetermined"),
        ("codedeploy:CreateDeployment", "*", [*INSTANCE, declared("aws_codedeploy_deployment_group", ecs_service=[])], "undetermined"),
        ("codedeploy:CreateDeployment", "*", [*INSTANCE, declared("aws_codedeploy_deployment_group", ecs_service=[{}])], "no"),
        ("s3:PutObject", "arn:aws:s3:::data/*", [], "no"),
        ("s3:PutObject", "*", [], "undetermined"),
    ],
)  # fmt: skip
def test_who_writes_what_something_runs_has_its_rights(
    action: object, resource: str, running: list[Resource], said: str
) -> None:
    trust = TRUST.replace("ec2", "airflow")
    runs = declared_role("runs", managed_policy_arns=[ADMINISTRATOR], assume_role_policy=trust)
    written = json.dumps({"Statement": {"Effect": "Allow", "Action": action, "Resource": resource}})
    writer = labelled("aws_iam_role_policy", "writer", role="writer", policy=written)
    assert ask(runs, declared_role("writer"), writer, *running) == {"runs": "yes", "writer": said}


def test_policies_that_are_attached_exclusively_count() -> None:
    exclusive = labelled(
        "aws_iam_role_policy_attachments_exclusive", "a", role_name="shop", policy_arns=[ADMINISTRATOR]
    )
    assert ask(declared_role("shop"), exclusive) == {"shop": "yes"}


@pytest.mark.slow
def test_a_group_that_is_not_declared_may_allow_anything() -> None:
    user = labelled("aws_iam_user", "ann", **ANN)
    assert ask(user) == {"ann": "no"}
    member = labelled("aws_iam_user_group_membership", "ann", user="ann", groups=["administrators"])
    assert ask(user, member) == {"ann": "undetermined"}
    member = labelled("aws_iam_group_membership", "ann", group="administrators", users=["ann"])
    assert ask(user, member) == {"ann": "undetermined"}
    assert ask(user, later("aws_iam_group_membership", "users", (), group="administrators")) == {"ann": "no"}
    opened = later("aws_iam_group_membership", "users", ("aws_iam_user.ann",), group="administrators")
    assert ask(user, opened) == {"ann": "undetermined"}


def test_of_a_list_that_is_decided_later_no_part_is_left_out() -> None:
    none: dict[str, object] = {
        "assume_role_policy": TRUST_IN_ACCOUNT,
        "inline_policy": [],
        "permissions_boundary": None,
    }
    named = {"arn": f"arn:aws:iam::{ACCOUNT}:role/shop", "name": "shop", **none}
    reading = policy("reading", '{"Statement": {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}}')
    both = ("aws_iam_policy.reading", "data.aws_iam_policy.other")
    assert ask(reading, later("aws_iam_role", "managed_policy_arns", both, **named)) == {"shop": "undetermined"}
    assert ask(reading, later("aws_iam_role", "managed_policy_arns", both[:1], **named)) == {"shop": "no"}


@pytest.mark.slow
def test_one_of_several_that_is_decided_later_denies_nothing_for_certain() -> None:
    every = Resource(
        address='aws_iam_policy.each["a"]', type="aws_iam_policy", name="each",
        values={"arn": f"arn:aws:iam::{ACCOUNT}:policy/a", "policy": EVERYTHING},
    )  # fmt: skip
    none = Resource(
        address='aws_iam_policy.each["b"]', type="aws_iam_policy", name="each",
        values={"arn": f"arn:aws:iam::{ACCOUNT}:policy/b", "policy": NOTHING},
    )  # fmt: skip
    attached = later("aws_iam_role_policy_attachment", "policy_arn", ("aws_iam_policy.each",), role="shop")
    assert ask(declared_role("shop"), every, none, attached) == {"shop": "undetermined"}
    denied = later("aws_iam_role_policy", "role", ("aws_iam_role.shop", "aws_iam_role.idle"), policy=NOTHING)
    allowed = labelled("aws_iam_role_policy", "all", role="shop", policy=EVERYTHING)
    assert ask(declared_role("shop"), declared_role("idle"), allowed, denied) == {
        "shop": "undetermined",
        "idle": "undetermined",
    }


def test_a_stand_in_for_the_account_is_not_told_from_an_account_that_a_policy_names() -> None:
    arn = Assumed(f"arn:aws:iam::{ACCOUNT}:role/shop", {"account"}, "a stand-in")
    written = '{"Statement": {"Effect": "Allow", "Action": "iam:*", "Resource": "arn:aws:iam::444455556666:role/a"}}'
    allowed = labelled("aws_iam_role_policy", "all", role="shop", policy=written)
    assert ask(declared_role("shop"), allowed) == {"shop": "no"}
    assert ask(declared_role("shop", arn=arn), allowed) == {"shop": "undetermined"}


def test_who_can_knows_what_could_not_be_read_and_any_resource() -> None:
    written = '{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::shop/*"}}'
    resources = [
        declared_role("shop"),
        declared_role("idle"),
        labelled("aws_iam_role_policy", "s3", role="shop", policy=written),
    ]
    for gaps, others in (((), "no"), ((Gap("module.more", "is not here"),), "undetermined")):
        configuration = Configuration(root="shop", engine="none", resources=resources, gaps=gaps)
        account = read_account(configuration, "2026-01-01T00:00:00+00:00")
        said = {row["name"]: row["can"] for row in describe_who_can(account, "s3:GetObject", "*")}
        assert said == {"shop": "yes", "idle": others}


KEY = "arn:aws:kms:eu-west-1:111122223333:key/1"
BUCKET = {"arn": "arn:aws:s3:::shop", "bucket": "shop", "policy": None, "acl": None}


@pytest.mark.parametrize(
    ("written", "action", "asked", "said"),
    [
        (None, "s3:GetObject", "arn:aws:s3:::shop/a", ("yes", "no")),
        ({"Effect": "Deny", "Action": "s3:*"}, "s3:GetObject", "arn:aws:s3:::shop/a", ("no", "no")),
        ({"Effect": "Deny", "Action": "s3:*"}, "s3:GetObject", "*", ("yes", "no")),
        ({"Effect": "Allow", "Action": "s3:*"}, "s3:GetObject", "arn:aws:s3:::shop/a", ("yes", "yes")),
        (UNKNOWN, "s3:GetObject", "arn:aws:s3:::shop/a", ("undetermined", "undetermined")),
        (UNKNOWN, "s3:GetObject", "arn:aws:s3:::other/a", ("yes", "undetermined")),
        (None, "kms:Decrypt", KEY, ("yes", "no")),
        (None, "kms:Decrypt", "arn:aws:kms:*:*:key/*", ("yes", "no")),
    ],
)
def test_who_can_is_asked_of_the_policies_of_resources(
    written: Any, action: str, asked: str, said: tuple[str, str]
) -> None:
    policy = written
    if isinstance(written, dict):
        policy = json.dumps({"Statement": {"Principal": "*", "Resource": "*", **written}})
    own = json.dumps({"Statement": {"Effect": "Allow", "Action": ["s3:GetObject", "kms:Decrypt"], "Resource": "*"}})
    resources = [
        declared_role("shop"),
        declared_role("idle"),
        labelled("aws_iam_role_policy", "own", role="shop", policy=own),
        labelled("aws_s3_bucket", "shop", **BUCKET),
        labelled("aws_kms_key", "shop", arn=KEY, policy=None),
        *([labelled("aws_s3_bucket_policy", "shop", bucket="shop", policy=policy)] if written is not None else []),
    ]
    account = read_account(Configuration(root="shop", engine="none", resources=resources), "2026-01-01T00:00:00+00:00")
    assert tuple(row["can"] for row in describe_who_can(account, action, asked)) == said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nowhere"], "there is no such file"),
        (["."], "holds several roots; name one: "),
        (["a", "--who-can", "s3", "*"], "is no action"),
        (["a", "--who-can", "s3:Get*", "*"], "without wildcards"),
        (["a", "--who-can", "s3:GetObject", "shop"], "not written as an ARN"),
        (["a", "b"], "is no question"),
    ],
)
def test_what_is_no_question_is_refused(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gate: Gate
) -> None:
    for name in "ab":
        write_tree(tmp_path, {f"{name}/main.tf": 'output "a" { value = 1 }\n'})
    monkeypatch.chdir(tmp_path)
    assert said in gate("iam", *words, ends=4).err


# Declared policies of an organization, as far as they are attached to the account of a configuration.

TRUST_OF_EC2 = (
    '{"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}}'
)


def write_policy(effect: str, action: str) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": {"Effect": effect, "Action": action, "Resource": "*"}})


def read_app(*others: Resource, arn: str = f"arn:aws:iam::{ACCOUNT}:role/app") -> Any:
    none = {"inline_policy": [], "managed_policy_arns": [], "permissions_boundary": None}
    declared_role = labelled("aws_iam_role", "app", arn=arn, name="app", assume_role_policy=TRUST_OF_EC2, **none)
    own = labelled("aws_iam_role_policy", "app", role="app", policy=write_policy("Allow", "s3:*"))
    configuration = Configuration(root="shop", engine="none", resources=[declared_role, own, *others])
    return read_account(configuration, "2026-01-01T00:00:00+00:00")


def attach(target: object, effect: str = "Deny", action: str = "s3:Delete*", id_: object = "p-1") -> list[Resource]:
    written = {"id": "p-1", "name": "keep", "content": write_policy(effect, action), "type": "SERVICE_CONTROL_POLICY"}
    return [
        labelled("aws_organizations_policy", "keep", **written),
        labelled("aws_organizations_policy_attachment", "here", policy_id=id_, target_id=target),
    ]


def ask_app(account: Any, action: str = "s3:DeleteBucket") -> Any:
    return Abilities(account.principals[0], account).can(action, "arn:aws:s3:::b")


@pytest.mark.parametrize(
    ("others", "answer"),
    [
        ([], Allowed),
        (attach(ACCOUNT), None),
        (attach("222233334444"), Allowed),
        (attach("ou-1"), Doubt),
        (attach(UNKNOWN), Doubt),
        (attach(ACCOUNT, action="sqs:*"), Allowed),
        (attach(ACCOUNT, "Allow", "s3:*"), Allowed),
        (attach(ACCOUNT, "Allow", "sqs:*"), Doubt),  # FullAWSAccess may have been taken off
        ([*attach("r-1"), labelled("aws_organizations_organization", "all")], Allowed),
    ],
)
def test_what_is_attached_to_the_account_limits_it(others: list[Resource], answer: Any) -> None:
    found = ask_app(read_app(*others))
    assert found is None if answer is None else isinstance(found, answer)


def test_resource_control_policies_limit_resources() -> None:
    kept, attached = attach(ACCOUNT)
    kept.values["type"] = "RESOURCE_CONTROL_POLICY"  # type: ignore[index]
    account = read_app(kept, attached)
    assert account.organization.scps == ()
    assert ask_app(account) is None


def test_where_the_account_is_not_stated_any_may_be_this_one() -> None:
    assumed = Assumed(f"arn:aws:iam::{ACCOUNT}:role/app", {"account"}, "write allowed_account_ids")
    assert isinstance(ask_app(read_app(*attach("222233334444"), arn=assumed)), Doubt)


def test_what_is_attached_and_not_declared_is_not_known() -> None:
    for id_, said in (("p-2", "what that denies is not known"), ("p-FullAWSAccess", "")):
        account = read_app(*attach(ACCOUNT, id_=id_))
        assert said in account.organization.unread
        assert bool(account.organization.unread) is bool(said)
        assert isinstance(ask_app(account), Allowed)


# ── Resource policies, by service: the ones read, and the unread ones that let others in

OPEN = '{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "logs:*", "Resource": "*"}}'


def guards(type: str, **values: Any) -> Document | None:
    guarded = Resource(address=f"{type}.this", type=type, name="this", values=values)
    found = add_guards(
        Account(id="111122223333", principals=()), Configuration(root="infra", engine="none", resources=[guarded])
    ).guards
    return next(iter(found.values()), None)


@pytest.mark.parametrize(
    ("type", "values"),
    [
        ("aws_dynamodb_resource_policy", {"policy": OPEN}),
        ("aws_ecr_registry_policy", {"policy": OPEN}),
        ("aws_efs_file_system_policy", {"policy": OPEN}),
        ("aws_kms_grant", {"grantee_principal": "arn:aws:iam::111122223333:role/reader"}),
        ("aws_lambda_layer_version_permission", {"principal": "*"}),
        ("aws_opensearch_domain", {"access_policies": OPEN}),
        ("aws_s3_access_point", {"policy": OPEN}),
        ("aws_s3_bucket", {"acl": "public-read", "policy": None}),
        ("aws_s3_bucket_acl", {"acl": "authenticated-read"}),
        ("aws_s3_bucket_acl", {"access_control_policy": [{}]}),
        ("aws_s3_object", {"acl": "public-read"}),
        ("aws_ecrpublic_repository_policy", {"policy": OPEN}),
    ],
)
def test_what_lets_others_in_and_is_not_read_is_said(type: str, values: Any) -> None:
    opened = guards(type, **values)
    assert {one.doubted for one in opened.statements} == {f"whom {type}.this lets in is not followed here"}


@pytest.mark.parametrize(
    ("type", "values"),
    [
        ("aws_s3_bucket", {"acl": None, "policy": None}),
        ("aws_s3_bucket_acl", {"acl": "private"}),
        ("aws_s3_access_point", {"policy": None}),
        ("aws_opensearch_domain", {"access_policies": None}),
        ("aws_ecr_lifecycle_policy", {"policy": "{}"}),
        ("aws_s3_object", {"acl": None}),
    ],
)
def test_what_lets_nobody_in_is_not(type: str, values: Any) -> None:
    assert guards(type, **values) is None


SUBNET = "arn:aws:ec2:eu-west-1:111122223333:subnet/a"


@pytest.mark.parametrize(
    ("type", "values", "action"),
    [
        ("aws_ami_launch_permission", {"account_id": "999988887777"}, "ec2:RunInstances"),
        ("aws_db_snapshot", {"shared_accounts": ["all"]}, "rds:RestoreDBInstanceFromDBSnapshot"),
        ("aws_eks_access_entry", {"principal_arn": "arn:aws:iam::999988887777:root"}, "eks:AccessKubernetesApi"),
        ("aws_iot_policy", {"policy": OPEN}, "iot:Publish"),
        ("aws_ram_resource_association", {"resource_arn": SUBNET}, "ec2:DescribeSubnets"),
        ("aws_ram_resource_association", {"resource_arn": UNKNOWN}, "ssm:GetDocument"),
        ("aws_ssm_document", {"permissions": {"type": "Share", "account_ids": "All"}}, "ssm:GetDocument"),
    ],
)
def test_what_is_shared_with_others_leaves_it_open_who_gets_in(type: str, values: Any, action: str) -> None:
    shared = Resource(address=f"{type}.this", type=type, name="this", values=values)
    goal = Goal(may=False, actions=(action,), principals=("outside",))
    (found,) = answer_of_outsiders(goal, (action,), read(shared))
    assert str(found.kept) == f"whom {type}.this lets in is not followed here"
    assert list(answer_of_outsiders(goal, ("logs:PutLogEvents",), read(shared))) == []
    quiet = Resource(
        address="aws_db_snapshot.this", type="aws_db_snapshot", name="this", values={"shared_accounts": []}
    )
    assert list(answer_of_outsiders(goal, (action,), read(quiet))) == []


def test_policies_of_all_of_a_service_and_of_other_keys_are_read() -> None:
    found = guards("aws_cloudwatch_log_resource_policy", policy_document=OPEN)
    assert (found.unread, [one.resources for one in found.statements]) == ("", [("*",)])
    arn = "arn:aws:kms:eu-west-1:111122223333:key/1"
    for type in ("aws_kms_key", "aws_kms_replica_key", "aws_kms_external_key"):
        (own,) = (guards(type, arn=arn, policy=OPEN) or Document()).statements
        assert own.resources == (arn,)
        (left,) = (guards(type, arn=arn, policy=None) or Document()).statements
        assert left.principals is not None


# Permissions and URLs of Lambda functions, treated as the policies that they become.

FUNCTION = "arn:aws:lambda:eu-west-1:111122223333:function:ask"
INVOKE, OPEN_URL = "lambda:InvokeFunction", "lambda:InvokeFunctionUrl"


def guarded(kind: str, **values: Any) -> Resource:
    return Resource(address=f"{kind}.this", type=kind, name="this", values={"function_name": "ask", **values})


def read(*others: Resource) -> Account:
    function = guarded("aws_lambda_function", arn=FUNCTION)
    configuration = Configuration(root="infra", engine="none", resources=[function, *others])
    return add_guards(Account(id="111122223333", principals=()), configuration)


def permit(**values: Any) -> Resource:
    return guarded("aws_lambda_permission", **{"action": INVOKE, "qualifier": None, **values})


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
        (permit(principal="events.amazonaws.com"), INVOKE, {False}),
        (permit(principal="events.amazonaws.com", source_account="111122223333"), INVOKE, {True}),
        (permit(principal="*", principal_org_id="o-1"), INVOKE, {True}),
        (guarded("aws_lambda_function_url", authorization_type="NONE"), OPEN_URL, {False}),
        (guarded("aws_lambda_function_url", authorization_type="AWS_IAM"), OPEN_URL, set()),
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
            in read(permit(principal="*", function_name=named)).guards["lambda"].statements[0].doubted
        )


# Every provider argument that holds a resource policy is judged by whom it lets in.

importlib.import_module("policies.identity")
CRITERIA = load_criteria(Path(__file__).parents[4] / "criteria.toml").criteria
NAMES = ("access_policies", "access_policy", "content", "delivery_destination_policy", "policy", "policy_document",
         "repository_policy", "resource_policy")  # fmt: skip
#: Arguments with another kind of document, by the beginning of their name, and why they alone let nobody in.
OTHERS = {
    "aws_api_gateway_": "an API may be for everybody: who may call a method is asked of the method",
    "aws_cloudwatch_log_account_policy": "says what is done with logs",
    "aws_cloudwatch_log_data_protection_policy": "says what is masked in logs",
    "aws_cloudwatch_log_index_policy": "says what is indexed of logs",
    "aws_ecr_lifecycle_policy": "says which images are kept",
    "aws_eks_pod_identity_association": "takes rights away from a session",
    "aws_iam_": "gives rights to whoever it is attached to",
    "aws_iot_policy": "gives rights to devices",
    "aws_networkmanager_": "says how networks are connected",
    "aws_opensearchserverless_": "is of a form of its own",
    "aws_organizations_policy": "takes rights away from accounts",
    "aws_ses_receipt_filter": "is Allow or Block",
    "aws_sns_topic_data_protection_policy": "says what is masked in messages",
    "aws_transfer_": "takes rights away from a session",
    "aws_verifiedaccess_": "is written in Cedar",
    "aws_vpc_endpoint": "says what a network may reach, and everybody in it by default",
    "aws_vpclattice_auth_policy": "is of a service that only its networks reach",
}  # fmt: skip


def list_arguments(block: Mapping[str, Any], path: str = "") -> Iterator[str]:
    for name, attribute in block["attributes"].items():
        if name in NAMES and attribute["type"] == "string" and (attribute.get("optional") or attribute.get("required")):
            yield f"{path}{name}"
    for name, inner in block["block_types"].items():
        yield from list_arguments(inner["block"], f"{path}{name}.")


HOLDING = {
    (type_, argument)
    for type_ in aws_schemas().names("resource")
    for argument in list_arguments(aws_schemas().block("resource", type_))
    if not argument.endswith("content") or "polic" in type_
}


def test_the_provider_has_no_other_policy_of_a_resource() -> None:
    assert {each for each in HOLDING if not each[0].startswith(tuple(OTHERS))} == set(RESOURCE_POLICIES.items())


@pytest.mark.parametrize("beginning", OTHERS)
def test_nothing_is_named_that_is_no_longer_there(beginning: str) -> None:
    assert [each for each, _ in HOLDING if each.startswith(beginning)]


def declare(type_: str, principal: Mapping[str, str]) -> Resource:
    statement = {"Sid": "it", "Effect": "Allow", "Principal": principal, "Action": "s3:GetObject", "Resource": "*"}
    first, _, rest = RESOURCE_POLICIES[type_].partition(".")
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    values = {first: [{rest: document}] if rest else document}
    return Resource(address=f"{type_}.it", type=type_, name="it", values=values)


@pytest.mark.parametrize("type_", sorted(RESOURCE_POLICIES))
@pytest.mark.parametrize(
    ("principal", "outcome"),
    [({"AWS": "*"}, Outcome.NOT_SATISFIED), ({"AWS": "arn:aws:iam::111122223333:root"}, Outcome.SATISFIED)],
)
def test_everybody_is_refused_in_each(type_: str, principal: Mapping[str, str], outcome: Outcome) -> None:
    policy = POLICIES["PG_IAM_13"]
    tree = Configuration(root="it", engine="none", resources=(declare(type_, principal),))
    (found,) = [each for each in apply(policy, tree, CRITERIA[policy.criterion]) if each.subject == f"{type_}.it"]
    assert found.outcome is outcome
