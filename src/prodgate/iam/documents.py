"""Policy documents, read exactly: nothing is widened, and documents that AWS would refuse are refused by name.

Beside `semantics.policy_documents`, which widens its input so that a rule about breadth misses nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from ..semantics.policy_documents import Principal, read_elements, read_texts
from ..semantics.unresolved import Unresolved

_ELEMENTS: Final = frozenset(
    {"sid", "effect", "principal", "notprincipal", "action", "notaction", "resource", "notresource", "condition"}
)
_VERSIONS: Final = {"2008-10-17": False, "2012-10-17": True}


@dataclass(frozen=True, slots=True)
class Condition:
    """One test of a statement; ``key`` is in lower case."""

    operator: str
    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement as written. Of each pair, such as actions and not_actions, one is None."""

    allows: bool
    actions: tuple[str, ...] | None
    not_actions: tuple[str, ...] | None
    resources: tuple[str, ...] | None
    not_resources: tuple[str, ...] | None
    principals: tuple[Principal, ...] | None
    not_principals: tuple[Principal, ...] | None
    conditions: tuple[Condition, ...]
    has_variables: bool
    """Whether ``${…}`` stands for a value: only in documents of version 2012-10-17."""
    place: str
    """Where it is written: file and line, address or ARN of the policy, and its Sid or number."""
    doubted: str = ""
    """Why it is unknown whether it is written at all."""

    def __str__(self) -> str:
        return self.place


@dataclass(frozen=True, slots=True)
class Document:
    """A policy: its statements, or why they can't be read."""

    statements: tuple[Statement, ...] = ()
    unread: str = ""


def read_document(parsed: Any, where: str) -> Document:
    """Read a parsed policy; ``where`` names an invalid one. Raises Unresolved."""
    elements = read_elements(parsed, where)
    if unknown := set(elements) - {"version", "id", "statement"}:
        raise Unresolved(where, f"has the element {min(unknown)!r}, which no policy has")
    version = elements.get("version", "2008-10-17")
    if not isinstance(version, str) or version not in _VERSIONS:
        raise Unresolved(where, f"has the version {version!r}; write 2012-10-17")
    if "statement" not in elements:
        raise Unresolved(where, "is not a policy document: it has no Statement")
    found = elements["statement"]
    items = found if isinstance(found, list) else [found]
    return Document(tuple(_read_statement(one, where, n, _VERSIONS[version]) for n, one in enumerate(items, start=1)))


def read_identity_document(parsed: Any, where: str) -> Document:
    """Read a parsed policy of a user, role or group, which must have resources and no principals. Raises Unresolved."""
    document = read_document(parsed, where)
    for one in document.statements:
        if one.principals is not None or one.not_principals is not None:
            raise Unresolved(one.place, "names a principal, as only the policy of a resource does")
        if one.resources is None and one.not_resources is None:
            raise Unresolved(one.place, "has neither Resource nor NotResource")
    return document


def _read_statement(item: Any, where: str, number: int, has_variables: bool) -> Statement:
    elements = read_elements(item, where)
    place = f"{where} {elements.get('sid') or f'statement {number}'}"
    if unknown := set(elements) - _ELEMENTS:
        raise Unresolved(place, f"has the element {min(unknown)!r}, which no statement has")
    if elements.get("effect") not in ("Allow", "Deny"):
        raise Unresolved(place, f"has the effect {elements.get('effect')!r}")
    for name in ("action", "resource", "principal"):
        if name in elements and f"not{name}" in elements:
            raise Unresolved(place, f"has both {name.title()} and Not{name.title()}")
    if not {"action", "notaction"} & set(elements):
        raise Unresolved(place, "has neither Action nor NotAction")
    return Statement(
        allows=elements["effect"] == "Allow",
        actions=_list_texts(elements, "action", place),
        not_actions=_list_texts(elements, "notaction", place),
        resources=_list_texts(elements, "resource", place),
        not_resources=_list_texts(elements, "notresource", place),
        principals=_list_principals(elements, "principal", place),
        not_principals=_list_principals(elements, "notprincipal", place),
        conditions=tuple(_list_conditions(elements.get("condition") or {}, place)),
        has_variables=has_variables,
        place=place,
    )


def _list_texts(elements: Mapping[str, Any], name: str, place: str) -> tuple[str, ...] | None:
    return read_texts(elements[name], place) if name in elements else None


def _list_principals(elements: Mapping[str, Any], name: str, place: str) -> tuple[Principal, ...] | None:
    if name not in elements:
        return None
    value = elements[name]
    if not isinstance(value, Mapping):
        return tuple(Principal("*", text) for text in read_texts(value, place))
    return tuple(Principal(str(kind), text) for kind, texts in value.items() for text in read_texts(texts, place))


def _list_conditions(value: Any, place: str) -> Iterator[Condition]:
    for operator, tests in _list_pairs(value, place):
        for key, values in _list_pairs(tests, place):
            yield Condition(operator, key.lower(), read_texts(values, place))


def _list_pairs(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, Mapping):
        raise Unresolved(place, f"has the condition {value!r}, which is not an object")
    yield from ((str(key), item) for key, item in value.items())


# ── The policies of all resources of a service, joined to one: each statement covers the resources it belongs to


def join(documents: Sequence[Document]) -> Document:
    """Return several policies joined to one."""
    unread = "; ".join(one.unread for one in documents if one.unread)
    return Document(tuple(statement for one in documents for statement in one.statements), unread)


def leave_open(reason: str, arns: Sequence[str], actions: Sequence[str] = ("*",), *, denies: bool = True) -> Document:
    """Return a policy that may allow anybody some actions on some things and, unless it never does, may deny them."""
    effects = ("Allow", "Deny") if denies else ("Allow",)
    written = [{"Effect": one, "Principal": "*", "Action": [*actions], "Resource": "*"} for one in effects]
    statements = read_document({"Statement": written}, reason).statements
    return Document(tuple(pin(replace(one, doubted=reason), arns) for one in statements))


def pin(statement: Statement, arns: Sequence[str]) -> Statement:
    """Return a statement about the things it belongs to: ``*`` means those alone."""
    if statement.not_resources is not None or statement.resources not in (None, ("*",)):
        return statement
    return replace(statement, resources=(*arns, *[f"{arn}/*" for arn in arns if ":s3:" in arn]))
