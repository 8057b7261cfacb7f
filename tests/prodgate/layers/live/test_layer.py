"""The live layer as a run starts it: an account observed and kept, and judged again from its evidence."""

import json
import os
import select
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.session import get_session

from prodgate.aws.actions import READS
from prodgate.aws.answers import Unreadable
from prodgate.aws.recording import Recording
from prodgate.checks import Check, check, check_of
from prodgate.criteria import Criterion, UsageError
from prodgate.evidence import runs
from prodgate.evidence.artifacts import load_json, store_json
from prodgate.facts import Facts
from prodgate.facts.live.databases import DatabaseSnapshot
from prodgate.facts.live.policies import Permissions, PolicyResource, observe_permissions
from prodgate.facts.live.queues import DeadLetterQueue, observe_dead_letter_queues
from prodgate.facts.live.stores import AccountBuckets, Bucket
from prodgate.facts.observers import OBSERVERS, import_all
from prodgate.findings import Finding, Outcome
from prodgate.layers import BUILT
from prodgate.layers.live.judging import judge_goals
from prodgate.layers.live.observing import observe_account, observe_through
from prodgate.layers.live.target import (
    LISTED_BY_ONE,
    LiveTarget,
    _list_missing,
    _notes,
    find_service,
    leave_unrehearsed,
)
from prodgate.layers.static.repository import ProjectView
from prodgate.run.judging import judge
from prodgate.sections.criteria_file import parse_criteria
from prodgate.semantics.unresolved import Unknown
from prodgate.terraform.provider.schema import aws_schemas
from tests.prodgate.facts.live.stated_account import ACCOUNT, account_answering
from tests.prodgate.layers.context import contents, layer_context
from tests.trees import write_tree

