"""Data stores with their keys: buckets, queues, topics, logs, images, vaults, Airflow, secrets."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Unread
from ...quantities import Quantity
from .. import Fact
from ..observers import apart, observes, observes_each
from .airflow import list_environments
from .databases import observe_databases, observe_vaults
from .keys import Encryption, list_key_regions, read_encryption
from .load_balancers import list_balancer_attributes
from .log_groups import list_log_groups, log_group_arn
from .queues import list_queues as list_attributes
from .security_services import list_trails

# ── Secrets in Secrets Manager, and their rotation

#: Owners whose secrets can be rotated: the account and these services. Other services manage theirs alone.
ROTATING: Final = frozenset({"", "rds", "redshift", "docdb"})


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Secret(Fact):
    """A secret. ``subject`` is its ARN."""

    owner: str
    """AWS service that manages it, such as ``rds``; empty for one of the account's own."""
    rotates: bool
    interval: Quantity
    """Days between rotations. Secrets Manager computes them from the schedule, and states none before the first one."""
    due: datetime | None
    """When its next rotation is due; None if Secrets Manager does not state it."""
    overdue: bool
    """Whether that time has passed: rotations fail."""
    key: str

    @property
    def rotatable(self) -> bool:
        """Whether a rotation can be set up for it."""
        return self.owner in ROTATING


@observes_each(Secret, lambda account: account.list("secretsmanager", "ListSecrets", "SecretList"), "ARN", "Name")
def observe_secrets(account: Account, row: Mapping[str, Any]) -> Secret:
    """Observe every secret, without its value."""
    due = row.get("NextRotationDate")
    return Secret(
        subject=row["ARN"],
        owner=row.get("OwningService", ""),
        rotates=bool(row.get("RotationEnabled")),
        interval=account.attempt(lambda: Quantity.days(row["RotationRules"]["AutomaticallyAfterDays"])),
        due=due,
        overdue=due is not None and due < account.now,
        key=row.get("KmsKeyId", ""),
    )


# ── Stores and their keys


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Store(Fact):
    """A store of data. ``subject`` is its ARN."""

    kind: str
    """``queue``, ``topic``, ``log group``, ``repository``, ``vault``, ``airflow``, ``secret``, …"""
    encrypted: bool
    encryption: Encryption


@observes(Store)
def observe_stores(account: Account) -> Iterator[Store]:
    """Observe backup vaults, secrets and databases."""
    vaults = [each for each in account.once(observe_vaults) if each.peek("exists") is not False]
    yield from map(apart(Store, lambda it: _store(account, it.subject, "vault", it.key)), vaults)
    yield from map(
        apart(Store, lambda it: _store(account, it.subject, "secret", it.key)), account.once(observe_secrets)
    )
    yield from map(
        apart(Store, lambda it: _store(account, it.subject, "database", it.key, it.encrypted)),
        account.once(observe_databases),
    )


@observes_each(
    Store,
    lambda account: account.list("ecr", "DescribeRepositories", "repositories"),
    "repositoryArn",
    "repositoryName",
)
def observe_images(account: Account, row: Mapping[str, Any]) -> Store:
    """Observe the image repositories."""
    key = (row.get("encryptionConfiguration") or {}).get("kmsKey", "")
    return _store(account, row["repositoryArn"], "repository", key)


@observes_each(Store, list_environments, "Arn", "Name")
def observe_environments(account: Account, row: Mapping[str, Any]) -> Store:
    """Observe the Airflow environments."""
    return _store(account, row["Arn"], "airflow", row.get("KmsKey", ""))


@observes(Store)
def observe_messages(account: Account) -> Iterator[Store]:
    """Observe queues and topics."""

    def look_at_queue(named: tuple[str, Mapping[str, str]]) -> Store:
        _, row = named
        encrypted = row.get("SqsManagedSseEnabled") == "true" or "KmsMasterKeyId" in row
        return _store(account, row["QueueArn"], "queue", row.get("KmsMasterKeyId", ""), encrypted)

    def look_at_topic(named: tuple[str, Mapping[str, str]]) -> Store:
        arn, row = named
        return _store(account, arn, "topic", row.get("KmsMasterKeyId", ""), "KmsMasterKeyId" in row)

    yield from map(apart(Store, look_at_queue), account.once(list_queues))
    yield from map(apart(Store, look_at_topic), account.once(list_topics))


