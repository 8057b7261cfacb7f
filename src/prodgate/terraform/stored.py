"""A configuration as evidence: what is written down when it is observed, and read back when it is judged again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .reading import REDACTED, UNKNOWN, Unknown
from .resources import Configuration, Gap, Origin, Position, Resource

_MARKS: Final = {"unknown": UNKNOWN, "redacted": REDACTED}
_MARK: Final = "$prodgate"


def to_json(configuration: Configuration) -> dict[str, Any]:
    """Return the configuration as JSON values; sensitive arguments are replaced by a mark."""
    return {
        "root": configuration.root,
        "engine": configuration.engine,
        "notes": list(configuration.notes),
        "gaps": [
            {"subject": gap.subject, "reason": gap.reason, "position": str(gap.position or "")}
            for gap in configuration.gaps
        ],
        "resources": [_resource(resource) for resource in configuration.resources],
    }


def from_json(data: Mapping[str, Any]) -> Configuration:
    """Rebuild a configuration that ``to_json`` wrote; sensitive arguments come back as REDACTED."""
    return Configuration(
        root=data["root"],
        engine=data["engine"],
        notes=data["notes"],
        gaps=[Gap(gap["subject"], gap["reason"], _position(gap["position"])) for gap in data["gaps"]],
        resources=[_rebuilt(resource) for resource in data["resources"]],
    )


def _resource(resource: Resource) -> dict[str, Any]:
    values = {name: REDACTED if name in resource.sensitive else value for name, value in resource.values.items()}
    origin = resource.origin
    return {
        "address": resource.address,
        "type": resource.type,
        "name": resource.name,
        "mode": resource.mode,
        "module": resource.module,
        "values": _marked(values),
        "references": {name: list(targets) for name, targets in resource.references.items()},
        "sensitive": sorted(resource.sensitive),
        "block": str(origin.block) if origin else "",
        "arguments": {path: list(map(str, places)) for path, places in origin.arguments.items()} if origin else {},
    }


def _rebuilt(data: Mapping[str, Any]) -> Resource:
    block = _position(data["block"])
    arguments = {path: tuple(filter(None, map(_position, places))) for path, places in data["arguments"].items()}
    return Resource(
        address=data["address"],
        type=data["type"],
        name=data["name"],
        mode=data["mode"],
        module=data["module"],
        values=_unmarked(data["values"]),
        references={name: tuple(targets) for name, targets in data["references"].items()},
        sensitive=frozenset(data["sensitive"]),
        origin=Origin(block, arguments) if block else None,
    )


def _position(text: str) -> Position | None:
    file, _, line = text.rpartition(":")
    return Position(file, int(line)) if file else None


def _marked(value: Any) -> Any:
    if isinstance(value, Unknown):
        return {_MARK: "redacted" if value is REDACTED else "unknown"}
    if isinstance(value, Mapping):
        return {key: _marked(item) for key, item in value.items()}
    return [_marked(item) for item in value] if isinstance(value, list | tuple) else value


def _unmarked(value: Any) -> Any:
    if isinstance(value, Mapping):
        if len(value) == 1 and value.get(_MARK) in _MARKS:
            return _MARKS[value[_MARK]]
        return {key: _unmarked(item) for key, item in value.items()}
    return [_unmarked(item) for item in value] if isinstance(value, list) else value