CRITERIA = """
system = "shop"

[terraform]
root = "infra"

[criteria.dead-letters-kept]
statement = { en = "Dead letters are kept.", ja = "保持する。" }
why = "Somebody must have the time to look."
require = ">= 14 d"
source = "X-1"
layers = ["live"]
"""
CHECK = '''
"""Dead letters of the shop."""

from prodgate import Criterion, check
from prodgate.facts.live.policies import Permissions
from prodgate.facts.live.queues import DeadLetterQueue


@check("dead-letters-kept", remedy="Keep them longer.", measures="time")
def test_dead_letters_are_kept(queue: DeadLetterQueue, criterion: Criterion) -> None:
    """Is there time to look at what failed?"""
    criterion.require(queue.retention)
'''
TREE = """
resource "aws_iam_role" "reader" {
  name               = "reader"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ecs-tasks.amazonaws.com" } }]
  })
}

resource "aws_iam_role_policy_attachment" "reader" {
  role       = aws_iam_role.reader.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
}

resource "aws_sqs_queue" "dead" {
  name                      = "dead"
  message_retention_seconds = 1209600
}

resource "aws_sqs_queue" "orders" {
  name           = "orders"
  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead.arn, maxReceiveCount = 3 })
}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    write_tree(tmp_path, {"infra/main.tf": TREE, "suites/live/test_shop.py": CHECK, "criteria.toml": CRITERIA})
    return tmp_path


@pytest.mark.slow
def test_what_was_kept_is_recalled_as_it_was(shop: Path) -> None:
    at, layer = layer_context(shop, "live"), BUILT["live"]
    seen = layer.observe(at)
    assert [queue.subject.rpartition(":")[2] for queue in seen.of(DeadLetterQueue)] == ["dead"]
    ((reader,),) = ([one for one in each.known.principals if one.name == "reader"] for each in seen.of(Permissions))
    (policy,) = reader.identity
    assert (policy.unread, policy.statements[0].actions[0]) == ("", "s3:Get*")
    kept = runs.read(at.run).facts
    again = layer.recall(at.run, kept)
    assert contents(again) == contents(seen)
    assert again.unreadable == seen.unreadable
    assert {fact["kind"] for fact in kept} <= {"answers", "account", "configuration"}
    answers = next(load_json(at.run, fact["digest"]) for fact in kept if fact["subject"].startswith("sqs in"))
    requests = [request for call in answers["calls"] for request in call["requests"]]
    assert all(request["id"] and request["date"] and request["host"].startswith("sqs.") for request in requests)


def gate(shop: Path, *arguments: str) -> str:
    """Run a command on the shop and return its output meanwhile."""
    command = [sys.executable, "-m", "prodgate.cli", *arguments, "--runs", "runs", "--json"]
    return subprocess.run(command, cwd=shop, capture_output=True, text=True, timeout=300, check=False).stderr


def judged_twice(shop: Path) -> tuple[Path, Sequence[Finding]]:
    """Run the gate, judge its evidence again, and return the run and the findings, which are the same."""
    assert "live: looking at account" in gate(shop, "run", "rehearsal://", "--only", "live")
    first = runs.latest(shop / "runs")
    gate(shop, "judge", str(first))
    second = next(path for path in (shop / "runs").iterdir() if path != first)
    found = runs.read(first).findings
    assert runs.read(second).findings == found
    return first, found


@pytest.mark.slow
def test_a_run_is_judged_again_with_the_same_findings(shop: Path) -> None:
    first, found = judged_twice(shop)
    assert [(each.subject.rpartition(":")[2], str(each.outcome)) for each in found] == [("dead", "satisfied")]
    asked = {fact["digest"]: fact["subject"] for fact in runs.read(first).facts_of("live", "answers")}
    services = {asked[digest].partition(" ")[0] for digest in found[0].evidence}
    assert services == {"sqs", "sns", "events", "lambda", "scheduler", "pipes"}
    assert len(set(asked.values())) > 20, "of what else was asked, nothing is cited"


def test_a_run_without_an_account_leaves_everything_unreadable(tmp_path: Path) -> None:
    facts = BUILT["live"].recall(tmp_path, [])
    assert set(facts.unreadable) == {kind for kinds in OBSERVERS.values() for kind in kinds}


def test_an_account_that_no_criterion_asks_about_is_not_opened(shop: Path) -> None:
    text = (shop / "criteria.toml").read_text("utf-8").replace('layers = ["live"]', 'layers = ["static"]')
    (shop / "criteria.toml").write_text(text, "utf-8")
    at = layer_context(shop, "live")
    assert BUILT["live"].observe(at) == Facts()
    assert not runs.read(at.run).facts


def test_a_real_account_must_be_stated(shop: Path) -> None:
    with pytest.raises(UsageError, match='names no account; write \\[account\\] with id = "123456789012"'):
        BUILT["live"].observe(layer_context(shop, "live", "aws://gate@ap-northeast-1"))


def test_what_of_the_project_was_compared_is_kept_with_it(shop: Path) -> None:
    at = layer_context(shop, "live")
    write_tree(shop, {"dags/one.py": "1", "dags/__pycache__/one.pyc": b"x"})
    seen = ProjectView(at)
    declared, files = seen.declared("aws_sqs_queue"), seen.files("dags")
    assert declared["aws_sqs_queue.dead"]["message_retention_seconds"] == 1209600
    assert list(files) == ["one.py"]
    store_json(at.run, seen.to_json())
    (shop / "dags" / "one.py").write_text("2", "utf-8")
    again = ProjectView.from_evidence(json.loads(json.dumps(seen.to_json())), at.run)
    assert again.declared("aws_sqs_queue") == declared
    assert again.files("dags") == files


OWN_FACT = '''
"""Queues with the queues that hand them their dead letters."""

from collections.abc import Iterator
from dataclasses import dataclass

from prodgate.facts import Fact
from prodgate.facts.observers import Account, observes, reads

reads("sqs", "ListDeadLetterSourceQueues")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Sources(Fact):
    """A queue."""

    sources: tuple[str, ...]


@observes(Sources)
def observe_sources(account: Account) -> Iterator[Sources]:
    """Look at the queue of dead letters."""
    url = next(one for one in account.list("sqs", "ListQueues", "QueueUrls") if one.endswith("/dead"))
    yield Sources(subject="dead", sources=account.list("sqs", "ListDeadLetterSourceQueues", "queueUrls", QueueUrl=url))
'''
OWN_CHECK = '''
"""Who hands on dead letters."""

from facts.sources import Sources
from prodgate import Criterion, check


@check("dead-letters-kept", remedy="Send dead letters there.")
def test_somebody_sends_there(queue: Sources, criterion: Criterion) -> None:
    """Does somebody send dead letters there?"""
    criterion.hold(bool(queue.sources), expected="a source", observed=queue.sources or "none")
'''


@pytest.mark.slow
def test_a_project_has_facts_of_its_own(shop: Path) -> None:
    write_tree(
        shop,
        {
            "facts/sources.py": OWN_FACT,
            "suites/live/test_shop.py": OWN_CHECK,
            "criteria.toml": CRITERIA.replace('require = ">= 14 d"\n', ""),
        },
    )
    _, found = judged_twice(shop)
    assert [(each.subject, str(each.outcome)) for each in found] == [("dead", "satisfied")]
    command = [sys.executable, "-m", "prodgate.cli", "iam-policy"]
    assert (
        b"sqs:ListDeadLetterSourceQueues" in subprocess.run(command, cwd=shop, capture_output=True, check=True).stdout
    )


def test_own_facts_that_can_not_be_loaded_leave_the_layer_undetermined(shop: Path) -> None:
    write_tree(shop, {"facts/tables.py": 'from prodgate.facts.observers import reads\nreads("sqs", "DeleteQueue")\n'})
    said = gate(shop, "run", "rehearsal://", "--only", "live")
    assert "tables.py: can't be loaded: ValueError: sqs.DeleteQueue: may change something" in said
    (made,) = (shop / "runs").iterdir()
    assert runs.read(made).verdict().decision.exit_code == 2


def interrupt_who_waits() -> None:
    """Press Ctrl-C once the main thread waits for another's message."""
    main = threading.main_thread().ident
    assert main
    while {"result", "wait"} - {each.f_code.co_name for each, _ in traceback.walk_stack(sys._current_frames()[main])}:
        select.select([], [], [], 0.02)
    os.kill(os.getpid(), signal.SIGINT)


