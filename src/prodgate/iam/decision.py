"""How IAM decides, written once: for a request by truths, for a proof by formulas.

Source: IAM User Guide, "Policy evaluation logic", "… for requests within a single account", "… cross-account",
"Permissions boundaries", "Session policies"; KMS Developer Guide, "Key policies"; Organizations User Guide, "SCPs"
and "RCPs".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Generic

from .callers import Caller, Naming, name_caller
from .documents import Document, Statement
from .truth import Logic, T, doubt

#: Services that resource control policies reach for certain; whether they reach others changes with time.
RCP_SERVICES: Final = frozenset({"s3", "sts", "kms", "sqs", "secretsmanager"})
#: What only the service does to a role that it made for itself.
_OF_ITS_SERVICE: Final = (
    "iam:attachrolepolicy", "iam:deleterole", "iam:deleterolepolicy", "iam:detachrolepolicy", "iam:putrolepolicy",
    "iam:updateassumerolepolicy",
)  # fmt: skip
ASSUMING: Final = ("sts:assumerole", "sts:tagsession", "sts:setsourceidentity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """Every policy that has a say in a request. None stands for none of that kind; for what can't be read, a
    Document with the reason."""

    identity: tuple[Document, ...] = ()
    boundaries: tuple[Document, ...] | None = None
    session: Document | None = None
    scps: tuple[tuple[Document, ...], ...] = ()
    """Of each level of the organization above the caller's account, the root first."""
    rcps: tuple[tuple[Document, ...], ...] = ()
    resource: Document | None = None
    """The resource's own policy; of a role, its trust policy."""
    endpoint: tuple[Document, ...] | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for, as far as it decides which rules hold. ``action`` is in lower case."""

    caller: Caller
    action: str
    resource: str
    account: str
    """The account that owns the resource."""

    @property
    def service(self) -> str:
        """The service of the action, as ``s3``."""
        return self.action.partition(":")[0]


class Decision(Generic[T]):
    """The parts of a decision, as values of one logic. ``match`` says when a statement applies, whoever calls."""

    def __init__(self, asked: Asked, policies: Policies, logic: Logic[T], match: Callable[[Statement], T]) -> None:
        self._asked, self._policies, self._logic, self._match = asked, policies, logic, match

    @property
    def allowed(self) -> T:
        """Whether the request is allowed."""
        if self._asked.action == "sts:getcalleridentity" and self._asked.caller.kind != "anonymous":
            return self._logic.constant(True)
        needed = [self._granted(), self._logic.negate(self.denied)]
        if self._asked.caller.account:
            needed += [self._says(True, level) for level in self._policies.scps]
        if self._policies.endpoint is not None:
            needed.append(self._endpoint(True))
        return self._logic.all_of(needed)

    @property
    def denied(self) -> T:
        """Whether a statement denies it."""
        found, policies = [self._resource(False, *Naming)], self._policies
        if self._asked.caller.account:
            found += [self._says(False, documents) for documents in (policies.identity, *policies.scps)]
            found.append(self._says(False, policies.boundaries or ()))
            found.append(self._says(False, [policies.session] if policies.session else ()))
        if self._asked.service in RCP_SERVICES:
            found += [self._says(False, level) for level in policies.rcps]
        elif any(policies.rcps):
            beyond = self._logic.constant(doubt(f"whether RCPs reach {self._asked.service} is not known here"))
            found += [self._logic.all_of([beyond, self._says(False, level)]) for level in policies.rcps]
        if policies.endpoint is not None:
            found.append(self._endpoint(False))
        return self._logic.any_of(found)

    def _granted(self) -> T:
        asked, logic = self._asked, self._logic
        if asked.caller.kind == "anonymous":
            return self._resource(True, Naming.ANYBODY)
        if asked.caller.kind in ("service", "federated"):
            return self._resource(True, Naming.ANYBODY, Naming.ITSELF)
        if asked.caller.kind == "root":
            return logic.constant(doubt("the root user of an account is not limited by its policies"))
        if _is_protected(asked):
            return logic.constant(False)
        limited = [self._limit_by_boundary(), self._limit_by_session()]
        identity = self._says(True, self._policies.identity)
        if asked.account != asked.caller.account:
            return logic.all_of([self._resource(True, *Naming), identity, *limited])
        itself = {Naming.ANYBODY, Naming.ITSELF} if asked.caller.kind != "role" else {Naming.ANYBODY}
        return logic.any_of(
            [
                logic.all_of([self._trusts_account(), identity, *limited]),
                logic.all_of([self._resource(True, *set(Naming) - itself - {Naming.ACCOUNT}), *limited]),
                logic.all_of([self._resource(True, *itself), self._spare_from_session()]),
            ]
        )

    def _limit_by_boundary(self) -> T:
        found = self._policies.boundaries
        return self._logic.constant(True) if found is None else self._says(True, found)

    def _limit_by_session(self) -> T:
        found = self._policies.session
        return self._logic.constant(True) if found is None else self._says(True, [found])

    def _spare_from_session(self) -> T:
        """A grant to the caller itself is documented as not limited by a session policy; other sources disagree."""
        unsure = self._logic.constant(doubt("sources disagree on whether a session policy limits a grant to anybody"))
        return self._logic.any_of([self._limit_by_session(), unsure])

    def _trusts_account(self) -> T:
        """Whether the resource leaves it to the policies of its own account who may use it."""
        asked = self._asked
        is_key = asked.service == "kms" and ":key/" in asked.resource
        if not is_key and not asked.action.startswith(ASSUMING):
            return self._logic.constant(True)
        if self._policies.resource is None:
            return self._logic.constant(doubt(f"the policy of {asked.resource} is not known"))
        return self._resource(True, Naming.ACCOUNT)

    def _says(self, allows: bool, documents: Iterable[Document]) -> T:
        return self._logic.any_of([value for one in documents for value in self._list_effects(one, allows)])

    def _list_effects(self, document: Document, allows: bool) -> list[T]:
        if document.unread:
            return [self._logic.constant(doubt(document.unread))]
        return [self._match(one) for one in document.statements if one.allows is allows]

    def _resource(self, allows: bool, *namings: Naming) -> T:
        return self._name(self._policies.resource, allows, namings)

    def _endpoint(self, allows: bool) -> T:
        documents = self._policies.endpoint or ()
        unnamed = [Document(tuple(one for one in each.statements if not _names_callers(one))) for each in documents]
        named = [Document(tuple(filter(_names_callers, each.statements)), each.unread) for each in documents]
        return self._logic.any_of(
            [self._says(allows, unnamed), *(self._name(one, allows, tuple(Naming)) for one in named)]
        )

    def _name(self, document: Document | None, allows: bool, namings: tuple[Naming, ...]) -> T:
        if document is None or document.unread:
            return self._logic.constant(doubt(document.unread) if document else False)
        found = []
        for one in document.statements:
            if one.allows is allows:
                named = name_caller(one, self._asked.caller, bounded=self._policies.boundaries is not None)
                who = [self._logic.constant(named[naming]) for naming in namings if naming in named]
                found.append(self._logic.all_of([self._logic.any_of(who), self._match(one)]))
        return self._logic.any_of(found)


def _names_callers(statement: Statement) -> bool:
    return statement.principals is not None or statement.not_principals is not None


def _is_protected(asked: Asked) -> bool:
    """Whether it would change what is AWS's own, which no policy allows."""
    resource = asked.resource.split(":", 5)
    if asked.action in ("kms:createalias", "kms:deletealias", "kms:updatealias"):
        return resource[-1].lower().startswith("alias/aws/")
    if asked.service != "iam" or len(resource) < 6:
        return False
    edits = ("create", "delete", "set", "tag", "untag", "put", "attach", "detach", "update", "pass")
    owned = resource[4] == "aws" and resource[5].startswith("policy/") and "policy" in asked.action
    reserved = resource[5].lower().startswith("role/aws-reserved/")
    linked = resource[5].lower().startswith("role/aws-service-role/")
    return (
        (linked and asked.action in _OF_ITS_SERVICE)
        or (reserved and asked.action.removeprefix("iam:").startswith(edits))
        or (owned and asked.action.removeprefix("iam:").startswith(edits[:5]) and "rolepolicy" not in asked.action)
    )
