"""Whether a role may send to a queue or a topic, under the key that encrypts it as well."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Final

from ...aws.account import Account
from ...aws.answers import Absent, Unreadable
from ...aws.documents import read_document
from ...semantics.policy_documents import Statement, read_statements
from ...semantics.unresolved import Unresolved
from ..observers import reads
from .keys import name_key, read_key_policy
from .permissions import Rights

reads("kms", "DescribeKey")

#: What SQS and SNS do with a customer's key in the name of whoever sends.
#: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
#: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
_USES: Final = ("kms:GenerateDataKey", "kms:Decrypt")


def may_send(account: Account, role: str, rights: Rights, action: str, place: Mapping[str, str]) -> bool:
    """Whether a role may send: ``place`` holds the attributes of a queue or a topic. Raises Unreadable."""
    arn = place.get("QueueArn") or place["TopicArn"]
    key = place.get("KmsMasterKeyId", "")
    return rights.may(action, arn) and (not key or "alias/aws/" in key or _may_use(account, role, rights, arn, key))


def _may_use(account: Account, role: str, rights: Rights, arn: str, key: str) -> bool:
    service, region, owner = arn.split(":")[2:5]
    name = name_key(key, owner, region)
    region = name.split(":")[3]
    try:
        known = account.get("kms", "DescribeKey", region=region, KeyId=name)["KeyMetadata"]
        if known["KeyManager"] == "AWS":
            return True
        text = read_key_policy(account, known, region)
    except Absent:
        return False
    try:
        policy = read_statements(read_document(text, f"the policy of {known['Arn']}"), known["Arn"])
    except Unresolved as error:
        raise Unreadable(str(error)) from None
    through = f"{service}.{arn.split(':')[3]}.amazonaws.com"
    reaching = tuple(one for one in policy if _reaches(one, through))
    return known["KeyState"] == "Enabled" and all(_is_open(use, role, rights, reaching, known["Arn"]) for use in _USES)


def _is_open(use: str, role: str, rights: Rights, policy: tuple[Statement, ...], key: str) -> bool:
    """Whether the key's policy opens a use to the role, or leaves that to the account's policies and these allow it."""
    own = [one for one in policy if one.covers(use)]
    if rights.denies(use, key) or any(not one.allows and not one.conditions and _names(one, role) for one in own):
        return False
    if any(one.allows and _names(one, role) for one in own):
        return True
    account = f":iam::{role.split(':')[4]}:root"
    left = any(one.allows and any(who.name.endswith(account) for who in one.principals) for one in own)
    return left and rights.may(use, key)


def _names(statement: Statement, role: str) -> bool:
    return any(who.is_anybody or who.name == role for who in statement.principals)


def _reaches(statement: Statement, through: str) -> bool:
    """Whether no ``kms:ViaService`` keeps a statement to requests through other services."""
    services = statement.pinned("kms:viaservice")
    return not services or any(fnmatchcase(through, one) for one in services)