class Waiting:
    """Calls that are closed before any gets a response."""

    def __init__(self) -> None:
        self.closed = threading.Event()
        self.interrupt = iter([threading.Thread(target=interrupt_who_waits, daemon=True)])
        self.recording = Recording()

    def pages(self, *asked: Any, **_: Any) -> Sequence[Any]:
        for once in self.interrupt:
            once.start()
        self.ended = "the run was interrupted" if self.closed.wait(120) else "nobody closed the calls"
        raise Unreadable(self.ended)

    def close(self, _reason: str) -> None:
        self.closed.set()


def test_an_interrupted_observation_asks_no_more_and_is_kept(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at, calls = layer_context(shop, "live"), Waiting()
    monkeypatch.setattr(observe_through, "__defaults__", ({observe_dead_letter_queues: (DeadLetterQueue,)},))
    with pytest.raises(KeyboardInterrupt):
        observe_account(LiveTarget("123456789012", "ap-northeast-1", calls), at)  # type: ignore[arg-type]
    assert calls.ended == "the run was interrupted"
    assert [fact["kind"] for fact in runs.read(at.run).facts] == ["account"]


# ── What a rehearsal's account lacks

MISSING = {'module.data.aws_db_proxy.shop["one"]': 'module.data.aws_db_proxy.shop["one"] can\'t be rehearsed yet'}
CRITERION = Criterion(id="encrypted", wording="It is.", why="It is.", source="X-1", layers=("live",))


def make_check() -> Check:
    """Return a check that pytest does not find by itself."""

    @check("encrypted", remedy="Encrypt it.")
    def is_encrypted(snapshot: DatabaseSnapshot, criterion: Criterion) -> None:
        """Is it encrypted?"""
        criterion.hold(snapshot.encrypted, expected="encryption", observed=snapshot.encrypted)

    found = check_of(is_encrypted)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("address", "service"),
    [
        ("aws_db_instance.shop", "rds"),
        ('module.a["x.y"].aws_lb.shop[0]', "elbv2"),
        ("aws_cloudwatch_log_group.shop", "logs"),
        ("aws_cloudwatch_metric_alarm.shop['a.b']", "cloudwatch"),
        ("aws_default_security_group.shop", "ec2"),
        ("aws_elasticache_replication_group.shop", "elasticache"),
        ("aws_main_route_table_association.shop", "ec2"),
        ("aws_ec2_managed_prefix_list.shop", "ec2"),
        ("aws_lambda_event_source_mapping.shop", "lambda"),
        ("aws_lambda_layer_version.shop", ""),
        ("module.a.aws_cloudwatch_event_archive.shop", ""),
        ("aws_s3_bucket_website_configuration.shop", ""),
        ("aws_s3_account_public_access_block.shop", "s3control"),
        ("aws_s3_account_public_access_block", "s3control"),
        ("aws_ebs_volume.shop", ""),
        ("random_id.shop", ""),
    ],
)
def test_each_resource_is_listed_by_a_service(address: str, service: str) -> None:
    assert find_service(address) == service


