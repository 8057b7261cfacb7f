"""What the `provider "aws"` block says, as far as it shows in resources: account, region, tags."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from .values import is_unknown

#: Where nothing says which account or region: the account of AWS's own documentation, and the provider's usual region.
ACCOUNT: Final = "123456789012"
REGION: Final = "us-east-1"


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one provider block."""

    region: str = REGION
    account: str = ACCOUNT
    default_tags: Mapping[str, Any] = field(default_factory=dict)
    states_region: bool = False
    states_account: bool = False
    zones: tuple[str, ...] = ()
    """The availability zones that the account may use; of a region that has none here, they are not known."""

    @property
    def partition(self) -> str:
        """The partition that the region is in."""
        return partition(self.region)


def partition(region: str) -> str:
    """Return the partition of a region."""
    if region.startswith("cn-"):
        return "aws-cn"
    return "aws-us-gov" if region.startswith("us-gov-") else "aws"


def dns_suffix(region: str) -> str:
    """Return the domain under which the services of a region's partition are."""
    return "amazonaws.com.cn" if partition(region) == "aws-cn" else "amazonaws.com"


def read_settings(config: Mapping[str, Any] | None, account: str = "", zones: tuple[str, ...] = ()) -> Settings:
    """Return the settings in a provider's configuration; what is unknown counts as not stated.

    ``account`` is the one that the criteria state, for a provider that does not name its own, and so are ``zones``.
    """
    stated = config or {}
    region = stated.get("region")
    accounts = [each for each in stated.get("allowed_account_ids") or () if isinstance(each, str)]
    known = isinstance(region, str) and region != ""
    return Settings(
        region=region if known and isinstance(region, str) else REGION,
        account=accounts[0] if len(accounts) == 1 else account or ACCOUNT,
        default_tags=_tags(stated.get("default_tags")),
        states_region=known,
        states_account=len(accounts) == 1 or bool(account),
        zones=zones,
    )


def _tags(blocks: Any) -> Mapping[str, Any]:
    first = blocks[0] if isinstance(blocks, list) and blocks else {}
    tags = first.get("tags") if isinstance(first, Mapping) else None
    return tags if isinstance(tags, Mapping) and not is_unknown(tags) else {}
