"""KMS keys of the account, and the keys that encrypt a resource."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ...aws.account import Account
from ...aws.answers import Absent, Unread, Unreadable
from .. import Fact
from ..observers import apart, observes
from .databases import list_rules, list_unread_plans
from .distributions import GLOBAL

_NAMELESS: Final = "a key without KeyArn and KeyId"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Key(Fact):
    """A customer-managed key that is not scheduled for deletion. ``subject`` is its ARN."""

    symmetric: bool
    origin: str
    """``AWS_KMS`` for key material that KMS generated, the only kind that it rotates."""
    enabled: bool
    rotates: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Encryption:
    """The key under which something is encrypted."""

    key: str
    """As the service names it; empty for a key that AWS owns."""
    own: bool
    """Whether it is customer-managed."""
    usable: bool
    """Whether it is enabled; under a disabled key nothing can be read."""


def list_key_regions(account: Account) -> tuple[str, ...]:
    """Return the regions with data: the account's, that of CloudFront, and those that backups are copied to.

    The copies of an unreadable plan may be in any region; judges of vaults and keys get that as a doubt.
    """
    copies = [arn for rule in list_rules(account) for arn in rule.copies]
    return tuple(sorted({account.region, GLOBAL, *(arn.split(":")[3] for arn in copies)}))


def read_encryption(account: Account, key: str, region: str = "") -> Encryption:
    """Return the owner and state of a key; ``key`` may be an ARN, an id or an alias. Raises Unreadable."""
    if not key or "alias/aws/" in key:
        return Encryption(key=key, own=False, usable=True)
    place = key.split(":")[3] if key.startswith("arn:") else region
    try:
        found = account.get("kms", "DescribeKey", region=place, KeyId=key)["KeyMetadata"]
    except Absent:
        return Encryption(key=key, own=True, usable=False)
    return Encryption(key=key, own=found["KeyManager"] == "CUSTOMER", usable=found["KeyState"] == "Enabled")


@observes(Key)
def observe_keys(account: Account) -> Iterator[Key]:
    """Observe the customer-managed keys of every region that the system uses."""
    for found in account.each(lambda region: _keys(account, region), list_key_regions(account)):
        yield from found
    yield from (Key.unread(f"the keys where {plan} copies to", reason) for plan, reason in list_unread_plans(account))


def _keys(account: Account, region: str) -> tuple[Key, ...]:
    aliases = account.list("kms", "ListAliases", "Aliases", region=region)
    managed = {one.get("TargetKeyId") for one in aliases if one.get("AliasName", "").startswith("alias/aws/")}
    listed = account.list("kms", "ListKeys", "Keys", region=region)
    # KMS describes a key by its id as well as by its ARN, which ends with the id
    names = [key.get("KeyArn") or key.get("KeyId", _NAMELESS) for key in listed]
    asked = [name for name in names if name.rpartition("/")[2] not in managed]
    rows = account.each(lambda name: account.attempt(_describe, account, name, region), asked)
    # its own policy may let nobody read it
    unread = [Key.unread(name, row.reason) for name, row in zip(asked, rows, strict=True) if isinstance(row, Unread)]
    # a key without a stated owner or state may be a customer's
    own = [row for row in rows if not isinstance(row, Unread) and row.get("KeyManager", "CUSTOMER") == "CUSTOMER"]
    lasting = [row for row in own if "Pending" not in row.get("KeyState", "")]
    return (*unread, *account.each(apart(Key, lambda row: _key(account, row, region), "Arn", "KeyId"), lasting))


def _describe(account: Account, name: str, region: str) -> Mapping[str, Any]:
    if name == _NAMELESS:
        raise Unreadable("kms ListKeys does not state its KeyArn")
    found: Mapping[str, Any] = account.get("kms", "DescribeKey", region=region, KeyId=name)["KeyMetadata"]
    return found


def _key(account: Account, row: Mapping[str, Any], region: str) -> Key:
    # KeySpec was CustomerMasterKeySpec until 2021
    spec = row["CustomerMasterKeySpec" if "KeySpec" not in row else "KeySpec"]
    symmetric = spec == "SYMMETRIC_DEFAULT" and row["KeyUsage"] == "ENCRYPT_DECRYPT"
    asked = {"region": region, "KeyId": row["Arn"]}
    return Key(
        subject=row["Arn"],
        symmetric=symmetric,
        origin=row["Origin"],
        enabled=row["KeyState"] == "Enabled",
        rotates=symmetric
        and row["Origin"] == "AWS_KMS"
        and account.attempt(lambda: bool(account.get("kms", "GetKeyRotationStatus", **asked)["KeyRotationEnabled"])),
    )


def name_key(key: str, owner: str, region: str) -> str:
    """Return the ARN of a key that a resource of an account names by an ARN, an id or an alias."""
    path = key if key.startswith("alias/") else f"key/{key}"
    return key if key.startswith("arn:") else f"arn:aws:kms:{region}:{owner}:{path}"


def read_key_policy(account: Account, key: Mapping[str, Any], region: str) -> str:
    """Return the policy of a key, given as DescribeKey shows it. Raises Absent, and Unreadable for a foreign key.

    KMS shows it only to the key's own account.
    https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyPolicy.html
    """
    if (owner := key["Arn"].split(":")[4]) != account.id:
        raise Unreadable(f"{key['Arn']}: is a key of account {owner}, to which alone its policy is shown; ask there")
    policy: str = account.get("kms", "GetKeyPolicy", region=region, KeyId=key["Arn"], PolicyName="default")["Policy"]
    return policy
