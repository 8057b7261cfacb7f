"""IAM policy documents: statements in one form, whatever form they are written in.

Reading widens and never narrows: ``NotAction``, ``NotResource`` and ``NotPrincipal`` of an Allow count as everything,
those of a Deny as nothing. A document that can't be read whole raises Unresolved, so that no judgement rests on a part.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache
from string import whitespace
from typing import Any, Final

from .unresolved import Unknown, UnknownPart, Unresolved

__all__ = ["Principal", "Statement", "read_statements"]

_ACCOUNT: Final = re.compile(r"(?:arn:[\w-]+:(?:iam|sts)::)?(\d{12})(?::.*)?")
#: Operators under which a request is matched only when it carries the key with one of the values.
_RESTRICTING: Final = frozenset(
    {"stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike", "bool", "ipaddress"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Principal:
    """The principal of a statement: ``kind`` is AWS, Service, Federated, CanonicalUser or * for anybody."""

    kind: str
    name: str

    @property
    def is_anybody(self) -> bool:
        """Whether this is everybody on the internet, signed in to AWS or not."""
        return self.kind in ("*", "AWS") and self.name in ("*", "arn:aws:iam::*:root")

    @property
    def account(self) -> str:
        """The twelve digits of the AWS account it belongs to, or nothing for a service or an identity provider."""
        found = _ACCOUNT.fullmatch(str(self.name)) if self.kind == "AWS" else None
        return found[1] if found else ""


@dataclass(frozen=True, slots=True)
class Condition:
    """One test of a statement. ``operator`` and ``key`` are in lower case: neither is case-sensitive to IAM."""

    operator: str
    key: str
    values: tuple[str, ...]

    @property
    def restricts(self) -> bool:
        """Whether requests without the key, or with another value than those listed, are not matched."""
        operator = self.operator.removeprefix("foranyvalue:")
        return operator in _RESTRICTING and bool(self.values) and not any(map(_is_open, self.values))

    @property
    def restricts_if_given(self) -> bool:
        """Whether requests that carry the key with another value than those listed are not matched."""
        return replace(self, operator=self.operator.removeprefix("forallvalues:").removesuffix("ifexists")).restricts


@dataclass(frozen=True, slots=True)
class Statement:
    """What is allowed or denied to whom on what. Actions are in lower case; all may hold ``*`` and ``?``."""

    allows: bool
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    principals: tuple[Principal, ...]
    conditions: tuple[Condition, ...] = ()
    sid: str = ""

    def covers(self, *actions: str) -> tuple[str, ...]:
        """Return those of its actions that reach one of the given ones; both sides may hold wildcards."""
        wanted = tuple(action.lower() for action in actions)
        return tuple(own for own in self.actions if any(overlap(own, other) for other in wanted))

    def pinned(self, *keys: str) -> tuple[str, ...]:
        """Return the values to which a restricting condition pins one of the keys; a key may end in ``*``."""
        return tuple(value for one in self._on(keys) if one.restricts for value in one.values)

    def pinned_if_given(self, *keys: str) -> tuple[str, ...]:
        """Return the values that one of the keys must have where a request carries it; a key may end in ``*``."""
        return tuple(value for one in self._on(keys) if one.restricts_if_given for value in one.values)

    def _on(self, keys: Iterable[str]) -> Iterator[Condition]:
        wanted = [key.lower() for key in keys]
        return (one for one in self.conditions if any(fnmatchcase(one.key, key) for key in wanted))

    def __str__(self) -> str:
        return self.sid or f"{_list_known(self.actions[:3])} on {_list_known(self.resources[:2]) or 'this resource'}"


def read_statements(parsed: Any, where: str) -> tuple[Statement, ...]:
    """Read a parsed document; ``where`` is named when it isn't one. Raises Unresolved."""
    if parsed is None:
        return ()
    elements = read_elements(parsed, where)
    if "statement" not in elements:
        raise Unresolved(where, "is not a policy document: it has no Statement")
    found = elements["statement"]
    items = found if isinstance(found, list) else [found]
    return _put_known_first(_statement(item, where) for item in items)


@cache
def overlap(left: str, right: str) -> bool:
    """Whether some text matches both patterns.

    >>> overlap("iam:*", "iam:passrole"), overlap("s3:get*", "s3:*object"), overlap("s3:put*", "s3:get*")
    (True, True, False)
    """
    if not left or not right:
        return not (left + right).strip("*")
    if left[0] == "*":
        return overlap(left[1:], right) or overlap(left, right[1:])
    if right[0] == "*":
        return overlap(right, left)
    return (left[0] == right[0] or "?" in (left[0], right[0])) and overlap(left[1:], right[1:])


