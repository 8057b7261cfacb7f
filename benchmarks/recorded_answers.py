"""Responses that AWS gave to others, or prints in its documentation, as boto3 would return them."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import botocore.session
from botocore.exceptions import DataNotFoundError
from botocore.utils import parse_timestamp

from prodgate.aws.actions import READS

SESSION = botocore.session.get_session()
#: Name of a file: the first part of a service's host name, an operation, and a number.
_FILE = re.compile(r"(?P<host>[\w.-]+)\.(?P<operation>[A-Z]\w+)_\d+\.json")
#: Members that mark a list as continued; which page followed is unknown.
_FURTHER = ("NextToken", "nextToken", "Marker", "NextMarker", "PaginationToken", "IsTruncated", "Truncated", "hasMore")
#: The lowest HTTP status that is an error.
_ERROR = 300


@dataclass(frozen=True, slots=True)
class Answered:
    """One response: its content, or AWS's error code and message."""

    service: str
    operation: str
    source: str
    """The file, or the example, that it comes from."""
    members: Mapping[str, Any] = field(default_factory=dict)
    error: Mapping[str, str] = field(default_factory=dict)

    @property
    def call(self) -> tuple[str, str]:
        """The call that it answers."""
        return self.service, self.operation


@cache
def shape(service: str, operation: str) -> Any:
    """Return botocore's shape of a response, None for one without members."""
    model = SESSION.get_service_model(service)
    return model.operation_model(operation).output_shape if operation in model.operation_names else None


def read_folder(folder: Path) -> Iterator[Answered]:
    """Yield the responses of operations that the gate calls, from files as placebo writes them."""
    by_host: dict[str, list[str]] = defaultdict(list)
    for service in READS:
        by_host[SESSION.get_service_model(service).endpoint_prefix].append(service)
    for path in sorted(folder.rglob("*.json")):
        named = _FILE.fullmatch(path.name)
        for service in by_host[named["host"]] if named else ():
            if named and named["operation"] in READS[service]:
                source = path.relative_to(folder).as_posix()
                yield from _read_file(service, named["operation"], source, json.loads(path.read_text("utf-8")))


def read_examples() -> Iterator[Answered]:
    """Yield the documented AWS examples that botocore contains."""
    loader = SESSION.get_component("data_loader")
    for service, operations in READS.items():
        try:
            documented = loader.load_service_model(service, "examples-1")["examples"]
        except DataNotFoundError:
            continue
        for operation in operations:
            for number, example in enumerate(documented.get(operation, ())):
                if members := example.get("output"):
                    source = f"{service} {operation}, example {number + 1}"
                    yield Answered(service, operation, source, _convert(members, shape(service, operation)))


def _read_file(service: str, operation: str, source: str, stored: Mapping[str, Any]) -> Iterator[Answered]:
    data = {name: value for name, value in (stored.get("data") or {}).items() if name != "ResponseMetadata"}
    if stored.get("status_code", 200) >= _ERROR or "Error" in data:
        error = data.get("Error", {})
        code = str(error.get("Code") or data.get("Code") or stored["status_code"])
        yield Answered(service, operation, source, error={"Code": code, "Message": str(error.get("Message", ""))})
    elif set(data) <= set(shape(service, operation).members):  # else of another service of this host: classic balancers
        yield Answered(service, operation, source, _convert(data, shape(service, operation)))


def _convert(value: Any, of: Any) -> Any:
    """Return a value as boto3 has it, with times and bytes; markers of a continued list are left out."""
    if isinstance(value, Mapping) and "__class__" in value:
        value = _revive(value)
    kind = getattr(of, "type_name", "")
    if kind == "timestamp":
        return _read_time(value)
    if kind == "blob" and isinstance(value, str | bytes):
        content = value if isinstance(value, bytes) else value.encode()
        return BytesIO(content) if of.serialization.get("streaming") else content
    if isinstance(value, Mapping):
        inner = of.members if kind == "structure" else {}
        one = getattr(of, "value", None) if kind == "map" else None
        known = {key: _convert(item, inner.get(key, one)) for key, item in value.items() if key not in _FURTHER}
        return {key: item for key, item in known.items() if item is not None}  # as botocore leaves them out
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_convert(item, getattr(of, "member", None)) for item in value]
    return value


def _read_time(value: Any) -> Any:
    """Return a time that is written in one of several ways; None if a recording has lost it."""
    if isinstance(value, Mapping):
        return _revive({**value, "__class__": "datetime"}) if "year" in value else None
    return _in_zone(parse_timestamp(value)) if isinstance(value, str | int | float) else value


def _revive(value: Mapping[str, Any]) -> Any:
    if value["__class__"] == "datetime":
        parts = {part: int(value[part]) for part in ("year", "month", "day", "hour", "minute", "second", "microsecond")}
        return datetime(**parts, tzinfo=UTC)
    return str(next((item for name, item in value.items() if not name.startswith("__")), "")).encode()


def _in_zone(time: datetime) -> datetime:
    return time if time.tzinfo else time.replace(tzinfo=UTC)