def test_each_operation_that_alone_lists_a_type_is_one_of_its_service() -> None:
    types = aws_schemas().names("resource")
    for type_, listed in LISTED_BY_ONE.items():
        service, operation = listed.split()
        assert f"aws_{type_}" in types
        assert operation in get_session().get_service_model(service).operation_names


def test_what_an_observer_lists_after_all_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(READS, "lambda", (*READS["lambda"], "ListLayers"))
    assert find_service("aws_lambda_layer_version.shop") == "lambda"


@pytest.mark.parametrize("declared", [{}, {"aws_s3_account_public_access_block.shop": {}}])
def test_a_setting_of_the_account_is_known_where_it_is_declared(declared: Mapping[str, Any]) -> None:
    made = SimpleNamespace(not_created={}, failed=(), declared=lambda _type: declared)
    missing = dict(_list_missing(made))  # type: ignore[arg-type]
    made_of = {AccountBuckets: frozenset({"s3control in eu-west-1"}), Bucket: frozenset({"s3 in eu-west-1"})}
    facts = leave_unrehearsed(Facts((), {}, made_of=made_of), missing)
    why = "aws_s3_account_public_access_block is not declared, and a rehearsal does not know how the account is set; declare it"
    assert facts.unreadable == ({} if declared else {AccountBuckets: why})


def test_what_is_missing_is_noted_by_whether_a_check_asks_about_it() -> None:
    import_all("prodgate.facts.live")
    missing = {"aws_db_proxy": ("aws_db_proxy.a", "aws_db_proxy.b"), "aws_eks_cluster": ("module.k.aws_eks_cluster.c",)}
    assert [*_notes(SimpleNamespace(not_created=missing, failed=(), past_failed={}))] == [  # type: ignore[arg-type]
        "aws_db_proxy can't be rehearsed yet: aws_db_proxy.a, aws_db_proxy.b",
        "aws_eks_cluster is judged as it is declared, as no check asks an account about it: module.k.aws_eks_cluster.c",
    ]


def outcomes(facts: Facts) -> dict[str, tuple[Outcome, str]]:
    found = judge(make_check(), CRITERION, facts, layer="live", fixtures={})
    return {each.subject: (each.outcome, each.reason) for each in found}


def test_what_is_not_satisfied_may_be_so_for_want_of_it() -> None:
    known = (DatabaseSnapshot(subject="bad", encrypted=False), DatabaseSnapshot(subject="good", encrypted=True))
    made = {DatabaseSnapshot: frozenset({"rds in eu-central-1"}), Bucket: frozenset({"s3 in eu-central-1"})}
    assert outcomes(Facts(known, {}, made_of=made)) == {
        "bad": (Outcome.NOT_SATISFIED, ""),
        "good": (Outcome.SATISFIED, ""),
    }
    facts = leave_unrehearsed(Facts(known, {}, made_of=made), MISSING)
    (why,) = MISSING.values()
    assert outcomes(facts) == {
        "bad": (Outcome.UNDETERMINED, f"may be so for want of a part of it: {why}"),
        "good": (Outcome.SATISFIED, ""),
        "(DatabaseSnapshot)": (Outcome.UNDETERMINED, why),
    }
    assert facts.why_unreadable(Bucket) == ""


def test_none_at_all_is_joined_with_its_cause() -> None:
    facts = leave_unrehearsed(Facts(made_of={DatabaseSnapshot: frozenset({"rds in eu-central-1"})}), MISSING)
    ((outcome, reason),) = outcomes(facts).values()
    assert (outcome, reason) == (Outcome.UNDETERMINED, *MISSING.values())


def test_of_an_account_that_lacks_nothing_nothing_is_left() -> None:
    facts = Facts(made_of={DatabaseSnapshot: frozenset({"rds in eu-central-1"})})
    assert leave_unrehearsed(facts, {}) == facts


# ── Goals

TEXT = """
system = "shop"
[account]
id = "123456789012"
exempt = ["other-*"]
[criteria.kept]
statement = "It is kept."
why = "It matters."
source = "X-1"
layers = ["static", "live"]
goals = [{}]
"""
TRUST = {"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ecs.amazonaws.com"}}}
BUCKET, KEY = "arn:aws:s3:::shop", f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/1"
VAULT = f"arn:aws:backup:eu-west-1:{ACCOUNT}:backup-vault:shop"
READER = f"arn:aws:iam::{ACCOUNT}:role/reader"
BACKUP = "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup"


