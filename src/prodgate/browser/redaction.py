"""Redacts passwords, tokens and cookies from texts, JSON and Playwright's traces."""

from __future__ import annotations

import base64
import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, quote_plus

from ..semantics.secret_forms import find_secret, redact_credentials, redaction

#: A shorter text is no secret, and would match everywhere.
MIN_SECRET_LENGTH: Final = 6
#: Headers whose values authenticate somebody.
_HEADERS: Final = re.compile(
    r"(?i)(set-)?cookie|(proxy-)?authorization|x-(api-key|auth-token|csrf-token|amz-security-token)"
)
_PAIR: Final = re.compile(r"([?&;#]|^)([\w.\[\]-]+)=([^&;#\s\"']+)")
#: Fields of a trace that hold typed text.
_TYPED: Final = ("value", "text", "__playwright_value_")
_ABOUT_SECRETS: Final = re.compile(r"(?i)passw|passcode|secret|token|otp|パスワード|暗証")


@dataclass(frozen=True, slots=True)
class Redaction:
    """Recognises given secrets by value, and others by their form or their name."""

    secrets: frozenset[str] = frozenset()

    def with_secrets(self, values: Iterable[str]) -> Redaction:
        """Return a redaction that knows more values."""
        return Redaction(self.secrets | {each for each in values if len(each) >= MIN_SECRET_LENGTH})

    def redact_text(self, text: str) -> str:
        """Return a text without secrets, however they are written in it."""
        for form in sorted((form for each in self.secrets for form in _forms(each)), key=len, reverse=True):
            text = text.replace(form, redaction("a secret"))
        return _PAIR.sub(_redact_pair, redact_credentials(text))

    def redact_json(self, value: Any) -> Any:
        """Return JSON without secrets."""
        if isinstance(value, str):
            return self.redact_text(value)
        if isinstance(value, Mapping):
            return {self.redact_text(key): self.redact_json(inner) for key, inner in value.items()}
        return [self.redact_json(inner) for inner in value] if isinstance(value, list) else value


def _forms(secret: str) -> set[str]:
    """Return the forms in which a secret may appear: as it is, in a URL, in JSON, in Base64 at any offset."""
    encoded = secret.encode()
    shifted = (base64.b64encode(b"\0" * by + encoded).decode()[(0, 2, 3)[by] :].rstrip("=")[:-1] for by in range(3))
    escaped = json.dumps(secret)[1:-1]
    forms = {secret, quote(secret, safe=""), quote_plus(secret), escaped, json.dumps(secret, ensure_ascii=False)[1:-1]}
    return forms | {each for each in shifted if len(each) >= MIN_SECRET_LENGTH}


def _redact_pair(match: re.Match[str]) -> str:
    kind = find_secret(match[2], match[3])
    return f"{match[1]}{match[2]}={redaction(kind)}" if kind and not match[3].startswith("(redacted") else match[0]


def redact_trace(trace: Path, known: Redaction) -> bytes:
    """Return a Playwright trace that can still be played and holds no secret.

    Cookies and credentials are found first, so that they are redacted wherever else they appear.
    """
    with zipfile.ZipFile(trace) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    events = {name: [json.loads(line) for line in data.splitlines()] for name, data in files.items() if _is_log(name)}
    known = known.with_secrets(value for lines in events.values() for line in lines for value in _find_secrets(line))
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(
                name, _redact_events(events[name], known) if name in events else _redact_resource(data, known)
            )
    return made.getvalue()


def _is_log(name: str) -> bool:
    return name.endswith((".trace", ".network", ".stacks"))


def _redact_events(lines: Iterable[Any], known: Redaction) -> str:
    return "".join(f"{json.dumps(known.redact_json(_redact_typed(line)))}\n" for line in lines)


def _redact_resource(data: bytes, known: Redaction) -> bytes:
    """Redact a file that a page fetched or sent; binary files stay as they are."""
    try:
        return known.redact_text(data.decode("utf-8")).encode()
    except UnicodeDecodeError:
        return data


def _find_secrets(value: Any) -> Iterator[str]:
    """Yield the secrets in an event, found by their position."""
    if isinstance(value, list):
        for inner in value:
            yield from _find_secrets(inner)
    if not isinstance(value, Mapping):
        return
    name, text = value.get("name"), value.get("value")
    if isinstance(name, str) and isinstance(text, str) and _HEADERS.fullmatch(name):
        yield from _find_header_secrets(text)
    for key, inner in value.items():
        if key == "cookies" and isinstance(inner, list):
            yield from (str(each.get("value", "")) for each in inner if isinstance(each, Mapping))
        elif isinstance(inner, str) and _HEADERS.fullmatch(key):
            yield from _find_header_secrets(inner)
        else:
            yield from _find_secrets(inner)
    if _is_secret_field(value):
        yield from (str(value[key]) for key in _TYPED if isinstance(value.get(key), str))


def _find_header_secrets(header: str) -> Iterator[str]:
    """Yield the secrets in a header: values of cookies, and what follows an authentication scheme."""
    for cookie in re.split(r"[;,\n]\s*", header):
        first, equals, rest = cookie.partition("=")
        yield rest.strip('"') if equals else first.split(" ")[-1]
    yield header.rpartition(" ")[2]


def _is_secret_field(value: Mapping[str, Any]) -> bool:
    """Whether this part of an event is about a field for secrets."""
    return value.get("type") == "password" or bool(_ABOUT_SECRETS.search(str(value.get("selector", ""))))


def _redact_typed(value: Any) -> Any:
    """Return an event without authenticating headers, and without text typed into fields for secrets."""
    if isinstance(value, list):
        return [_redact_typed(inner) for inner in value]
    if not isinstance(value, Mapping):
        return value
    header = isinstance(value.get("name"), str) and _HEADERS.fullmatch(value["name"]) is not None
    taken = {"value"} if header else {*_TYPED} if _is_secret_field(value) else set()
    return {
        key: redaction("a secret")
        if (key in taken and isinstance(inner, str)) or _HEADERS.fullmatch(key)
        else _redact_typed(inner)
        for key, inner in value.items()
    }
