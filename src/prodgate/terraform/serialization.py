"""A configuration, and what core says of one, as evidence: written when observed, read when judged again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, Final

from ..semantics.secret_places import holds_secret
from ..semantics.unresolved import Assumed, Unknown
from .diagnostics import Diagnostic
from .handed_credentials import find_credentials
from .positions import Origin, Position
from .reading import REDACTED, UNKNOWN
from .resources import Configuration, Gap, Resource

_MARKS: Final = {"unknown": UNKNOWN, "redacted": REDACTED}
_MARK: Final = "$prodgate"


def to_json(configuration: Configuration, *, whole: bool = False) -> dict[str, Any]:
    """Return the configuration as JSON values; a mark stands for arguments that are sensitive or hold a secret.

    ``whole`` keeps these, for who judges it and keeps nothing.
    """
    return {
        "root": configuration.root,
        "engine": configuration.engine,
        "notes": list(configuration.notes),
        "gaps": [
            {"subject": gap.subject, "reason": gap.reason, "position": str(gap.position or "")}
            for gap in configuration.gaps
        ],
        "resources": [_resource_to_json(resource, whole=whole) for resource in configuration.resources],
        "providers": [_resource_to_json(block, whole=True) for block in configuration.providers],  # without values
    }


def from_json(data: Mapping[str, Any]) -> Configuration:
    """Rebuild a configuration that ``to_json`` wrote; sensitive arguments come back as REDACTED."""
    return Configuration(
        root=data["root"],
        engine=data["engine"],
        notes=data["notes"],
        gaps=[Gap(gap["subject"], gap["reason"], _parse_position(gap["position"])) for gap in data["gaps"]],
        resources=[_resource_from_json(resource) for resource in data["resources"]],
        providers=[_resource_from_json(block) for block in data.get("providers", ())],  # an older run has none
    )


def diagnostics_to_json(diagnostics: Iterable[Diagnostic]) -> list[dict[str, str]]:
    """Return what core said as JSON values."""
    return [{**asdict(each), "position": str(each.position or "")} for each in diagnostics]


def diagnostics_from_json(data: Iterable[Mapping[str, str]]) -> tuple[Diagnostic, ...]:
    """Rebuild what ``diagnostics_to_json`` wrote."""
    return tuple(
        Diagnostic(
            severity=each["severity"],
            summary=each["summary"],
            detail=each["detail"],
            position=_parse_position(each["position"]),
            address=each["address"],
        )
        for each in data
    )


def _resource_to_json(resource: Resource, *, whole: bool) -> dict[str, Any]:
    plain = {name for name, value in resource.values.items() if not whole and holds_secret(name, value)}
    hidden = resource.sensitive | plain
    values = {name: _redact(value, name in hidden and not whole) for name, value in resource.values.items()}
    origin = resource.origin
    return {
        "address": resource.address,
        "type": resource.type,
        "name": resource.name,
        "mode": resource.mode,
        "module": resource.module,
        "values": _mark_unknown(values),
        "references": {name: list(targets) for name, targets in resource.references.items()},
        "sensitive": sorted(hidden),
        "credentials": {name: list(handed) for name, handed in resource.credentials.items()},
        "provider": resource.provider,
        "block": str(origin.block) if origin else "",
        "arguments": {path: list(map(str, places)) for path, places in origin.arguments.items()} if origin else {},
    }


def _redact(value: Any, sensitive: bool) -> Any:
    """Return what is kept of an argument; one that is not set or known holds no secret, and must not look set."""
    return REDACTED if sensitive and not isinstance(value, Unknown) and value not in (None, "", [], {}) else value


def _resource_from_json(data: Mapping[str, Any]) -> Resource:
    block = _parse_position(data["block"])
    arguments = {path: tuple(filter(None, map(_parse_position, places))) for path, places in data["arguments"].items()}
    references = {name: tuple(targets) for name, targets in data["references"].items()}
    handed = data.get("credentials")  # runs of earlier versions say of which resources alone
    return Resource(
        address=data["address"],
        type=data["type"],
        name=data["name"],
        mode=data["mode"],
        module=data["module"],
        values=_unmark_unknown(data["values"]),
        references=references,
        sensitive=frozenset(data["sensitive"]),
        credentials=find_credentials(references)
        if handed is None
        else {name: tuple(each) for name, each in handed.items()},
        provider=data.get("provider", ""),
        origin=Origin(block, arguments) if block else None,
    )


def _parse_position(text: str) -> Position | None:
    file, _, line = text.rpartition(":")
    return Position(file, int(line)) if file else None


def _mark_unknown(value: Any) -> Any:
    if isinstance(value, Unknown):
        said = {} if value is UNKNOWN or value is REDACTED else {"reason": value.reason}
        return {_MARK: "redacted" if value is REDACTED else "unknown", **said}
    if isinstance(value, Assumed):
        return {_MARK: sorted(value.what), "text": str(value), "reason": value.reason}
    if isinstance(value, Mapping):
        return {key: _mark_unknown(item) for key, item in value.items()}
    return [_mark_unknown(item) for item in value] if isinstance(value, list | tuple) else value


def _unmark_unknown(value: Any) -> Any:
    if isinstance(value, Mapping):
        if len(value) == 1 and value.get(_MARK) in _MARKS:
            return _MARKS[value[_MARK]]
        if set(value) == {_MARK, "reason"} and value[_MARK] == "unknown":
            return Unknown(value["reason"])
        if len(value) == 3 and isinstance(value.get(_MARK), list):
            return Assumed(value["text"], value[_MARK], value["reason"])
        return {key: _unmark_unknown(item) for key, item in value.items()}
    return [_unmark_unknown(item) for item in value] if isinstance(value, list) else value
