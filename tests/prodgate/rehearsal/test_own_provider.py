"""A team's own Terraform and provider apply to the rehearsal account, and ours makes the same of the same root.

Run with `tox -e differential`. The real provider is an old one (3.39), the newest that PyPI has.
"""

import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from prodgate.aws.clients import Clients, rehearsal_clients
from prodgate.rehearsal.account import provision
from prodgate.rehearsal.emulator_process import running_emulator
from prodgate.rehearsal.proxy import Proxy, proxy
from prodgate.terraform.runner import prepare_environment, run
from tests.prodgate.rehearsal.emulated import ACCOUNT, REGION
from tests.prodgate.terraform.provider.real_provider import real_core, real_provider

pytestmark = pytest.mark.differential

ROOT = Path(__file__).parent / "own_root"
#: Lists of the account's contents: service, boto3 operation, and the place of the list in its response.
LISTS = (
    ("rds", "describe_db_clusters", "DBClusters"),
    ("rds", "describe_db_subnet_groups", "DBSubnetGroups"),
    ("s3", "list_buckets", "Buckets"),
    ("kms", "list_aliases", "Aliases"),
    ("sns", "list_subscriptions", "Subscriptions"),
    ("logs", "describe_log_groups", "logGroups"),
    ("logs", "describe_metric_filters", "metricFilters"),
    ("cloudwatch", "describe_alarms", "MetricAlarms"),
    ("events", "list_rules", "Rules"),
    ("secretsmanager", "list_secrets", "SecretList"),
    ("ecr", "describe_repositories", "repositories"),
)
#: Lists that are not empty even in an empty account.
NEVER_EMPTY = (
    ("ec2", "describe_vpcs", "Vpcs"),
    ("ec2", "describe_subnets", "Subnets"),
    ("ec2", "describe_security_groups", "SecurityGroups"),
)
#: Values that differ each time something is created, or that only our account's past has changed.
VOLATILE = {
    "CreationDate", "CreateDate", "DbClusterResourceId", "RoleId", "ResponseMetadata", "StateReason", "revisionId",
    "PolicyRevisionId", "StateValue", "CreatedTimestamp", "LastModifiedTimestamp", "Owner",
    "HostedZoneId", "creationTime", "storedBytes",
}  # fmt: skip
#: Differences between the providers: (the real one, ours). AWS raised the largest message to 1 MiB since that old one.
DIFFERENT = {f"sqs.{name}.Attributes.MaximumMessageSize": ("262144", "1048576") for name in ("dead", "jobs")}
#: Names that AWS generates: they are equal if the named things are.
MADE_UP = (
    (re.compile(r"\b(vpc-cidr-assoc|vpc|subnet|sg|sgr|acl|rtb|dopt)-[0-9a-f]{8,17}\b"), r"\1"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "uuid"),
    (re.compile(r"\.cluster-(ro-)?\w{12}\."), r".cluster-\1."),
    (re.compile(r"(:secret:\w+)-\w{6}\b"), r"\1"),
)


@dataclass(frozen=True)
class Own:
    """An account behind the proxy, and Terraform with the real provider."""

    directory: Path
    settings: Mapping[str, str]
    aws: Clients
    proxy: Proxy
    made: dict[str, Any]
    """boto3's view after the root was applied."""

    def terraform(self, *arguments: str) -> None:
        done = run((*real_core(), *arguments), cwd=self.directory, environment=self.settings, limit=600)
        assert done.code == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Own]:
    """The root, applied by the real provider."""
    scratch = tmp_path_factory.mktemp("own")
    settings = prepare_environment(os.environ, scratch)
    shutil.copytree(ROOT, scratch / "root")
    with running_emulator(ACCOUNT, scratch, settings) as account, proxy(account.endpoint) as running:
        settings |= {"TF_DATA_DIR": str(scratch / "data"), **real_provider(scratch), **running.environment}
        made: dict[str, Any] = {}
        applied = Own(scratch / "root", settings, rehearsal_clients(account.endpoint, REGION), running, made)
        applied.terraform("init", "-input=false")
        applied.terraform("apply", "-input=false", "-auto-approve", "-no-color")
        made |= read_back(applied.aws)
        yield applied


def test_ours_makes_the_same_of_it(own: Own) -> None:
    with provision(ROOT) as account:
        assert not account.failed
        assert not account.not_created
        ours = read_back(account.clients)

    both = {name: (own.made.get(name), ours.get(name)) for name in own.made | ours}
    assert {name: pair for name, pair in both.items() if pair[0] != pair[1]} == DIFFERENT


