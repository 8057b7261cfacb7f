"""Secrets in the events of Playwright's traces: by their place in calls, requests and snapshots of pages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from .bodies import find_in_element, find_in_text
from .places import (
    Found,
    find_in_address,
    find_in_cookie,
    find_in_header,
    find_named,
    is_secret_header,
    is_secret_parameter,
    is_typed_name,
    leaves,
)
from .redaction import SECRET, TYPED, Redaction

#: Methods that type, and the parameter with what they type; a key that writes nothing stays.
_TYPING: Final = {
    "fill": "value", "type": "text", "insertText": "text", "keyboardType": "text", "keyboardInsertText": "text",
    "keyboardInsert": "text", "press": "key", "keyboardPress": "key", "keyboardDown": "key", "accept": "promptText",
}  # fmt: skip
_LOGGED: Final = re.compile(r'((?:fill|type|insertText)\()".*"|(press\()".(?=")"', re.DOTALL)
#: Lists of names and values: cookies and what pages store, all of it; and fields of forms and addresses.
_STORED: Final = ("cookies", "localStorage", "sessionStorage", "indexedDB")
_FIELDS: Final = ("queryString", "params", "formData", "multipartData")
#: Members of events by which a player finds its way, as long as they are of that form.
_STRUCTURE: Final = frozenset({
    "type", "callId", "class", "method", "pageId", "frameId", "phase", "pageref", "parentId", "stepId", "messageType",
    "browserName", "origin", "platform", "sdkLanguage", "playwrightVersion", "testIdAttributeName", "snapshotName",
    "beforeSnapshot", "afterSnapshot", "inputSnapshot", "contextId", "doctype",
})  # fmt: skip
_FILES: Final = ("_file", "file", "sha1", "_sha1")
_IDENTIFIER: Final = re.compile(r"[\w@.:/-]{1,120}")
_WORD: Final = re.compile(r"[A-Za-z_]{1,40}")
#: Attributes with what is in a field, and kinds of field that hold nothing that was typed.
_VALUES: Final = ("__playwright_value_", "value")
_UNTYPED: Final = ("submit", "button", "reset", "image", "checkbox", "radio", "range", "color")


def find_typed(events: list[Any]) -> Iterator[str]:
    """Yield what was typed by the calls of a trace; keys pressed one after the other are one text."""
    pressed = ""
    for event in events:
        method, given = str(event.get("method")), event.get("params")
        if not isinstance(given, Mapping) or event.get("type") not in ("before", "action"):
            continue
        text = given.get(_TYPING.get(method, ""))
        key = _TYPING.get(method) == "key"
        if key and isinstance(text, str) and len(text) == 1:
            pressed += text
            continue
        yield from [pressed] if pressed else []
        pressed = ""
        yield from [text] if isinstance(text, str) and not key else []
    yield from [pressed] if pressed else []


def find_in_event(value: Any, key: str = "") -> Iterator[Found]:
    """Yield the secrets in a part of an event that stands under a key, found by their places."""
    if isinstance(value, list):
        if _is_element(value):
            yield from _find_in_element(value[0], value[1])
        for inner in value:
            yield from find_in_event(inner, key)
    elif isinstance(value, Mapping):
        yield from _find_in_pair(value, key)
        for name, inner in value.items():
            if key == "headers" and isinstance(inner, str):
                yield from find_in_header(name, inner)
            yield from find_in_event(inner, name)
    elif isinstance(value, str) and key not in _STRUCTURE:
        yield from find_named(key, value)
        if "://" in value:
            yield from find_in_address(value)
        if len(value) > 7 and any(sign in value for sign in "=:{<"):
            yield from find_in_text(value, sent=False)


def _find_in_pair(value: Mapping[str, Any], key: str) -> Iterator[Found]:
    """Yield the secret of a header, a cookie, a field or a member that is written as its name and its value."""
    name, text = value.get("name", value.get("k")), value.get("value", value.get("v"))
    if isinstance(text, Mapping):  # a value of a script, by its type
        text = text.get("s", text.get("n"))
    if not isinstance(name, str) or not isinstance(text, (str, int)):
        return
    text = str(text)
    if key in _STORED:
        yield from find_in_cookie(text)
        yield from ((leaf, False) for leaf in leaves(text))
    elif key in _FIELDS:
        yield from [(text, is_typed_name(name))] if is_secret_parameter(name, text) else []
        yield from find_in_text(text, sent=True) if text[:1] in ("{", "[") else ()
    elif key == "headers" or is_secret_header(name):
        yield from find_in_header(name, text)
    yield from find_named(name, text, sent=True)


def _is_element(value: list[Any]) -> bool:
    return len(value) > 1 and isinstance(value[0], str) and isinstance(value[1], Mapping)


def _find_in_element(tag: str, given: Mapping[str, Any]) -> Iterator[Found]:
    texts = {name: text for name, text in given.items() if isinstance(text, str)}
    if value := texts.get("__playwright_value_"):
        names = (texts.get(name, "") for name in ("type", "name", "id", "autocomplete", "aria-label", "placeholder"))
        yield value, any(is_typed_name(name) or name == "password" for name in names)
    yield from find_in_element(tag, texts)


def redact_event(value: Any, known: Redaction, key: str = "", depth: int = 0) -> Any:
    """Return a part of an event without secrets, and such that a trace can still be played."""
    if isinstance(value, list):
        if _is_element(value):
            value = _redact_element(value)
            return [value[0], *(redact_event(inner, known, key, depth + 1) for inner in value[1:])]
        return [redact_event(inner, known, key, depth + 1) for inner in value]
    if isinstance(value, Mapping):
        return {
            name if _WORD.fullmatch(name) else known.redact_text(name): inner
            if depth < 2 and name in _STRUCTURE and isinstance(inner, str) and _IDENTIFIER.fullmatch(inner)
            else inner
            if name in _FILES and isinstance(inner, str) and _IDENTIFIER.fullmatch(inner)
            else redact_event(inner, known, name, depth + 1)
            for name, inner in _redact_places(value, key).items()
        }
    return known.redact_json(value)


def _redact_places(value: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return a part of an event without what stands where a secret or what was typed stands."""
    made, name = dict(value), value.get("name")
    if isinstance(name, str) and isinstance(value.get("value"), str):
        secret = (
            key in _STORED or is_secret_header(name) or (key in _FIELDS and is_secret_parameter(name, value["value"]))
        )
        made |= {"value": SECRET} if secret else {}
    typed, params = _TYPING.get(str(value.get("method")), ""), value.get("params")
    if typed and isinstance(params, Mapping) and (typed != "key" or len(str(params.get(typed))) == 1):
        made["params"] = {**params, typed: TYPED} if typed in params else params
    if value.get("type") == "log":
        made["message"] = _LOGGED.sub(lambda found: f'{found[1] or found[2]}"{TYPED}"', str(value.get("message")))
    for each, text in value.items():
        if isinstance(text, str) and text and (is_typed_name(each) or (key == "headers" and is_secret_header(each))):
            made[each] = SECRET
    if "payloads" in value:  # files that were uploaded
        made["payloads"] = []
    return made


def _redact_element(element: list[Any]) -> list[Any]:
    """Return an element of a snapshot without what is in it if it is a field."""
    tag, given, *children = element
    fields = tag.upper() in ("INPUT", "TEXTAREA") and str(given.get("type", "")).lower() not in _UNTYPED
    if fields:
        given = {name: TYPED if name in _VALUES and text else text for name, text in given.items()}
    if tag.upper() == "TEXTAREA" or str(given.get("contenteditable", "false")).lower() not in ("false", "inherit"):
        children = [TYPED if isinstance(each, str) and each.strip() else each for each in children]
    return [tag, given, *children]
