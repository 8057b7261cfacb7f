"""What is on the bill, and the tags by which it is split."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Unread
from .. import Fact
from ..observers import reads
from .databases import observe_databases
from .distributions import GLOBAL
from .load_balancers import list_balancers
from .queues import list_queues

reads("ce", "ListCostAllocationTags")
reads("resourcegroupstaggingapi", "GetResources")
reads("secretsmanager", "ListSecrets")
reads("sns", "ListTopics")

#: What AWS creates and tags itself, such as the secret with the password of a database.
_OF_AWS: Final = re.compile(r":secret:[a-z]+!")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CostResource(Fact):
    """Something that watches the bill or is on it, as Terraform would state it."""

    type: str
    values: Mapping[str, Any]


def list_tagged(account: Account) -> Iterator[CostResource]:
    """Yield what has or could have tags, with those of its tags by which a bill can be split.

    GetResources returns what is or was tagged, and nothing that never was; and a tag splits no bill before the payer
    of the account has activated it.
    https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/API_GetResources.html
    https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/activating-tags.html
    """
    listed = account.list("resourcegroupstaggingapi", "GetResources", "ResourceTagMappingList")
    tagged = {row["ResourceARN"]: {tag["Key"]: tag["Value"] for tag in row["Tags"]} for row in listed}
    active = account.attempt(_list_active, account)
    for arn in sorted({*tagged, *_list_taggable(account)}):
        own = tagged.get(arn, {})
        split = active if isinstance(active, Unread) else {key: own[key] for key in own if key in active}
        if not _OF_AWS.search(arn):
            yield CostResource(subject=arn, type="tagged", values={"tags_all": split})


def _list_active(account: Account) -> frozenset[str]:
    """Return the keys that are activated. Raises Unreadable, as in an account that another one pays for."""
    found = account.list("ce", "ListCostAllocationTags", "CostAllocationTags", region=GLOBAL, Status="Active")
    return frozenset(one["TagKey"] for one in found)


def _list_taggable(account: Account) -> Iterator[str]:
    """Yield what costs most of what other observers list in this region, whether it was ever tagged or not.

    Repositories are left out: AWS makes one for each image that a pull-through cache fetches, with no tags of anybody.
    """
    yield from (one.subject for one in account.once(observe_databases))
    yield from (one["LoadBalancerArn"] for one in list_balancers(account))
    yield from (one["QueueArn"] for one in list_queues(account) if "QueueArn" in one)
    yield from (one["TopicArn"] for one in account.list("sns", "ListTopics", "Topics"))
    yield from (one["ARN"] for one in account.list("secretsmanager", "ListSecrets", "SecretList"))