def test_it_is_planned_again_and_destroyed_and_nobody_else_is_asked(own: Own) -> None:
    own.terraform("plan", "-input=false", "-detailed-exitcode", "-no-color")
    own.terraform("destroy", "-input=false", "-auto-approve", "-no-color")

    left = {operation: rows for service, operation, key in LISTS if (rows := listed(own.aws, service, operation, key))}
    assert left == {}
    assert own.proxy.refused == []


def read_back(aws: Clients) -> dict[str, Any]:
    """Return everything that the lists and the calls about their items answer, by place."""
    found: dict[str, Any] = {}
    for service, operation, key in (*LISTS, *NEVER_EMPTY):
        flatten(f"{service}.{operation}", settled(listed(aws, service, operation, key)), found)
    for name, ask in QUESTIONS.items():
        flatten(name, settled(ask(aws)), found)
    return found


def listed(aws: Clients, service: str, operation: str, key: str) -> list[Any]:
    rows = getattr(aws(service), operation)()[key]
    return [row for row in rows if not str(row.get("AliasName", "")).startswith("alias/aws/")]


def _bucket(operation: str) -> Callable[[Clients], Any]:
    return lambda aws: getattr(aws("s3"), operation)(Bucket=f"prodgate-articles-{ACCOUNT}")


def _queue(name: str) -> Callable[[Clients], Any]:
    url = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"
    return lambda aws: aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])


QUESTIONS: dict[str, Callable[[Clients], Any]] = {
    "s3.access": _bucket("get_public_access_block"),
    "s3.policy": _bucket("get_bucket_policy"),
    "s3.tags": _bucket("get_bucket_tagging"),
    "s3.versioning": _bucket("get_bucket_versioning"),
    "sqs.dead": _queue("dead"),
    "sqs.jobs": _queue("jobs"),
    "kms.key": lambda aws: aws("kms").describe_key(KeyId="alias/data"),
    "kms.policy": lambda aws: aws("kms").get_key_policy(KeyId=_key(aws), PolicyName="default"),
    "kms.rotation": lambda aws: aws("kms").get_key_rotation_status(KeyId=_key(aws)),
    "iam.role": lambda aws: aws("iam").get_role(RoleName="task"),
    "iam.inline": lambda aws: aws("iam").get_role_policy(RoleName="task", PolicyName="articles"),
    "iam.attached": lambda aws: aws("iam").list_attached_role_policies(RoleName="task"),
    "sns.topic": lambda aws: aws("sns").get_topic_attributes(TopicArn=f"arn:aws:sns:{REGION}:{ACCOUNT}:alerts"),
    "events.targets": lambda aws: aws("events").list_targets_by_rule(Rule="nightly"),
    "secret": lambda aws: aws("secretsmanager").describe_secret(SecretId="api"),
    "vpc.dns": lambda aws: [_dns(aws, name) for name in ("enableDnsHostnames", "enableDnsSupport")],
}


def _key(aws: Clients) -> str:
    return str(aws("kms").describe_key(KeyId="alias/data")["KeyMetadata"]["KeyId"])


def _dns(aws: Clients, attribute: str) -> Any:
    (made,) = aws("ec2").describe_vpcs(Filters=[{"Name": "cidr", "Values": ["10.0.0.0/16"]}])["Vpcs"]
    return aws("ec2").describe_vpc_attribute(VpcId=made["VpcId"], Attribute=attribute)


def settled(value: Any) -> Any:
    """Return a response without the values that differ each time; JSON text counts by its content.

    The old provider writes an empty Sid into policy documents.
    """
    if isinstance(value, Mapping):
        kept = {name: each for name, each in value.items() if name not in VOLATILE and not isinstance(each, datetime)}
        return {name: settled(each) for name, each in kept.items() if (name, each) != ("Sid", "")}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return sorted(map(settled, value), key=lambda each: json.dumps(each, sort_keys=True))
    if not isinstance(value, str):
        return value
    if value.startswith("{"):
        return settled(json.loads(value))
    for pattern, stands in MADE_UP:
        value = pattern.sub(stands, value)
    return value


def flatten(path: str, value: Any, into: dict[str, Any]) -> None:
    """Write the leaves of a response, by place."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in parts:
        flatten(f"{path}.{name}", each, into)
    if not isinstance(value, dict | list):
        into[path] = value
