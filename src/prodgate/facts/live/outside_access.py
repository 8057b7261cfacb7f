"""Access from outside the account, as the analyzers of IAM have found it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...aws.account import Account
from ...aws.answers import Unreadable
from ...quantities import Quantity
from .. import Fact
from ..observers import all_apart, observes, reads

reads("accessanalyzer", "ListAnalyzers", "ListFindingsV2")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class OutsideAccess(Fact):
    """An active analyzer of external access, and its findings."""

    findings: Quantity
    """Active findings."""


@observes(OutsideAccess)
def observe_outside_access(account: Account) -> Iterator[OutsideAccess]:
    """Look at what the analyzers of external access have found."""

    def look(analyzer: Mapping[str, Any]) -> Iterator[OutsideAccess]:
        if analyzer["status"] == "ACTIVE" and analyzer["type"] in ("ACCOUNT", "ORGANIZATION"):
            yield _outside(account, analyzer)

    rows = account.list("accessanalyzer", "ListAnalyzers", "analyzers")
    for found in map(all_apart(OutsideAccess, look, "arn", "name"), rows):
        yield from found


def _outside(account: Account, analyzer: Mapping[str, Any]) -> OutsideAccess:
    # the analyzer of an organization lists what its members have open, too
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-filter-keys.html
    wanted = {"status": {"eq": ["ACTIVE"]}, "resourceOwnerAccount": {"eq": [account.id]}}
    asked = {"analyzerArn": analyzer["arn"], "filter": wanted}
    found = account.list("accessanalyzer", "ListFindingsV2", "findings", **asked)
    if "lastResourceAnalyzedAt" not in analyzer:
        raise Unreadable(f"{analyzer['name']}: has not analyzed anything yet; it begins within half an hour")
    own = [one for one in found if one.get("resourceOwnerAccount", account.id) == account.id]
    open_ = sum(one.get("status", "ACTIVE") == "ACTIVE" for one in own)
    return OutsideAccess(subject=analyzer["arn"], findings=Quantity.of(open_))
