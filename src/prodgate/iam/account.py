"""The principals of an account, with what they are allowed and what runs with their rights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from .callers import ANY_SESSION, Caller
from .decision import Policies
from .documents import Document, read_document

#: The policy of AWS that allows everything, as it has been since 2015.
ADMINISTRATOR_ACCESS: Final = "arn:aws:iam::aws:policy/AdministratorAccess"
EVERYTHING: Final = read_document(
    {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}, ADMINISTRATOR_ACCESS
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """What an organization leaves to an account of it, whatever the account's own policies allow."""

    scps: tuple[tuple[Document, ...], ...] = ()
    """Service control policies of each level from the root to the account; none in no organization, and in the account
    that manages it."""
    rcps: tuple[tuple[Document, ...], ...] = ()
    """Resource control policies, likewise."""
    unread: str = ""
    """Why they are not known: then what the account's own policies allow may be denied all the same."""

    def __hash__(self) -> int:
        return hash((len(self.scps), len(self.rcps), self.unread))

    def limit(self, policies: Policies, arn: str) -> Policies:
        """Return the policies that have a say when a principal calls: those of an organization spare roles that
        services made for themselves."""
        if ":role/aws-service-role/" in arn:
            return policies
        return replace(policies, scps=self.scps, rcps=self.rcps)


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
    """Of a role: who may assume it."""
    has_login: bool = False
    """Of a user: whether it is known to have a password."""
    in_profile: bool = False
    """Of a role: whether an instance profile that holds it is known."""
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
        """Return who calls when it does: of a role, a session of any name."""
        if not self.is_role:
            return Caller("user", self.arn, self.account)
        partition = self.arn.split(":")[1]
        return Caller(
            "session", f"arn:{partition}:sts::{self.account}:assumed-role/{self.name}/{ANY_SESSION}", self.account
        )

    def policies(self, resource: Document | None = None) -> Policies:
        """Return the policies that have a say when it calls."""
        boundaries = None if self.boundary is None else (self.boundary,)
        return Policies(identity=self.identity, boundaries=boundaries, resource=resource)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Something that runs with the rights of a role."""

    kind: str
    """As ``function``, ``instance``, ``stack``."""
    arn: str
    role: str
    """The ARN of the role."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What is known of an account."""

    id: str
    principals: tuple[Principal, ...]
    groups: Mapping[str, Group] = field(default_factory=dict)
    holders: tuple[Holder, ...] = ()
    things: frozenset[str] = frozenset()
    """What exists beside them, as ``cluster``, ``job``, ``stack set``."""
    guards: Mapping[str, Document] = field(default_factory=dict)
    """What the policies of other resources than roles say, all together, by service as in ``s3``."""
    arns: frozenset[str] = frozenset()
    """Of all that is declared."""
    is_whole: bool = False
    """Whether there is nothing else in the account, so that what is not known of does not exist."""
    foreign: frozenset[str] = frozenset()
    """ARNs of principals of other systems: goals ask nothing of them, and what they allow to others counts."""
    organization: Organization = Organization()
    gaps: tuple[str, ...] = ()
    """What could not be read, so that nothing can be excluded."""
    now: str = "2026-01-01T00:00:00+00:00"
    """The moment for which it is asked."""
