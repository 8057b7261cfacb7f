"""One request, decided as IAM decides it: the caller, the policies that apply, and their conditions."""

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from ipaddress import ip_address, ip_network
from typing import Any, Final, Generic

from ..semantics.policy_documents import Principal
from ..semantics.unresolved import Unresolved
from . import truth
from .documents import Condition, Document, Statement
from .patterns import Lookup, is_everything, matches, names, read_arn_pattern, read_pattern
from .truth import Doubt, Logic, T, Truth, all_of, any_of, doubt, negate

# ── The caller and Principal elements

_ARN: Final = re.compile(r"arn:[\w-]+:(iam|sts)::(\d{12}):(root|user/|role/|assumed-role/|federated-user/)(.*)")
_KINDS: Final = {
    ("iam", "root"): "root",
    ("iam", "user/"): "user",
    ("iam", "role/"): "role",
    ("sts", "assumed-role/"): "session",
    ("sts", "federated-user/"): "federated-user",
}


#: Stands for the name of a session, which its opener may choose.
ANY_SESSION: Final = "*"


class Naming(Enum):
    """How a principal element names a caller."""

    ANYBODY = "anybody"
    ITSELF = "itself"
    PARENT = "the role or user whose session it is"
    ACCOUNT = "its account"


@dataclass(frozen=True, slots=True)
class Caller:
    """The sender of a request."""

    kind: str
    """``user``, ``role``, ``session``, ``federated-user``, ``root``, ``service``, ``federated`` or ``anonymous``."""
    name: str
    """An ARN, a service's name, an identity provider, or nothing for an anonymous caller."""
    account: str = ""

    @property
    def parent(self) -> str:
        """The name of the role whose session it is, or of the user who federated."""
        path = self.name.split(":", 5)[5]
        return path.split("/")[1] if self.kind == "session" else path.partition("/")[2]


def read_caller(text: str) -> Caller:
    """Parse a caller: an ARN, a service such as ``s3.amazonaws.com``, or nothing for anybody. Raises Unresolved."""
    if not text:
        return Caller("anonymous", "")
    if found := _ARN.fullmatch(text):
        if kind := _KINDS.get((found[1], found[3])):
            return Caller(kind, text, found[2])
    elif re.fullmatch(r"[\w.-]+\.amazonaws\.com(\.cn)?", text):
        return Caller("service", text)
    raise Unresolved(text, "is no principal that is known here")


def name_caller(statement: Statement, caller: Caller, *, bounded: bool) -> dict[Naming, Truth]:
    """Return how a statement of a resource's policy names a caller. ``bounded``: it has a permissions boundary."""
    if statement.not_principals is not None:
        excepted = _name_all(statement.not_principals, caller)
        return {Naming.ANYBODY: _applies_beside(statement.allows, excepted, caller, bounded)}
    return _name_all(statement.principals or (), caller)


def _name_all(principals: tuple[Principal, ...], caller: Caller) -> dict[Naming, Truth]:
    named = [_name(principal, caller) for principal in principals]
    return {
        naming: any_of(found if isinstance(found, Doubt) else found is naming for found in named) for naming in Naming
    }


def _applies_beside(allows: bool, excepted: dict[Naming, Truth], caller: Caller, bounded: bool) -> Truth:
    """Whether a statement with NotPrincipal applies to a caller whom its list names in these ways."""
    if bounded and not allows:
        return True  # documented: such a Deny always denies a principal with a boundary
    if any_of(excepted.values()) is False:
        return True
    needed = {Naming.ITSELF, Naming.ACCOUNT} | ({Naming.PARENT} if caller.kind == "session" else set())
    if caller.kind in ("service", "federated"):
        needed = {Naming.ITSELF}
    if excepted[Naming.ANYBODY] is True or all(excepted[naming] is True for naming in needed):
        return False
    return doubt(f"whether NotPrincipal spares {caller.name} is not documented: it names it in part")


def _name(principal: Principal, caller: Caller) -> Naming | Truth:
    if principal.name == "*" and principal.kind in ("*", "AWS"):
        return Naming.ANYBODY
    if "*" in principal.name or "?" in principal.name:
        return doubt(f"the principal {principal.name!r} holds a wildcard, which AWS does not accept there")
    if principal.kind in ("Service", "Federated"):
        return caller.name == principal.name and principal.kind.lower() == caller.kind and Naming.ITSELF
    if principal.kind != "AWS":
        return doubt(f"who the principal {principal.name!r} of kind {principal.kind} is, is not known here")
    if caller.name.endswith(f"/{ANY_SESSION}") and principal.name.startswith(caller.name.removesuffix(ANY_SESSION)):
        return doubt(f"{principal.name} is one session of {caller.parent}, and which one calls is not known")
    return _name_identity(principal, caller) if caller.account else False


