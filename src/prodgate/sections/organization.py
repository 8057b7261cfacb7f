"""The [organization] section: what the organization of the account denies to all of it, for goals about principals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..iam.account import EVERYTHING, Organization
from ..iam.documents import Document, read_document
from ..semantics.json_texts import read_json
from ..semantics.unresolved import Unresolved
from .validation import key_mistakes

#: The policy of AWS that stands at each level until somebody takes it off.
FULL_ACCESS: Final = "FullAWSAccess"
_KEYS: Final = ("service_control_policies", "resource_control_policies")
_EXAMPLE: Final = '[["FullAWSAccess", \'{"Version": "2012-10-17", "Statement": …}\'], ["FullAWSAccess"]]'


def parse_organization(table: Mapping[str, Any]) -> Organization:
    """Read a section that has no mistakes."""
    scps, rcps = (tuple(tuple(_read_level(key, n, level)) for n, level in _list_levels(table, key)) for key in _KEYS)
    return Organization(scps=scps, rcps=rcps)


def organization_mistakes(table: Any) -> Iterator[str]:
    """Say what is wrong with the section, one line each."""
    if not isinstance(table, dict) or not table:
        yield f"organization: is {table!r}; write [organization] with service_control_policies = {_EXAMPLE}"
        return
    yield from key_mistakes("organization", table, _KEYS)
    for key in _KEYS:
        if not isinstance(levels := table.get(key, []), list) or not all(isinstance(one, list) for one in levels):
            yield f"organization.{key}: is {levels!r}; write a list for each level, the root's first: {_EXAMPLE}"
            continue
        for number, level in _list_levels(table, key):
            try:
                found = [*_read_level(key, number, level)]
            except (Unresolved, ValueError, RecursionError) as error:
                yield f"organization.{key}: {error}; write each policy as JSON in a text, or {FULL_ACCESS!r}"
                continue
            if key == _KEYS[0] and not any(one.allows for each in found for one in each.statements):
                yield f"organization.{key}: level {number} allows nothing; name {FULL_ACCESS!r} in it, as AWS does"


def _list_levels(table: Mapping[str, Any], key: str) -> Iterator[tuple[int, list[Any]]]:
    yield from enumerate(table.get(key, ()), start=1)


def _read_level(key: str, number: int, level: list[Any]) -> Iterator[Document]:
    for place, text in enumerate(level, start=1):
        if text == FULL_ACCESS:
            yield EVERYTHING
            continue
        where = f"{key} level {number} policy {place}"
        if not isinstance(text, str):
            raise Unresolved(where, f"is {text!r}")
        yield read_document(_parse(text, where), where)


def _parse(text: str, where: str) -> Any:
    try:
        return read_json(text)
    except (ValueError, RecursionError) as error:
        raise Unresolved(where, f"is no JSON: {error}") from None
