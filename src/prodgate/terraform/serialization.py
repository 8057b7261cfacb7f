"""A configuration, and what core says of one, as evidence: written when observed, read when judged again."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, Final

from ..semantics.secret_forms import find_secrets, is_redacted, redaction
from ..semantics.secret_places import REDACTOR
from ..semantics.unresolved import Assumed, Unknown
from .diagnostics import Diagnostic
from .positions import Origin, Position
from .references import find_credentials
from .resources import REDACTED, UNKNOWN, Configuration, Gap, Resource

_MARKS: Final = {"unknown": UNKNOWN, "redacted": REDACTED}
_MARK: Final = "$prodgate"


def to_json(configuration: Configuration) -> dict[str, Any]:
    """Return the configuration as JSON values; a mark stands for arguments that are sensitive, and for each secret."""
    return {
        "root": configuration.root,
        "engine": configuration.engine,
        "notes": list(configuration.notes),
        "gaps": [
            {
                "subject": gap.subject,
                "reason": gap.reason,
                "position": str(gap.position or ""),
                "given": list(gap.given),
            }
            for gap in configuration.gaps
        ],
        "resources": [_resource_to_json(resource) for resource in configuration.resources],
        "providers": [_resource_to_json(block) for block in configuration.providers],
    }


def from_json(data: Mapping[str, Any]) -> Configuration:
    """Rebuild a configuration that ``to_json`` wrote; sensitive arguments come back as REDACTED."""
    return Configuration(
        root=data["root"],
        engine=data["engine"],
        notes=data["notes"],
        gaps=[_gap_from_json(gap) for gap in data["gaps"]],
        resources=[_resource_from_json(resource) for resource in data["resources"]],
        providers=[_resource_from_json(block) for block in data.get("providers", ())],  # an older run has none
    )


def _gap_from_json(gap: Mapping[str, Any]) -> Gap:
    given = tuple(gap.get("given", ()))  # an older run has none
    return Gap(gap["subject"], gap["reason"], _parse_position(gap["position"]), given)


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


def _resource_to_json(resource: Resource) -> dict[str, Any]:
    values, origin = resource.values, resource.origin
    stated: Any = None
    if resource.type == "provider_block":  # of each value there is but a word on where it comes from
        stated = [*values.items()]
    else:
        clean = REDACTOR.redact(values)
        values = {name: _hide(name, value) if name in resource.sensitive else value for name, value in clean.items()}
    return {
        "address": resource.address,
        "type": resource.type,
        "name": resource.name,
        "mode": resource.mode,
        "module": resource.module,
        "values": stated or _mark_unknown(values),
        # pairs, as the name of an argument says nothing of what stands beside it here
        "references": [[name, list(targets)] for name, targets in resource.references.items()],
        "sensitive": sorted(resource.sensitive),
        "credentials": [[name, list(handed)] for name, handed in resource.credentials.items()],
        "outlines": [[name, _mark_unknown(REDACTOR.redact(each))] for name, each in resource.outlines.items()],
        "provider": resource.provider,
        "block": str(origin.block) if origin else "",
        "arguments": [[path, list(map(str, each))] for path, each in origin.arguments.items()] if origin else [],
    }


def _hide(name: str, value: Any) -> Any:
    """Return what is kept of a sensitive argument: nothing but which secrets it holds.

    One that is not set or known holds none, and must not look set.
    """
    if isinstance(value, Mapping):
        parts: Any = {key: _hide(key, item) for key, item in value.items()}
        return parts if any(each is not REDACTED for each in parts.values()) else REDACTED if parts else value
    if isinstance(value, list | tuple):
        parts = [_hide(name, item) for item in value]
        return parts if any(each is not REDACTED for each in parts) else REDACTED if parts else value
    if isinstance(value, str) and is_redacted(value):
        return _redacted(value)
    if isinstance(value, str) and (held := [*find_secrets(name, value)]):
        return _redacted("\n".join(f"{each}={redaction(why)}" for each, why in held))
    return value if isinstance(value, Unknown) or value in (None, "") else REDACTED


def _redacted(text: str) -> Assumed:
    return Assumed(text, ("secret",), REDACTED.reason)


def _resource_from_json(data: Mapping[str, Any]) -> Resource:
    block = _parse_position(data["block"])
    places, named, values = dict(data["arguments"]), dict(data["references"]), dict(data["values"])
    arguments = {path: tuple(filter(None, map(_parse_position, each))) for path, each in places.items()}
    references = {name: tuple(targets) for name, targets in named.items()}
    handed = data.get("credentials")  # runs of earlier versions say of which resources alone
    return Resource(
        address=data["address"],
        type=data["type"],
        name=data["name"],
        mode=data["mode"],
        module=data["module"],
        values=_unmark_unknown(values),
        references=references,
        sensitive=frozenset(data["sensitive"]),
        credentials=find_credentials(references)
        if handed is None
        else {name: tuple(each) for name, each in dict(handed).items()},
        outlines={name: _unmark_unknown(each) for name, each in data.get("outlines", ())},
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
    if isinstance(value, str) and is_redacted(value):
        return _redacted(value)
    return [_unmark_unknown(item) for item in value] if isinstance(value, list) else value