def _name_identity(principal: Principal, caller: Caller) -> Naming | Truth:
    found = _ARN.fullmatch(principal.name)
    if re.fullmatch(r"\d{12}", principal.name) or (found and found[3] == "root"):
        return principal.account == caller.account and Naming.ACCOUNT
    if not found:
        return doubt(f"who the principal {principal.name!r} is, is not known here")
    if principal.name == caller.name:
        return Naming.ITSELF
    parents = {"session": "role/", "federated-user": "user/"}
    if found[2] != caller.account or found[3] != parents.get(caller.kind):
        return False
    name = found[4].rpartition("/")[2] if caller.kind == "session" else found[4]
    if name != caller.parent and name.lower() == caller.parent.lower():
        return doubt(f"{principal.name} and {caller.name} differ in capitals alone")
    return name == caller.parent and Naming.PARENT


# ── The decision, for truths and for formulas

#: Services that resource control policies certainly cover; whether they cover others changes with time.
RCP_SERVICES: Final = frozenset({"s3", "sts", "kms", "sqs", "secretsmanager"})
#: Actions that only the service does to its service-linked role.
_OF_ITS_SERVICE: Final = (
    "iam:attachrolepolicy", "iam:deleterole", "iam:deleterolepolicy", "iam:detachrolepolicy", "iam:putrolepolicy",
    "iam:updateassumerolepolicy",
)  # fmt: skip
ASSUMING: Final = ("sts:assumerole", "sts:tagsession", "sts:setsourceidentity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """Every policy that applies to a request.

    None stands for none of that kind; a Document with the reason for one that can't be read.
    """

    identity: tuple[Document, ...] = ()
    boundaries: tuple[Document, ...] | None = None
    session: Document | None = None
    scps: tuple[tuple[Document, ...], ...] = ()
    """For each level of the organization above the caller's account, the root first."""
    rcps: tuple[tuple[Document, ...], ...] = ()
    resource: Document | None = None
    """The resource's own policy; of a role, its trust policy."""
    endpoint: tuple[Document, ...] | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """The parts of a request that decide which rules apply. ``action`` is in lower case."""

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
    """The parts of a decision, as values of one logic. ``match`` says when a statement applies, for any caller."""

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
        """A grant to the caller itself is documented as exempt from a session policy; other sources disagree."""
        unsure = self._logic.constant(doubt("sources disagree on whether a session policy limits a grant to anybody"))
        return self._logic.any_of([self._limit_by_session(), unsure])

    def _trusts_account(self) -> T:
        """Whether the resource delegates its permissions to the policies of its own account."""
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
    """Whether it would change AWS's own resources, which no policy allows."""
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


# ── Condition operators

Context = Mapping[str, str | tuple[str, ...]]
#: Whether a request's value matches one value of the policy.
Comparison = Callable[[str, str, Lookup | None], Truth]


@dataclass(frozen=True, slots=True)
class Operator:
    """A condition operator, taken apart."""

    base: str
    """In lower case, such as ``stringlike``; for a negated one, the positive form."""
    quantifier: str
    """``forallvalues``, ``foranyvalue`` or nothing."""
    if_exists: bool
    negated: bool


def read_operator(text: str) -> Operator | Doubt:
    """Take an operator apart; an unknown one is a doubt."""
    quantifier, _, name = text.lower().rpartition(":")
    base = name.removesuffix("ifexists")
    positive = _NEGATED.get(base, base)
    if quantifier not in ("", "forallvalues", "foranyvalue") or positive not in (*COMPARISONS, "null"):
        return doubt(f"the condition operator {text} is not known here")
    if base == "null" and (quantifier or name != base):
        return doubt(f"what {text} means is not documented")
    if quantifier == "foranyvalue" and name != base:
        return doubt(f"what {text} means for a request without the key is not documented")
    return Operator(positive, quantifier, name != base, positive != base)


def holds(condition: Condition, context: Context, lookup: Lookup | None) -> Truth:
    """Whether a condition holds for a context, whose keys are in lower case."""
    read = read_operator(condition.operator)
    if isinstance(read, Doubt):
        return read
    if not condition.values:
        return doubt(f"{condition.operator} of {condition.key} has no values")
    value = context.get(condition.key)
    if read.base == "null":
        return any_of(_compare_presence(text, value is not None) for text in condition.values)
    if value is None or value == ():
        return holds_without_key(read)
    values = (value,) if isinstance(value, str) else value
    if not read.quantifier and not isinstance(value, str):
        return doubt(f"{condition.key} has several values, and {condition.operator} compares one")
    each = (compare(read, one, condition.values, lookup) for one in values)
    return any_of(each) if read.quantifier == "foranyvalue" else all_of(each)


def holds_without_key(read: Operator) -> bool:
    """Whether an operator other than Null holds for a request that has no value under the key."""
    return read.quantifier == "forallvalues" or (not read.quantifier and (read.if_exists or read.negated))


def compare(read: Operator, value: str, wanted: tuple[str, ...], lookup: Lookup | None) -> Truth:
    """Whether one value of a request matches as an operator requires."""
    found = any_of(COMPARISONS[read.base](value, text, lookup) for text in wanted)
    if read.negated and found is False and (unresolved := find_without_value(wanted, lookup)):
        return doubt(f"{unresolved} names a variable without a value, and what that excludes is not documented")
    return negate(found) if read.negated else found


def find_without_value(wanted: tuple[str, ...], lookup: Lookup | None) -> str:
    """Return the first text with a variable that has no value and no default; empty if none has one."""
    return next((one for one in wanted if read_pattern(one, lookup) is None), "")


def _compare_presence(text: str, present: bool) -> Truth:
    if text.lower() not in ("true", "false"):
        return doubt(f"Null compares with {text!r}, which is neither true nor false")
    return (text.lower() == "true") is not present


def _expand(text: str, lookup: Lookup | None) -> str | Doubt | None:
    """Return a text with its variables replaced, whose wildcards are literal."""
    if not lookup or "${" not in text:
        return text
    if "*" in text or "?" in text:
        return doubt(f"{text} holds both a variable and a sign that is no wildcard here")
    read = read_pattern(text, lookup)
    return read if read is None or isinstance(read, Doubt) else "".join(map(str, read))


def _equal(value: str, text: str, lookup: Lookup | None) -> Truth:
    expanded = _expand(text, lookup)
    return expanded if isinstance(expanded, Doubt) else value == expanded


def _equal_in_any_case(value: str, text: str, lookup: Lookup | None) -> Truth:
    expanded = _expand(text, lookup)
    return expanded if isinstance(expanded, Doubt) else expanded is not None and value.lower() == expanded.lower()


def _is_like(value: str, text: str, lookup: Lookup | None) -> Truth:
    return matches(read_pattern(text, lookup), value)


def _is_arn_like(value: str, text: str, lookup: Lookup | None) -> Truth:
    if value.count(":") < 5 or not value.startswith("arn:"):
        return doubt(f"{value!r} is compared as an ARN, and is none")
    return matches(read_arn_pattern(text, lookup), value)


def _is_bool(value: str, text: str, _lookup: Lookup | None) -> Truth:
    if {value.lower(), text.lower()} - {"true", "false"}:
        return doubt(f"{value!r} and {text!r} are compared as truth values")
    return value.lower() == text.lower()


def _is_in_network(value: str, text: str, _lookup: Lookup | None) -> Truth:
    try:
        address, network = ip_address(value), ip_network(text, strict=False)
    except ValueError:
        return doubt(f"{value!r} and {text!r} are compared as an IP address and a network")
    return address.version == network.version and address in network


def _by(parse: Callable[[str], Any], test: Callable[[Any, Any], bool], what: str) -> Comparison:
    def compare_parsed(value: str, text: str, _lookup: Lookup | None) -> Truth:
        try:
            return test(parse(value), parse(text))
        except (ValueError, InvalidOperation):
            return doubt(f"{value!r} and {text!r} are compared as {what}")

    return compare_parsed


def _parse_number(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite():
        raise ValueError(text)
    return number


def parse_date(text: str) -> datetime:
    """Return the moment that a date of W3C's profile of ISO 8601, or a number of seconds, states. Raises ValueError."""
    if text.isdecimal() and len(text) > 4:
        try:
            return datetime.fromtimestamp(int(text), UTC)
        except (OverflowError, OSError) as error:
            raise ValueError(text) from error
    if text.isdecimal():
        raise ValueError(text)  # 2024: a year to one reader, 34 minutes after midnight to another
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


_ORDERS: Final = {
    "equals": operator.eq, "lessthan": operator.lt, "lessthanequals": operator.le,
    "greaterthan": operator.gt, "greaterthanequals": operator.ge,
}  # fmt: skip
COMPARISONS: Final[Mapping[str, Comparison]] = {
    "stringequals": _equal,
    "stringequalsignorecase": _equal_in_any_case,
    "stringlike": _is_like,
    "arnequals": _is_arn_like,
    "arnlike": _is_arn_like,
    "bool": _is_bool,
    "ipaddress": _is_in_network,
    **{f"numeric{name}": _by(_parse_number, test, "numbers") for name, test in _ORDERS.items()},
    **{f"date{name}": _by(parse_date, test, "dates") for name, test in _ORDERS.items()},
}
_NEGATED: Final = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "arnnotequals": "arnequals",
    "arnnotlike": "arnlike",
    "numericnotequals": "numericequals",
    "datenotequals": "dateequals",
    "notipaddress": "ipaddress",
}


class Answer(Enum):
    """IAM's answer."""

    ALLOWED = "allowed"
    DENIED = "denied by a statement"
    NOT_ALLOWED = "allowed by no statement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request. ``resource`` is ``*`` for an action without a resource."""

    caller: Caller
    action: str
    resource: str
    account: str
    """The account that owns the resource."""
    context: Context = field(default_factory=dict)

    def asked(self) -> Asked:
        """Return the request without its context."""
        return Asked(self.caller, self.action.lower(), self.resource, self.account)


class _Truths:
    def all_of(self, values: Iterable[Truth]) -> Truth:
        return truth.all_of(values)

    def any_of(self, values: Iterable[Truth]) -> Truth:
        return truth.any_of(values)

    def negate(self, value: Truth) -> Truth:
        return truth.negate(value)

    def constant(self, value: Truth) -> Truth:
        return value


def evaluate(request: Request, policies: Policies) -> Answer:
    """Decide a request. Raises Unresolved, with the reasons, if an unknown part decides."""
    context = {key.lower(): value for key, value in request.context.items()}
    decision = Decision(request.asked(), policies, _Truths(), lambda one: applies(one, request, context))
    allowed = decision.allowed
    if isinstance(allowed, Doubt):
        raise Unresolved(f"whether {request.action} on {request.resource} is allowed:", str(allowed))
    if allowed:
        return Answer.ALLOWED
    denied = decision.denied
    if isinstance(denied, Doubt):
        raise Unresolved(f"{request.action} on {request.resource} is not allowed; whether by a statement:", str(denied))
    return Answer.DENIED if denied else Answer.NOT_ALLOWED


def applies(statement: Statement, request: Request, context: Context) -> Truth:
    """Whether a statement covers the action and resource of a request, under its conditions."""
    lookup = _look_up(context) if statement.has_variables else None
    return all_of(
        [
            _matches_action(statement, request.action.lower()),
            _matches_resource(statement, request.resource, lookup),
            *(_explain(statement, holds(one, context, lookup)) for one in statement.conditions),
            *([doubt(statement.doubted)] if statement.doubted else ()),
        ]
    )


def _explain(statement: Statement, found: Truth) -> Truth:
    return Doubt(frozenset(f"{statement}: {one}" for one in found.reasons)) if isinstance(found, Doubt) else found


def _look_up(context: Mapping[str, str | tuple[str, ...]]) -> Lookup:
    def find(key: str) -> str | Doubt | None:
        value = context.get(key)
        return doubt(f"${{{key}}} has several values") if isinstance(value, tuple) else value

    return find


def _matches_action(statement: Statement, action: str) -> Truth:
    written = statement.actions if statement.actions is not None else statement.not_actions
    found = any_of(matches(read_pattern(one.lower(), None), action) for one in written or ())
    return found if statement.actions is not None else negate(found)


def _matches_resource(statement: Statement, resource: str, lookup: Lookup | None) -> Truth:
    if statement.resources is not None:
        return any_of(matches_one_resource(one, resource, lookup, inverted=False) for one in statement.resources)
    if statement.not_resources is not None:
        named = (matches_one_resource(one, resource, lookup, inverted=True) for one in statement.not_resources)
        return negate(any_of(named))
    return True  # a trust policy names no resource: it belongs to one


def matches_one_resource(text: str, resource: str, lookup: Lookup | None, *, inverted: bool) -> Truth:
    """Whether a Resource, or if ``inverted`` a NotResource, names a resource."""
    if is_everything(text):
        return True
    pattern = read_arn_pattern(text, lookup)
    if pattern is None and inverted:
        return doubt(f"{text} names a variable without a value, and what that excludes is not documented")
    if resource == "*" and not isinstance(pattern, Doubt):
        return False
    return names(pattern, resource)
