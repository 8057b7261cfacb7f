"""What stores data besides buckets, and under which key: queues, topics, logs, images, vaults, Airflow, secrets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from ...aws.account import Account
from ...findings import Undetermined
from .. import Fact
from ..observers import apart, observes, reads
from .airflow import list_environments
from .backups import BackupVault, observe_vaults
from .databases import observe_databases
from .keys import Encryption, list_key_regions, read_encryption
from .log_groups import list_log_groups, log_group_arn
from .queues import list_queues as list_attributes
from .record_deliveries import list_trails
from .secrets import observe_secrets

reads("ecr", "DescribeRepositories")
reads("sns", "GetTopicAttributes", "ListTopics")


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
    vaults = (each for each in account.once(observe_vaults) if _may_exist(each))
    yield from map(apart(Store, lambda it: _store(account, it.subject, "vault", it.key)), vaults)
    secrets = account.once(observe_secrets)
    yield from map(apart(Store, lambda it: _store(account, it.subject, "secret", it.key)), secrets)
    databases = account.once(observe_databases)
    yield from map(apart(Store, lambda it: _store(account, it.subject, "database", it.key, it.encrypted)), databases)


def _may_exist(vault: BackupVault) -> bool:
    try:
        return vault.exists
    except Undetermined:
        return True


@observes(Store)
def observe_images(account: Account) -> Iterator[Store]:
    """See the image repositories."""

    def look(row: Mapping[str, Any]) -> Store:
        key = (row.get("encryptionConfiguration") or {}).get("kmsKey", "")
        return _store(account, row["repositoryArn"], "repository", key)

    rows = account.list("ecr", "DescribeRepositories", "repositories")
    yield from map(apart(Store, look, "repositoryArn", "repositoryName"), rows)


@observes(Store)
def observe_environments(account: Account) -> Iterator[Store]:
    """See the Airflow environments."""
    look = apart(Store, lambda row: _store(account, row["Arn"], "airflow", row.get("KmsKey", "")), "Arn", "Name")
    yield from map(look, list_environments(account))


@observes(Store)
def observe_messages(account: Account) -> Iterator[Store]:
    """See queues and topics."""

    def look(named: tuple[str, Mapping[str, str]]) -> Store:
        _, row = named
        encrypted = row.get("SqsManagedSseEnabled") == "true" or "KmsMasterKeyId" in row
        return _store(account, row["QueueArn"], "queue", row.get("KmsMasterKeyId", ""), encrypted)

    yield from map(apart(Store, look), account.once(list_queues))
    yield from map(apart(Store, partial(_topic_store, account)), account.once(list_topics))


@observes(Store)
def observe_logs(account: Account) -> Iterator[Store]:
    """See the log groups, and the trails that write to buckets."""
    for found in account.each(lambda region: list_log_groups(account, region), list_key_regions(account)):
        yield from map(apart(Store, partial(_log_group, account), "arn", "logGroupName"), found)
    yield from map(apart(Store, partial(_trail, account), "TrailARN", "Name"), list_trails(account))


def _topic_store(account: Account, named: tuple[str, Mapping[str, str]]) -> Store:
    arn, row = named
    return _store(account, arn, "topic", row.get("KmsMasterKeyId", ""), "KmsMasterKeyId" in row)


def _log_group(account: Account, row: Mapping[str, Any]) -> Store:
    return _store(account, log_group_arn(row), "log group", row.get("kmsKeyId", ""))


def _trail(account: Account, row: Mapping[str, Any]) -> Store:
    return _store(account, row["TrailARN"], "trail", row.get("KmsKeyId", ""))


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
    asked = {"region": arn.split(":")[3], "TopicArn": arn}
    found: Mapping[str, str] = account.get("sns", "GetTopicAttributes", **asked)["Attributes"]
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