def allowed(*actions: str, **rest: Any) -> Mapping[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*", **rest}]}


def role(name: str, *actions: str, **rest: Any) -> dict[str, Any]:
    inline = [{"PolicyName": "own", "PolicyDocument": allowed(*actions)}] if actions else []
    arn = f"arn:aws:iam::{ACCOUNT}:role/{name}"
    return {"Arn": arn, "RoleName": name, "AssumeRolePolicyDocument": TRUST, "RolePolicyList": inline, **rest}


def attached(*arns: str) -> dict[str, Any]:
    return {"AttachedManagedPolicies": [{"PolicyName": "p", "PolicyArn": arn} for arn in arns]}


def observed(*roles: Any, **answers: Any) -> Permissions:
    details = {"GetAccountAuthorizationDetails": {"RoleDetailList": roles}}
    with account_answering({**details, **answers}) as account:
        (seen,) = observe_permissions(account)
    return seen


def guarded(arn: str, type_: str, policy: Any) -> PolicyResource:
    return PolicyResource(subject=arn, type=type_, values={"policy": policy})


def judged(goal: str, *facts: Any, unreadable: Mapping[type, str] = {}) -> list[tuple[Outcome, str]]:
    stated = parse_criteria(TEXT.format(goal), Path("criteria.toml"))
    found = judge_goals(Facts(facts, unreadable), stated, lambda _: None)
    assert list(found) == [("goals-kept", "kept")]
    assert {one.layer for one in found["goals-kept", "kept"]} == {"live"}
    return [(one.outcome, one.observed or one.reason) for one in found["goals-kept", "kept"]]


KEPT, BROKEN, OPEN = Outcome.SATISFIED, Outcome.NOT_SATISFIED, Outcome.UNDETERMINED
READING = '{ cannot = ["s3:GetObject"], principals = ["role/*"] }'
CLOSED = AccountBuckets(subject=ACCOUNT, unblocked=())
OPENED = AccountBuckets(subject=ACCOUNT, unblocked=("IgnorePublicAcls",))


@pytest.mark.parametrize(
    ("facts", "outcome", "said"),
    [
        ((CLOSED,), KEPT, f"proven of {READER}"),
        ((OPENED,), OPEN, "whom ACLs let in is not read here"),
        ((), OPEN, "whom ACLs let in is not read here"),
        ((AccountBuckets.unread(ACCOUNT, "denied"),), OPEN, "whom ACLs let in is not read here"),
        ((CLOSED, guarded(f"{BUCKET} policy", "aws_s3_bucket_policy", Unknown("denied"))), OPEN, f"{BUCKET}: denied"),
        ((CLOSED, guarded(f"{BUCKET} policy", "aws_s3_bucket_policy", "{")), OPEN, f"the policy of {BUCKET}: "),
        (
            (
                CLOSED,
                guarded(
                    f"{BUCKET} policy", "aws_s3_bucket_policy", json.dumps(allowed("s3:*", Principal={"AWS": READER}))
                ),
            ),
            BROKEN,
            f"on {BUCKET}, allowed by the policy of {BUCKET} statement 1",
        ),
    ],
)
def test_policies_of_resources_are_heard(facts: tuple[Any, ...], outcome: Outcome, said: str) -> None:
    ((found, text),) = judged(READING, observed(role("reader", "sns:Publish"), role("other-team", "s3:*")), *facts)
    assert (found, said in text) == (outcome, True), text


@pytest.mark.parametrize(
    ("action", "outcome"),
    [
        ("kms:ScheduleKeyDeletion", KEPT),
        ("kms:Decrypt", OPEN),  # a grant may allow it
        ("lambda:InvokeFunction", KEPT),
        ("lambda:GetLayerVersion", OPEN),  # the policies of layers
        ("backup:DeleteBackupVault", OPEN),  # the policies of vaults that no plan uses
        ("cloudtrail:StopLogging", KEPT),
        ("logs:DeleteLogGroup", KEPT),
    ],
)
def test_what_nobody_reads_may_let_anybody_in(action: str, outcome: Outcome) -> None:
    vault = guarded(VAULT, "aws_backup_vault_policy", None)
    ((found, _),) = judged(f'{{ cannot = ["{action}"] }}', observed(role("reader", "sns:Publish")), vault)
    assert found is outcome


@pytest.mark.parametrize(("action", "outcome"), [("ec2:CreateVolume", OPEN), ("sns:Publish", KEPT)])
def test_what_an_account_shares_is_not_read(action: str, outcome: Outcome) -> None:
    goal = f'{{ cannot = ["{action}"], principals = ["outside"] }}'
    assert judged(goal, observed(role("reader", action)))[0][0] is outcome


def test_of_vaults_that_plans_use_the_policies_are_known() -> None:
    goal = f'{{ cannot = ["backup:DeleteRecoveryPoint"], resources = ["{VAULT}"] }}'
    goal = goal.replace("DeleteRecoveryPoint", "DeleteBackupVault")
    vault = guarded(VAULT, "aws_backup_vault_policy", None)
    ((found, _),) = judged(goal, observed(role("reader", "sns:Publish")), vault)
    assert found is KEPT
    ((found, said),) = judged(goal, observed(role("reader", "backup:*")), vault)
    assert found is BROKEN
    assert f"allowed by {READER} own statement 1" in said


FUNCTION = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:mail"


@pytest.mark.parametrize(
    ("arn", "policy", "outcome", "said"),
    [
        (FUNCTION, None, KEPT, f"proven of {READER}"),
        (
            f"{FUNCTION}:live",
            allowed("lambda:InvokeFunction", Principal={"AWS": READER}),
            BROKEN,
            f"on {FUNCTION}:live",
        ),
        (f"{FUNCTION}:*", Unknown("lambda ListAliases: denied"), OPEN, f"the policy of {FUNCTION}:*: lambda ListAl"),
    ],
)
def test_policies_of_functions_are_heard(arn: str, policy: Any, outcome: Outcome, said: str) -> None:
    written = json.dumps(policy) if isinstance(policy, dict) else policy
    function = guarded(arn, "aws_lambda_function_policy", written)
    goal = '{ cannot = ["lambda:InvokeFunction*"] }'
    ((found, text),) = judged(goal, observed(role("reader", "sns:Publish")), function)
    assert (found, said in text) == (outcome, True), text


def test_policies_of_logs_are_read_in_each_region() -> None:
    goal, reader = '{ cannot = ["logs:DeleteLogGroup"] }', role("reader", "sns:Publish")
    written = {"policyName": "all", "policyDocument": json.dumps(allowed("logs:*", Principal={"AWS": READER}))}
    ((found, said),) = judged(goal, observed(reader, DescribeResourcePolicies={"resourcePolicies": [written]}))
    assert found is BROKEN
    assert "allowed by the policy all of logs in ap-northeast-1 statement 1" in said

    def deny(parameters: Any) -> Any:
        raise Unreadable("logs DescribeResourcePolicies: denied")

    ((found, said),) = judged(goal, observed(reader, DescribeResourcePolicies=deny))
    assert (found, "logs DescribeResourcePolicies: denied" in said) == (OPEN, True)


def test_policies_of_aws_are_those_in_force() -> None:
    goal = '{ cannot = ["iam:CreateUser"] }'
    reader = role("reader", **attached(BACKUP))
    ((found, said),) = judged(goal, observed(reader))
    assert (found, f"what {BACKUP} allows is not known here" in said) == (OPEN, True)  # no version is in force
    newer = {"Policies": [{"Arn": BACKUP, "DefaultVersionId": "v999"}]}
    written = {"PolicyVersion": {"Document": allowed("iam:*")}}
    ((found, said),) = judged(goal, observed(reader, ListPolicies=newer, GetPolicyVersion=written))
    assert found is BROKEN
    assert f"{BACKUP} v999 statement 1" in said
    ((found, said),) = judged(goal, observed(reader, ListPolicies=newer, GetPolicyVersion=None))
    assert (found, "GetPolicyVersionNotFound" in said) == (OPEN, True)


def test_what_was_not_observed_proves_nothing() -> None:
    ((found, said),) = judged(READING, unreadable={Permissions: "iam: denied"})
    assert (found, said) == (OPEN, "iam: denied")
    ((found, said),) = judged(READING)
    assert (found, said) == (OPEN, "no users and roles were observed")
    odd = role("reader", "sns:Publish")
    del odd["Arn"]
    plan = PolicyResource.unread("the vaults of a plan", "not described", type="aws_backup_vault_policy")
    ((found, said),) = judged(READING, observed(odd), plan)
    assert (found, said) == (OPEN, "iam GetAccountAuthorizationDetails does not state its Arn")
    seen = observed(role("reader", "sns:Publish"))
    ((found, said),) = judged(READING, seen, CLOSED, unreadable={PolicyResource: "s3: denied"})
    assert (found, said) == (OPEN, "s3: denied")
    ((found, said),) = judged(READING.replace("role/*", "role/other-*"), seen, CLOSED)
    assert "names no user and no role that is known here" in said
