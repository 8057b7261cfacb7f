"""The principals of an account, with their rights, the holders of these rights, and the policies that AWS manages."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from typing import Any, Final

from ..semantics.unresolved import Unresolved
from .documents import Document, read_document, read_identity_document
from .evaluation import ANY_SESSION, Caller, Policies
from .known_actions import name_data
from .paths import list_entries, list_handed, list_paths

#: How the keys of a principal's own tags begin.
TAG: Final = "aws:principaltag/"
#: What every key of a resource's tags holds: ``aws:ResourceTag/…``, and each service's own.
OF_RESOURCE: Final = ":resourcetag/"
#: AWS's policy that allows everything, unchanged since 2015.
ADMINISTRATOR_ACCESS: Final = "arn:aws:iam::aws:policy/AdministratorAccess"
EVERYTHING: Final = read_document(
    {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}, ADMINISTRATOR_ACCESS
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """The rights that an organization leaves to its account, whatever the account's own policies allow."""

    scps: tuple[tuple[Document, ...], ...] = ()
    """Service control policies of each level from the root to the account.

    None outside of an organization, and in its management account.
    """
    rcps: tuple[tuple[Document, ...], ...] = ()
    """Resource control policies, likewise."""
    unread: str = ""
    """Why they are unknown: then something that the account's own policies allow may be denied nevertheless."""

    def __hash__(self) -> int:
        return hash((len(self.scps), len(self.rcps), self.unread))

    def limit(self, policies: Policies, arn: str) -> Policies:
        """Return the policies that apply when a principal calls; an organization's exempt service-linked roles."""
        return policies if ":role/aws-service-role/" in arn else replace(policies, scps=self.scps, rcps=self.rcps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group of users."""

    arn: str
    identity: tuple[Document, ...] = ()
    managed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A user or a role of the account."""

    arn: str
    identity: tuple[Document, ...] = ()
    """Its own policies and those of its groups."""
    managed: tuple[str, ...] = ()
    """ARNs of the managed policies attached to it or its groups."""
    groups: tuple[str, ...] = ()
    """ARNs of its groups."""
    boundary: Document | None = None
    trust: Document | None = None
    """For a role: who may assume it."""
    has_login: bool = False
    """For a user: whether it is known to have a password."""
    in_profile: bool = False
    """For a role: whether an instance profile that holds it is known."""
    tags: Mapping[str, str] | None = None
    """All its tags; None if they are not known."""
    place: str = ""

    def __hash__(self) -> int:
        return hash(self.arn)

    @property
    def is_role(self) -> bool:
        """Whether it is a role."""
        return ":role/" in self.arn

    @property
    def name(self) -> str:
        """Its name, without its path."""
        return self.arn.rpartition("/")[2]

    @property
    def account(self) -> str:
        """The account that it belongs to."""
        return self.arn.split(":")[4]

    def caller(self) -> Caller:
        """Return the caller when it calls: for a role, a session of any name."""
        if not self.is_role:
            return Caller("user", self.arn, self.account)
        partition = self.arn.split(":")[1]
        return Caller(
            "session", f"arn:{partition}:sts::{self.account}:assumed-role/{self.name}/{ANY_SESSION}", self.account
        )

    def policies(self, resource: Document | None = None) -> Policies:
        """Return the policies that apply when it calls."""
        boundaries = None if self.boundary is None else (self.boundary,)
        return Policies(identity=self.identity, boundaries=boundaries, resource=resource)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Something that runs with the rights of a role, or the place that its code comes from."""

    kind: str
    """As ``function``, ``instance``, ``code object``; nothing where no way is listed."""
    arn: str
    role: str
    """The ARN of the role."""
    doubt: str = ""
    """Why who changes it may not get the role's rights."""
    type: str = ""
    """Its type in Terraform, as ``aws_batch_job_definition``."""

    @property
    def is_named(self) -> bool:
        """Whether its ARN is known."""
        return self.arn.startswith("arn:")

    @property
    def service(self) -> str:
        """The service that it is of, by its ARN or its type."""
        return self.arn.split(":")[2] if self.is_named else self.type.split("_")[1]


@dataclass(frozen=True, kw_only=True)
class Account:
    """The known facts of an account."""

    id: str
    principals: tuple[Principal, ...]
    groups: Mapping[str, Group] = field(default_factory=dict)
    holders: tuple[Holder, ...] = ()
    things: frozenset[str] = frozenset()
    """Other things that exist, such as ``cluster``, ``job``, ``stack set``."""
    guards: Mapping[str, Document] = field(default_factory=dict)
    """The policies of resources other than roles, all together, by service such as ``s3``."""
    shares: Mapping[str, str] = field(default_factory=dict)
    """By service, what is shared with other accounts or devices, and not followed. It gives no right in the account."""
    arns: frozenset[str] = frozenset()
    """Of all that is declared."""
    tags: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """All tags of declared resources, by ARN, in small letters the names; of others they are not known."""
    is_whole: bool = False
    """Whether there is nothing else in the account, so that unknown things do not exist."""
    foreign: frozenset[str] = frozenset()
    """ARNs of principals of other systems: goals do not cover them, but their permissions for others count."""
    organization: Organization = Organization()
    gaps: tuple[str, ...] = ()
    """Things that could not be read, so that nothing can be excluded."""
    now: str = "2026-01-01T00:00:00+00:00"
    """The moment from which on the question is about."""

    @cached_property
    def ids(self) -> frozenset[str]:
        """The accounts of its principals: a root may declare several."""
        return frozenset(one.account for one in self.principals)

    def world(self, *, hops: bool = True) -> Mapping[str, Any]:
        """Return what a "no" considers, as JSON values; with ``hops`` also by which ways one becomes another."""
        trusts = [one.trust for one in self.principals if one.trust is not None]
        of_principals = [(*one.identity, one.boundary, one.trust) for one in self.principals]
        limits = (*self.organization.scps, *self.organization.rcps, tuple(self.guards.values()))
        every = [one for each in (*of_principals, *limits) for one in each if one is not None]
        keys = {condition.key for one in every for statement in one.statements for condition in statement.conditions}
        known = {key for key in keys if key in KNOWN_KEYS or is_tag(key)}
        named = (one for trust in trusts for each in trust.statements for one in each.principals or ())
        services = {one.name for one in named if one.kind == "Service" and list_handed(one.name) is None}
        ways = {"ways": len(list_paths()) + len(list_entries()), "services_without_ways": sorted(services)}
        return {
            "accounts": sorted(self.ids),
            "principals": len(self.principals),
            "from": self.now,
            "actions_as_of": name_data(),
            "policies_of_resources": sorted(self.guards),
            "keys_known": sorted(known),
            "keys_of_any_value": sorted(keys - known),
            **(ways if hops else {}),
        }


#: Keys whose value is known of each request of a principal.
KNOWN_KEYS: Final = frozenset(
    {
        "aws:currenttime", "aws:epochtime", "aws:principalaccount", "aws:principalarn", "aws:principalisawsservice",
        "aws:principaltype", "aws:tokenissuetime", "aws:username",
    }
)  # fmt: skip


def is_tag(key: str) -> bool:
    """Whether a key holds a tag of the principal or of the resource, which counts where it is known."""
    return key.startswith(TAG) or OF_RESOURCE in key


def describe_world(world: Mapping[str, Any]) -> str:
    """Return in words by what a "no" holds: ways, actions and keys, as far as they are named."""
    parts = [f"with the actions that AWS has as of {world['actions_as_of']}"]
    guarded = world.get("policies_of_resources")  # earlier runs don't say
    if guarded is not None:
        parts.append(
            f"with policies of resources of {_name_some(guarded)}" if guarded else "without policies of resources"
        )
    if "ways" in world:
        parts.insert(0, f"by {world['ways']} listed ways, and by edits of policies, groups, limits and trust")
    if world["keys_known"]:
        parts.append(f"with the known values of {_name_some(world['keys_known'])}")
    if world["keys_of_any_value"]:
        parts.append(f"whatever {_name_some(world['keys_of_any_value'])} may be")
    if world.get("services_without_ways"):
        parts.append(f"passing a stronger role to {_name_some(world['services_without_ways'])} is undetermined")
    return "; ".join(parts)


def _name_some(names: Sequence[str]) -> str:
    rest = len(names) - _FEW
    return " and ".join([", ".join(names[:_FEW]), *([f"{rest} more"] if rest > 0 else [])])


#: How many names a text holds; JSON has all.
_FEW: Final = 6


#: By service, all that can come of what opens its things besides their policies: grants of keys, ACLs, layers, the
#: policy of a registry. None of these denies anything.
OPENED: Final[Mapping[str, tuple[str, ...]]] = {
    "ecr": ("ecr:Batch*", "ecr:CreateRepository", "ecr:ReplicateImage"),
    "kms": (
        "kms:CreateGrant", "kms:Decrypt", "kms:Derive*", "kms:DescribeKey", "kms:Encrypt", "kms:Generate*",
        "kms:GetPublicKey", "kms:ReEncrypt*", "kms:RetireGrant", "kms:Sign", "kms:Verify*",
    ),
    "lambda": ("lambda:GetLayerVersion*",),
    "s3": (
        "s3:GetObject*", "s3:PutObject*", "s3:DeleteObject*", "s3:ListBucket*", "s3:GetBucketAcl", "s3:PutBucketAcl",
    ),
}  # fmt: skip


#: Services whose things may be shared with other accounts, by RAM or by a permission of the thing itself: images,
#: snapshots, documents, subnets, … No right in this account comes of it.
#:
#: Source: RAM User Guide, "Shareable AWS resources"; EC2, RDS and Systems Manager User Guides on sharing.
SHAREABLE: Final = (
    "aoss", "apprunner", "aps", "bedrock", "cloudhsm", "codebuild", "config", "datazone", "ds", "ec2", "eks",
    "imagebuilder", "iot", "lakeformation", "license-manager", "mediastore", "network-firewall", "oam",
    "organizations", "outposts", "rds", "redshift", "redshift-serverless", "refactor-spaces", "resource-groups",
    "route53", "route53profiles", "route53resolver", "s3-outposts", "sagemaker", "schemas", "servicecatalog",
    "signer", "ssm", "ssm-contacts", "ssm-incidents", "verifiedpermissions", "vpc-lattice", "vpc-lattice-svcs", "xray",
)  # fmt: skip


# ── AWS's managed policies: dated data of the extra ``iam``
#
# moto keeps every document as IAM listed it, with its version and the day of its last change. Only this module of moto
# is loaded: all of moto takes a second to import.

#: ARNs of AWS policies; those of other partitions may say something else.
PREFIX: Final = "arn:aws:iam::aws:policy"


def read_attached(arn: str) -> Document:
    """Return the statements of an undeclared managed policy, as of the data."""
    return find_document(arn) or Document(unread=f"what {arn} allows is not known here")


@cache
def find_document(arn: str, version: str = "") -> Document | None:
    """Return the statements of an AWS policy, as of the data; None if that lacks its ARN, or has another version."""
    if arn == ADMINISTRATOR_ACCESS:
        return EVERYTHING
    policy = list_policies().get(arn)
    if policy is None or (version and version != policy["DefaultVersionId"]):
        return None
    changed = policy.get("UpdateDate", policy["CreateDate"])[:10]
    try:
        return read_identity_document(policy["Document"], f"{arn} {policy['DefaultVersionId']} of {changed}")
    except Unresolved as error:
        return Document(unread=str(error))


@cache
def list_policies() -> Mapping[str, Any]:
    """Return each policy as IAM listed it, by its ARN; none without the extra."""
    package = find_spec("moto")
    for folder in (package.submodule_search_locations or ()) if package else ():
        spec = spec_from_file_location("prodgate_policies_of_aws", f"{folder}/iam/aws_managed_policies.py")
        if spec is not None and spec.loader is not None:
            spec.loader.exec_module(module := module_from_spec(spec))
            found = json.loads(module.aws_managed_policies_data)
            return {f"{PREFIX}{one['Path']}{name}": one for name, one in found.items()}
    return {}