def read_elements(value: Any, where: str) -> dict[str, Any]:
    """Return the elements of an object by their names in lower case. Raises Unresolved."""
    if not isinstance(value, Mapping):
        raise Unresolved(where, f"is not a policy document: {value!r} stands where an object must")
    elements = {str(key).lower(): item for key, item in value.items()}
    if len(elements) < len(value):
        raise Unresolved(where, "holds an element twice, in other capitals")
    return elements


def _statement(item: Any, where: str) -> Any:
    elements: Mapping[str, Any] = {"effect": item} if isinstance(item, Unknown) else read_elements(item, where)
    if isinstance(elements.get("effect"), Unknown):
        return _part(elements["effect"], where)
    if elements.get("effect") not in ("Allow", "Deny"):
        raise Unresolved(where, f"has a statement with the effect {elements.get('effect')!r}")
    allows = elements["effect"] == "Allow"
    beside: tuple[str, ...] = ("*",) if allows else ()
    if not {"action", "notaction"} & set(elements):
        raise Unresolved(where, "has a statement without Action")
    actions = beside if "notaction" in elements else _read_actions(elements["action"], where)
    return Statement(
        allows=allows,
        actions=actions,
        resources=beside if "notresource" in elements else read_texts(elements.get("resource", ()), where),
        principals=_principals("*" if allows else (), where)
        if "notprincipal" in elements
        else _principals(elements.get("principal", ()), where),
        conditions=tuple(_conditions(elements.get("condition") or {}, where)),
        sid=_list_known([elements.get("sid") or ""]),
    )


def _read_actions(value: Any, where: str) -> tuple[str, ...]:
    actions = read_texts(value, where)
    known = [each for each in actions if isinstance(each, str)]
    odd = next((each for each in known if not each or set(each) & set(whitespace)), None)
    if odd is not None:
        raise Unresolved(where, f"has a statement with the action {odd!r}, which AWS refuses")
    return (*(each.lower() for each in known), *actions[len(known) :])


def _principals(value: Any, where: str) -> tuple[Principal, ...]:
    if isinstance(value, Unknown):
        return (_part(value, where),)
    if isinstance(value, Mapping):
        named = [Principal(str(kind), name) for kind, names in value.items() for name in read_texts(names, where)]
        return tuple(sorted(named, key=lambda each: isinstance(each.name, Unknown)))
    return tuple(Principal("*", name) for name in read_texts(value, where))


def _conditions(value: Any, where: str) -> Iterable[Any]:
    if isinstance(value, Unknown):
        yield _part(value, where)
        return
    if not isinstance(value, Mapping):
        raise Unresolved(where, f"has the condition {value!r}, which is not an object")
    for operator, tests in value.items():
        if isinstance(tests, Unknown):
            yield _part(tests, where)
            continue
        if not isinstance(tests, Mapping):
            raise Unresolved(where, f"has the condition {tests!r}, which is not an object")
        for key, values in tests.items():
            yield Condition(str(operator).lower(), str(key).lower(), read_texts(values, where))


def read_texts(value: Any, where: str) -> tuple[str, ...]:
    """Return a text or a list of texts as texts; numbers and truth values count as texts. Raises Unresolved."""
    if isinstance(value, Unknown):
        return (_part(value, where),)
    if isinstance(value, (str, bool, int, float)):
        return (str(value).lower() if isinstance(value, bool) else str(value),)
    if isinstance(value, Sequence) and all(isinstance(item, (str, bool, int, float, Unknown)) for item in value):
        return _put_known_first(text for item in value for text in read_texts(item, where))
    raise Unresolved(where, f"holds {value!r} where a text or a list of texts must stand")


def _part(unknown: Unknown, where: str) -> Any:
    return UnknownPart(f"{where} {unknown.reason}")


def _put_known_first(found: Iterable[Any]) -> tuple[Any, ...]:
    """Return parts of a document in order, but the unknown ones last: a fault before them is certain."""
    return tuple(sorted(found, key=lambda each: isinstance(each, Unknown)))


def _list_known(parts: Iterable[Any]) -> str:
    return ", ".join(each for each in parts if isinstance(each, str))


def _is_open(value: str) -> bool:
    """Whether a condition value admits any account: nothing but wildcards, or an ARN with a wildcard for account.

    A wildcard reaches over colons, so that ``arn:aws:iam::*`` is an ARN of any account and kind.
    """
    fields = value.split(":")
    if fields[0] == "arn" and (len(fields) >= 6 or "*" in fields[-1]):
        fields += ["*"] * (6 - len(fields))
        return "*" in fields[4][:12] or (not fields[4] and not fields[5].strip("*?"))
    return not value.strip("*?:/") or value in ("0.0.0.0/0", "::/0")
