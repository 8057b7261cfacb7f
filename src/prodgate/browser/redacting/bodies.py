"""Secrets in what was sent and answered: JSON, forms, pages, XML and scripts, found by the names they stand under."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, Final
from urllib.parse import parse_qsl

from .escapes import unescape
from .places import (
    Found,
    find_in_address,
    find_in_header,
    find_named,
    is_secret_header,
    is_secret_parameter,
    is_typed_name,
)
from .writing import decompress

_MEMBER: Final = re.compile(
    r"""["']?(?P<name>[\w$.\[\]@:-]{2,60})["']?\s*(?:[:=]|=>)\s*(?:"(?P<double>(?:[^"\\\n]|\\.){1,4096})"|'(?P<single>(?:[^'\\\n]|\\.){1,4096})'|`(?P<tick>[^`]{1,4096})`"""
    r"""|(?P<number>\d{3,19})\b)"""
)
_PART: Final = re.compile(
    r'name="(?P<name>[^"\r\n]+)"[^\r\n]*\r?\n(?:[^\r\n]+\r?\n)*\r?\n(?P<value>.*?)\r?\n--', re.DOTALL
)
_ELEMENT: Final = re.compile(
    r"<(?:[\w-]+:)?(?P<name>[\w.-]+)\b[^<>]*>(?:<!\[CDATA\[)?(?P<value>[^<>]{1,4096}?)(?:\]\]>)?</"
)
_TAG: Final = re.compile(r"<(?P<tag>[a-zA-Z][\w-]*)\b(?P<rest>(?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>")
_ATTRIBUTE: Final = re.compile(
    r"""(?P<name>[^\s"'<>/=]+)\s*=\s*(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s"'<>]+))"""
)
_ADDRESS: Final = re.compile(r"(?:https?://|/|\?|#)[^\s\"'<>\\]*[?#=][^\s\"'<>\\]*")
_LINE: Final = re.compile(r"^[ \t>*<-]*(?P<name>[A-Za-z][\w-]{1,60}):[ \t]+(?P<value>\S[^\r\n]{0,4096})$", re.MULTILINE)
#: Characters of a text from which on it is looked into for names and values: a query of GraphQL, a page, more JSON.
_SHORTEST_PAIR: Final = 7
_FORM: Final = re.compile(r"[^\s=&]+=[^\s&]*(?:&[^\s=&]+=[^\s&]*)*")
#: Attributes that name a field, and those that hold no secret of their own.
_NAMING: Final = ("name", "id", "property", "autocomplete", "aria-label", "placeholder")
_ORDINARY: Final = (
    *_NAMING,
    "value",
    "content",
    "type",
    "class",
    "style",
    "d",
    "href",
    "src",
    "srcset",
    "for",
    "integrity",
)


def find_in_body(data: bytes, *, sent: bool) -> Iterator[Found]:
    """Yield the secrets in a body, in whatever character set it is. What a person ``sent`` is taken as it is."""
    for inner in decompress(data):
        yield from find_in_body(inner, sent=sent)
    wide = data[:2] in (b"\xff\xfe", b"\xfe\xff") or data[:400].count(0) > len(data[:400]) // 3
    charsets = ("utf-16",) if wide else ("utf-8", "cp932", "euc_jp")
    texts = {data.decode(charset, "ignore") for charset in charsets}
    # forms in another character set, and JSON within JSON
    texts |= {unescape(data).decode(charset, "ignore") for charset in charsets}
    for text in texts:
        yield from find_in_text(text, sent=sent)


def find_in_text(text: str, *, sent: bool) -> Iterator[Found]:
    """Yield the secrets in a text."""
    with suppress(ValueError, RecursionError):  # it is something else
        yield from find_in_json(json.loads(text.lstrip(")]}',\n")), sent=sent)
    if _FORM.fullmatch(text.strip()):
        for name, value in parse_qsl(text.strip()):
            yield from [(value, is_typed_name(name))] if is_secret_parameter(name, value) else []
            yield from find_in_text(value, sent=sent) if value[:1] in ("{", "[") else ()
    for match in _MEMBER.finditer(text):
        value = match["double"] or match["single"] or match["tick"] or match["number"]
        yield from find_named(match["name"], value, sent=sent)
    for match in _LINE.finditer(text):
        if is_secret_header(match["name"]) and ":" not in match["value"][:2]:
            yield from find_in_header(match["name"], match["value"])
    for pattern in (_PART, _ELEMENT):
        for match in pattern.finditer(text):
            yield from find_named(match["name"], html.unescape(match["value"]), sent=sent or pattern is _PART)
    yield from _find_in_tags(text)
    for url in _ADDRESS.findall(text):
        yield from find_in_address(html.unescape(url))


def find_in_json(value: Any, name: str = "", *, sent: bool) -> Iterator[Found]:
    """Yield the secrets in JSON: members by their names, and what looks like nothing but a secret."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from find_in_json(inner, str(key), sent=sent)
        named, text = value.get("name", value.get("key")), value.get("value")
        if isinstance(named, str) and isinstance(text, str):
            yield from find_named(named, text, sent=sent)
    elif isinstance(value, list):
        for inner in value:
            yield from find_in_json(inner, name, sent=sent)
    elif isinstance(value, (str, int)) and not isinstance(value, bool):
        yield from find_named(name, str(value), sent=sent)
        if isinstance(value, str) and len(value) > _SHORTEST_PAIR and any(sign in value for sign in "=:{<"):
            yield from find_in_text(value, sent=sent)


def _find_in_tags(text: str) -> Iterator[Found]:
    for match in _TAG.finditer(text):
        pairs = _ATTRIBUTE.finditer(match["rest"])
        given = {
            each["name"].lower(): html.unescape(each["double"] or each["single"] or each["bare"] or "")
            for each in pairs
        }
        yield from find_in_element(match["tag"], given)


def find_in_element(tag: str, given: Mapping[str, str]) -> Iterator[Found]:
    """Yield the secrets in the attributes of an element."""
    value = given.get("value") or given.get("content") or ""
    if given.get("type", "").lower() == "password" and value:
        yield value, True
    for naming in _NAMING:
        yield from find_named(given.get(naming, ""), value, sent=tag.lower() == "input") if value else ()
    for name, text in given.items():
        if name not in _ORDINARY:
            yield from find_named(name, text)
