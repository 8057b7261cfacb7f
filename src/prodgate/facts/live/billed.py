"""What is on the bill, and the tags by which it is split."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Unread
from .. import Fact
from ..observers import apart, reads
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
    tagged = {row["ResourceARN"]: row for row in listed if "ResourceARN" in row}
    active = account.attempt(_list_active, account)
    look = apart(CostResource, partial(_tagged, active), type=_TAGGED)
    named = {*tagged, *filter(None, _list_taggable(account))}
    yield from map(look, [(arn, tagged.get(arn)) for arn in sorted(named) if not _OF_AWS.search(arn)])
    for _ in range(len(listed) - len(tagged)):
        reason = "resourcegroupstaggingapi GetResources does not state its ResourceARN"
        yield CostResource.unread("a tagged resource without ResourceARN", reason, type=_TAGGED)


_TAGGED: Final = "tagged"


def _tagged(active: frozenset[str] | Unread, row: tuple[str, Mapping[str, Any] | None]) -> CostResource:
    arn, listed = row
    own = {} if listed is None else {tag["Key"]: tag.get("Value", "") for tag in listed["Tags"]}
    split = active if isinstance(active, Unread) else {key: own[key] for key in own if key in active}
    return CostResource(subject=arn, type=_TAGGED, values={"tags_all": split})


def _list_active(account: Account) -> frozenset[str]:
    """Return the keys that are activated. Raises Unreadable, as in an account that another one pays for."""
    found = account.list("ce", "ListCostAllocationTags", "CostAllocationTags", region=GLOBAL, Status="Active")
    return frozenset(one["TagKey"] for one in found)


def _list_taggable(account: Account) -> Iterator[str]:
    """Yield what costs most of what other observers list in this region, whether it was ever tagged or not.

    What has no ARN in AWS's answer is yielded by its name: it is not known to have any tag.

    Repositories are left out: AWS makes one for each image that a pull-through cache fetches, with no tags of anybody.
    """
    yield from (one.subject for one in account.once(observe_databases))
    yield from (one.get("LoadBalancerArn") or one.get("LoadBalancerName", "") for one in list_balancers(account))
    yield from (one["QueueArn"] for one in list_queues(account) if "QueueArn" in one)
    yield from (one.get("TopicArn", "") for one in account.list("sns", "ListTopics", "Topics"))
    secrets = account.list("secretsmanager", "ListSecrets", "SecretList")
    yield from (one.get("ARN") or one.get("Name", "") for one in secrets)
