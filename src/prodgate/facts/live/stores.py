"""What stores data besides buckets, and under which key: queues, topics, logs, images, vaults, Airflow, secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ...aws.account import Account
from .. import Fact
from ..observers import observes, reads
from .airflow import list_environments
from .backups import observe_vaults
from .databases import observe_databases
from .keys import Encryption, list_key_regions, read_encryption
from .log_groups import list_log_groups, log_group_arn
from .secrets import observe_secrets

reads("cloudtrail", "DescribeTrails")
reads("ecr", "DescribeRepositories")
reads("sns", "GetTopicAttributes", "ListTopics")
reads("sqs", "GetQueueAttributes", "ListQueues")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Store(Fact):
    """Something that stores data. ``subject`` is its ARN."""

    kind: str
    """``queue``, ``topic``, ``log group``, ``repository``, ``vault``, ``airflow``, ``secret``, …"""
    encrypted: bool
    encryption: Encryption


@observes(Store)
def observe_stores(account: Account) -> Iterator[Store]:
    """See backup vaults, secrets and databases."""
    for vault in (each for each in account.once(observe_vaults) if each.exists):
        yield _store(account, vault.subject, "vault", vault.key)
    for secret in account.once(observe_secrets):
        yield _store(account, secret.subject, "secret", secret.key)
    for database in account.once(observe_databases):
        yield _store(account, database.subject, "database", database.key, database.encrypted)


@observes(Store)
def observe_images(account: Account) -> Iterator[Store]:
    """See the image repositories."""
    for row in account.list("ecr", "DescribeRepositories", "repositories"):
        key = row.get("encryptionConfiguration", {}).get("kmsKey", "")
        yield _store(account, row["repositoryArn"], "repository", key)


@observes(Store)
def observe_environments(account: Account) -> Iterator[Store]:
    """See the Airflow environments."""
    for row in list_environments(account):
        yield _store(account, row["Arn"], "airflow", row.get("KmsKey", ""))


@observes(Store)
def observe_messages(account: Account) -> Iterator[Store]:
    """See queues and topics."""
    for arn, row in account.once(list_queues):
        managed = row.get("SqsManagedSseEnabled") == "true"
        yield _store(account, arn, "queue", row.get("KmsMasterKeyId", ""), managed or "KmsMasterKeyId" in row)
    for arn, row in account.once(list_topics):
        yield _store(account, arn, "topic", row.get("KmsMasterKeyId", ""), "KmsMasterKeyId" in row)


@observes(Store)
def observe_logs(account: Account) -> Iterator[Store]:
    """See the log groups, and the trails that write to buckets."""
    for found in account.each(lambda region: list_log_groups(account, region), list_key_regions(account)):
        for row in found:
            yield _store(account, log_group_arn(row), "log group", row.get("kmsKeyId", ""))
    for row in account.get("cloudtrail", "DescribeTrails")["trailList"]:
        yield _store(account, row["TrailARN"], "trail", row.get("KmsKeyId", ""))


def list_queues(account: Account) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield the ARN of each queue with its attributes."""
    found = account.each(
        lambda region: [(region, url) for url in account.list("sqs", "ListQueues", "QueueUrls", region=region)],
        list_key_regions(account),
    )
    rows = account.each(lambda at: _queue(account, *at), [each for listed in found for each in listed])
    yield from ((row["QueueArn"], row) for row in rows)


def list_topics(account: Account) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield the ARN of each topic with its attributes."""
    found = account.each(
        lambda region: account.list("sns", "ListTopics", "Topics", region=region), list_key_regions(account)
    )
    arns = [row["TopicArn"] for listed in found for row in listed]
    yield from zip(arns, account.each(lambda arn: _topic(account, arn), arns), strict=True)


def _queue(account: Account, region: str, url: str) -> Mapping[str, str]:
    row: Mapping[str, str] = account.get(
        "sqs", "GetQueueAttributes", region=region, QueueUrl=url, AttributeNames=["All"]
    )["Attributes"]
    return row


def _topic(account: Account, arn: str) -> Mapping[str, str]:
    row: Mapping[str, str] = account.get("sns", "GetTopicAttributes", region=arn.split(":")[3], TopicArn=arn)[
        "Attributes"
    ]
    return row


def _store(account: Account, subject: str, kind: str, key: str, encrypted: bool = True) -> Store:
    """Return a store; ``encrypted`` is left out if the service always encrypts."""
    region = subject.split(":")[3]
    return Store(
        subject=subject,
        kind=kind,
        encrypted=encrypted,
        encryption=account.attempt(read_encryption, account, key, region),
    )