@observes(Store)
def observe_logs(account: Account) -> Iterator[Store]:
    """Observe the log groups, and the trails that write to buckets."""
    look = apart(
        Store,
        lambda row: _store(account, log_group_arn(row), "log group", row.get("kmsKeyId", "")),
        "arn",
        "logGroupName",
    )
    for found in account.each(lambda region: list_log_groups(account, region), list_key_regions(account)):
        yield from map(look, found)
    look = apart(
        Store, lambda row: _store(account, row["TrailARN"], "trail", row.get("KmsKeyId", "")), "TrailARN", "Name"
    )
    yield from map(look, list_trails(account))


def list_queues(account: Account) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield the ARN of each queue, else its URL, with its attributes."""
    for rows in account.each(lambda region: list_attributes(account, region), list_key_regions(account)):
        yield from ((row.get("QueueArn", row["QueueUrl"]), row) for row in rows)


def list_topics(account: Account) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield the ARN of each topic with its attributes, which may be deferred."""
    found = account.each(
        lambda region: account.list("sns", "ListTopics", "Topics", region=region), list_key_regions(account)
    )
    rows = [row for listed in found for row in listed]
    names = [row.get("TopicArn", "a topic without TopicArn") for row in rows]
    yield from zip(names, account.each(partial(account.defer, _topic, account), rows), strict=True)


def _topic(account: Account, row: Mapping[str, str]) -> Mapping[str, str]:
    arn = row["TopicArn"]
    answer = account.get("sns", "GetTopicAttributes", region=arn.split(":")[3], TopicArn=arn)
    found: Mapping[str, str] = answer["Attributes"]
    return found


def _store(account: Account, subject: str, kind: str, key: str, encrypted: bool = True) -> Store:
    """Return a store; ``encrypted`` is left out if the service always encrypts."""
    region = subject.split(":")[3] if subject.startswith("arn:aws") else account.region
    return Store(
        subject=subject,
        kind=kind,
        encrypted=encrypted,
        encryption=account.attempt(read_encryption, account, key, region),
    )


# ── Buckets: public access, versioning, encryption, and the access logs that are delivered into them

#: The four settings that block public access.
BLOCKS: Final = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Bucket(Fact):
    """A bucket. ``subject`` is its ARN."""

    name: str
    unblocked: tuple[str, ...]
    """Settings of the public access block that are off."""
    versioning: str
    """``Enabled``, ``Suspended``, or empty for a bucket that never kept versions."""
    encryption: Encryption
    """Of new objects; S3 uses a key of its own by default."""
    receives_access_logs: bool
    """Whether load balancers or S3 deliver access logs into it, which works only under S3's own key."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AccountBuckets(Fact):
    """Settings for every bucket of the account, including future ones. ``subject`` is the account."""

    unblocked: tuple[str, ...]
    """Settings of the account's public access block that are off."""


@observes(Bucket)
def observe_buckets(account: Account) -> Iterator[Bucket]:
    """Observe every bucket."""
    names = [row["Name"] for row in account.list("s3", "ListBuckets", "Buckets")]
    targets = account.attempt(account.once, list_log_targets)
    yield from account.each(apart(Bucket, lambda name: _bucket(account, name, targets)), names)


@observes(AccountBuckets)
def observe_account_buckets(account: Account) -> Iterator[AccountBuckets]:
    """Observe the account's block of public access."""
    found = account.find("s3control", "GetPublicAccessBlock", AccountId=account.id)
    yield AccountBuckets(subject=account.id, unblocked=_list_unblocked(found))


