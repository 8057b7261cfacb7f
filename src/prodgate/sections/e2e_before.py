"""What is done before a page is looked at, such as the consent that a first visitor is asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from .validation import is_text_list, key_mistakes

_KEYS: Final = ("cookies", "headers", "click")
_NAME: Final = re.compile(r"[\w!#$%&'*+.^`|~-]+")
_CLICK: Final = re.compile(r"[a-z]+: ?\S.*")
#: What may be the value of a cookie (RFC 6265) and of a header, in ASCII.
_VALUES: Final = {"cookies": re.compile(r"[!#-+\--:<-\[\]-~]*"), "headers": re.compile(r"[ -~]*")}
_EXAMPLES: Final = {"cookies": 'consent = "all"', "headers": 'X-Consent = "all"'}


@dataclass(frozen=True, slots=True, kw_only=True)
class BeforeVisits:
    """What [e2e.before] states."""

    cookies: Mapping[str, str] = field(default_factory=dict)
    """Cookies that a visitor brings, by name."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers that are sent with every request of a visit."""
    click: tuple[tuple[str, str], ...] = ()
    """What is pressed once a page is at rest, where it is shown: each a role and a name."""


def parse_before(table: Mapping[str, Any]) -> BeforeVisits:
    """Read a table that has no mistakes."""
    pairs = (text.partition(":") for text in table.get("click", ()))
    return BeforeVisits(
        cookies=table.get("cookies", {}),
        headers=table.get("headers", {}),
        click=tuple((role.strip(), name.strip()) for role, _, name in pairs),
    )


def before_mistakes(table: Any) -> Iterator[str]:
    """Say what is wrong with [e2e.before], one line each."""
    if not isinstance(table, dict):
        yield f'e2e.before: is {table!r}; write [e2e.before] with click = ["button: Accept all"]'
        return
    yield from key_mistakes("e2e.before", table, _KEYS)
    for key, example in _EXAMPLES.items():
        given = table.get(key, {})
        if not isinstance(given, dict):
            yield f"e2e.before.{key}: is {given!r}; write {{ {example} }}"
            continue
        for name, value in given.items():
            if not _NAME.fullmatch(name) or not isinstance(value, str) or not _VALUES[key].fullmatch(value):
                said = f"{name} = {value!r} can't be sent"
                yield f"e2e.before.{key}: {said}; write a name and a text of one line, e.g. {example}"
    click = table.get("click", [])
    if not is_text_list(click) or not all(_CLICK.fullmatch(each) for each in click):
        yield f"e2e.before.click: is {click!r}; write roles with names, e.g. ['button: Accept all']"
