"""Answers as evidence: plain JSON values without secrets, and back, so that a recalled answer equals the original."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from io import BytesIO
from typing import Any, Final
from zipfile import BadZipFile, ZipFile

from ..semantics.log_lines import find_kind
from ..semantics.secret_forms import credential_form, find_assignments, find_secret, redact_credentials, redaction

_TIME: Final = "$time"
#: What JSON has, too, and no secret is in.
_PLAIN: Final = frozenset({bool, float, int, type(None)})
_BYTES: Final = "$bytes"
#: Host of a subscriber's URL; the rest of it is often a secret key.
_ADDRESS: Final = re.compile(r"https?://[^/?#]+(?=[/?#])")

#: Keys below which values are settings, where the name alone can mark a secret.
_SETTINGS: Final = frozenset(
    {"environment", "Environment", "Variables", "environmentVariables", "EnvironmentVariables", "command", "entryPoint"}
    | {"dockerLabels"}
    | {"AirflowConfigurationOptions", "conf"}
    | {"Env", "Labels", "Cmd", "Entrypoint", "history"}  # of an image
    | {"options"}  # of a log driver
)

#: Keys below which every text may be a secret and which no check reads: what a load balancer recognises
#: CloudFront by, the input that a rule passes to its target. (Values of a condition on a header are hidden, too.)
_HIDDEN: Final = frozenset({"HeaderValue", "HttpParameters", "Input", "InputTransformer"})


def to_plain(answer: Any) -> Any:
    """Return an answer of boto3 as JSON values, without botocore's metadata; a body becomes its size and digest.

    What looks like a secret is replaced by a mark that ``credential_form`` recognises; the secret is never kept.
    """
    texts: dict[str, None] = {}
    value = _convert(answer, texts)
    if credential_form("\n".join(texts)):
        value = _map_texts(value, redact_credentials)
    return _redact_settings(value)


def _redact_key(key: str, value: Any, beside: Mapping[str, Any]) -> Any:
    """Return what may be kept of the value under a key."""
    if key in _SETTINGS:
        return _redact_setting(value)
    if key in _HIDDEN:
        return _map_texts(value, lambda _: redaction("not to be shown"))
    if "HttpHeaderName" in beside and key in ("Values", "RegexValues"):
        # a pattern that any value matches is no secret, and opens the way
        return _map_texts(value, lambda text: redaction("not to be shown") if text.strip("*?") else text)
    if key == "message" and "logStreamName" in beside:
        # a log: it may name people, and hold secrets of no known form; the kind of error that it tells of does neither
        return redaction(form) if (form := credential_form(str(value))) else find_kind(str(value))
    if key == "Endpoint" and (address := _ADDRESS.match(str(value))):
        return f"{address[0]}/{redaction('a path')}"
    return _redact_settings(value)


def revive(value: Any) -> Any:
    """Return the answer that ``to_plain`` converted, with times and bytes as boto3 returns them."""
    return json.loads(canonical_json(value), object_hook=_revive)


def canonical_json(value: Any) -> str:
    """Return the canonical JSON text of a plain value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _convert(value: Any, texts: dict[str, None]) -> Any:
    """Return a value of an answer as JSON values, and note every text in it: most answers hold few different ones."""
    kind = type(value)
    if kind is str:
        texts[value] = None
        return value
    if kind in _PLAIN:
        return value
    if isinstance(value, Mapping):
        stated = {str(key): item for key, item in value.items() if key != "ResponseMetadata"}
        texts.update(dict.fromkeys(stated))
        return {key: _convert(item, texts) for key, item in stated.items()}
    if isinstance(value, list | tuple):
        return [_convert(item, texts) for item in value]
    if (special := _convert_special(value)) is not None:
        return _convert(special, texts)
    return value


def _convert_special(value: Any) -> dict[str, Any] | None:
    if isinstance(value, datetime):
        return {_TIME: value.isoformat()}
    if isinstance(value, bytes):
        return {_BYTES: base64.b64encode(value).decode("ascii")}
    return _digest(value.read()) if hasattr(value, "read") else None


def _digest(data: bytes) -> dict[str, Any]:
    """Return size and digest of a body, and of an archive also the digest of each file."""
    found: dict[str, Any] = {"Sha256": hashlib.sha256(data).hexdigest(), "Size": len(data)}
    if data.startswith(b"PK\x03\x04"):
        with suppress(BadZipFile, RuntimeError, NotImplementedError), ZipFile(BytesIO(data)) as archive:
            files = [one for one in archive.infolist() if not one.is_dir()]
            found["Files"] = {one.filename: hashlib.sha256(archive.read(one)).hexdigest() for one in files}
    return found


def _revive(value: dict[str, Any]) -> Any:
    try:
        if len(value) == 1 and _TIME in value:
            return datetime.fromisoformat(value[_TIME])
        if len(value) == 1 and _BYTES in value:
            return base64.b64decode(value[_BYTES], validate=True)
    except (TypeError, ValueError):
        return value  # some other document that uses a key of this name
    return value


def _redact_settings(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _redact_key(key, item, value) for key, item in value.items()}
    return [_redact_settings(item) for item in value] if isinstance(value, list) else value


def _redact_setting(value: Any, name: str = "") -> Any:
    """Redact what is secret by its setting's name: in a map, in a list of names and values, in a command."""
    if isinstance(value, dict):
        named = str(value.get("name") or value.get("Name") or "")
        return {key: _redact_setting(item, named if key in ("value", "Value") else key) for key, item in value.items()}
    if isinstance(value, list):
        return [_redact_setting(item, name) for item in value]
    if not isinstance(value, str):
        return value
    if why := find_secret(name.rpartition(".")[2], value):
        return value if credential_form(value) else redaction(why)
    for inner, text in find_assignments(value):
        if (why := find_secret(inner, text)) and not credential_form(text):
            value = value.replace(text, redaction(why))
    return value


def _map_texts(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {change(key): _map_texts(item, change) for key, item in value.items()}
    return [_map_texts(item, change) for item in value] if isinstance(value, list) else value