def _bucket(account: Account, name: str, targets: tuple[str, ...]) -> Bucket:
    return Bucket(
        subject=f"arn:aws:s3:::{name}",
        name=name,
        unblocked=account.attempt(lambda: _list_unblocked(account.find("s3", "GetPublicAccessBlock", Bucket=name))),
        versioning=account.attempt(lambda: account.get("s3", "GetBucketVersioning", Bucket=name).get("Status") or ""),
        encryption=account.attempt(_encryption, account, name),
        receives_access_logs=targets if isinstance(targets, Unread) else name in targets,
    )


def _encryption(account: Account, name: str) -> Encryption:
    found = account.find("s3", "GetBucketEncryption", Bucket=name)
    rules = found["ServerSideEncryptionConfiguration"]["Rules"] if found else []
    stated = [rule.get("ApplyServerSideEncryptionByDefault", {}).get("KMSMasterKeyID", "") for rule in rules]
    return read_encryption(account, next(iter(stated), ""))


def _list_unblocked(found: Mapping[str, Any] | None) -> tuple[str, ...]:
    settings = (found or {}).get("PublicAccessBlockConfiguration", {})
    return tuple(name for name in BLOCKS if not settings.get(name))


def list_log_targets(account: Account) -> Iterator[str]:
    """Yield the buckets into which S3 and load balancers deliver access logs."""
    names = [row["Name"] for row in account.list("s3", "ListBuckets", "Buckets")]
    for found in account.each(lambda name: account.get("s3", "GetBucketLogging", Bucket=name), names):
        if "LoggingEnabled" in found:
            yield found["LoggingEnabled"]["TargetBucket"]
    for _, attributes in account.once(list_balancer_attributes):
        for kind in ("access_logs", "connection_logs"):
            if attributes.get(f"{kind}.s3.enabled") == "true":
                yield attributes[f"{kind}.s3.bucket"]


# ── Locks and denials of buckets, stated as Terraform would

_LOCK: Final = "object_lock_configuration"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LockResource(Fact):
    """A bucket, or a setting of one that keeps objects from being deleted, as Terraform would state it."""

    type: str
    values: Mapping[str, Any]


@observes_each(
    LockResource,
    lambda account: account.list("s3", "ListBuckets", "Buckets"),
    "Name",
    types=("aws_s3_bucket", "aws_s3_bucket_versioning", f"aws_s3_bucket_{_LOCK}", "aws_s3_bucket_policy"),
    at_once=True,
)
def observe_locks(account: Account, row: Mapping[str, Any]) -> Iterator[LockResource]:
    """Observe whether each bucket keeps versions, its default lock, and its policy."""
    name, arn = row["Name"], f"arn:aws:s3:::{row['Name']}"
    yield LockResource(
        subject=arn,
        type="aws_s3_bucket",
        values={"arn": arn, "bucket": name, "policy": None, "versioning": [], "object_lock_configuration": []},
    )
    for type_, argument, read in (
        ("aws_s3_bucket_versioning", "versioning_configuration", _stated_versioning),
        (f"aws_s3_bucket_{_LOCK}", "rule", _lock),
        ("aws_s3_bucket_policy", "policy", _policy),
    ):
        value = account.attempt(read, account, name)
        yield LockResource(subject=f"{arn} {argument}", type=type_, values={"bucket": name, argument: value})


def _stated_versioning(account: Account, name: str) -> list[dict[str, Any]]:
    return [{"status": account.get("s3", "GetBucketVersioning", Bucket=name).get("Status") or "Disabled"}]


def _lock(account: Account, name: str) -> list[dict[str, Any]]:
    found = account.find("s3", "GetObjectLockConfiguration", Bucket=name) or {}
    stated = found.get("ObjectLockConfiguration", {}).get("Rule", {}).get("DefaultRetention")
    if not stated:
        return []
    return [{"default_retention": [{name.lower(): stated.get(name) for name in ("Mode", "Days", "Years")}]}]


def _policy(account: Account, name: str) -> str | None:
    found = account.find("s3", "GetBucketPolicy", Bucket=name)
    return found["Policy"] if found else None
