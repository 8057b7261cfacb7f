"""Answers as evidence: plain values without secrets, kept while an account is observed, and replayed later."""

import base64
import hashlib
import json
import re
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from typing import Any, Final
from zipfile import BadZipFile, ZipFile

from ..semantics.log_lines import find_kind
from ..semantics.secret_forms import credential_form, redaction
from ..semantics.secret_places import REDACTOR
from ..semantics.startup_scripts import list_exports
from .answers import Absent, Unreadable

# ── Plain JSON values without secrets, and back, so that a recalled answer equals the original

_TIME: Final = "$time"
#: Types that JSON also has.
_PLAIN: Final = frozenset({bool, float, int, str, type(None)})
_BYTES: Final = "$bytes"
#: Host of a subscriber's URL; the rest of it is often a secret key.
_ADDRESS: Final = re.compile(r"https?://[^/?#]+(?=[/?#])")

#: Keys below which every text may be a secret and which no check reads: what a load balancer recognises
#: CloudFront by, the input that a rule passes to its target. (Values of a condition on a header are also hidden.)
_HIDDEN: Final = frozenset({"HeaderValue", "HttpParameters", "Input", "InputTransformer"})


def to_plain(answer: Any) -> Any:
    """Return an answer of boto3 as JSON values, without botocore's metadata; a body becomes its size and digest.

    What looks like a secret is replaced by a mark that ``credential_form`` recognises; the secret is never kept.
    """
    return REDACTOR.redact(_hide(_convert(answer)))


def _hide_key(key: str, value: Any, beside: Mapping[str, Any]) -> Any:
    """Return what may be kept of the value under a key."""
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
    return _hide(value)


def revive(value: Any) -> Any:
    """Return the answer that ``to_plain`` converted, with times and bytes as boto3 returns them."""
    return json.loads(canonical_json(value), object_hook=_revive)


def canonical_json(value: Any) -> str:
    """Return the canonical JSON text of a plain value."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _convert(value: Any) -> Any:
    if type(value) in _PLAIN:
        return value
    if isinstance(value, Mapping):
        return {str(key): _convert(item) for key, item in value.items() if key != "ResponseMetadata"}
    if isinstance(value, list | tuple):
        return [_convert(item) for item in value]
    if isinstance(value, datetime):
        return {_TIME: value.isoformat()}
    if isinstance(value, bytes):
        return {_BYTES: base64.b64encode(value).decode("ascii")}
    return _digest(value.read()) if hasattr(value, "read") else value


def _digest(data: bytes) -> dict[str, Any]:
    """Return size and digest of a body, of an archive also the digest of each file, and of a script what it exports."""
    found: dict[str, Any] = {"Sha256": hashlib.sha256(data).hexdigest(), "Size": len(data)}
    if data.startswith(b"PK\x03\x04"):
        with suppress(BadZipFile, RuntimeError, NotImplementedError), ZipFile(BytesIO(data)) as archive:
            files = [one for one in archive.infolist() if not one.is_dir()]
            found["Files"] = {one.filename: hashlib.sha256(archive.read(one)).hexdigest() for one in files}
    if data.startswith(b"#!"):
        found["Exports"] = list_exports(data.decode(errors="replace"))
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


def _hide(value: Any) -> Any:
    """Return an answer without what may not be kept whatever it looks like."""
    if isinstance(value, dict):
        return {key: _hide_key(key, item, value) for key, item in value.items()}
    return [_hide(item) for item in value] if isinstance(value, list) else value


def _map_texts(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {change(key): _map_texts(item, change) for key, item in value.items()}
    return [_map_texts(item, change) for item in value] if isinstance(value, list) else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call to AWS."""

    service: str
    operation: str
    region: str
    parameters: Mapping[str, Any]
    whole: bool
    """Whether every page is wanted, or one answer that must not be part of a longer one."""

    @property
    def key(self) -> str:
        """Identifies equal calls."""
        return canonical_json([self.service, self.region, self.operation, to_plain(self.parameters), self.whole])


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The outcome of a call. Exactly one of pages, absent and unreadable is filled."""

    call: Call
    pages: Sequence[Any] = ()
    """Plain values, as ``to_plain`` makes them."""
    absent: str = ""
    unreadable: str = ""
    words: str = ""
    """AWS's own error message."""
    requests: Sequence[Mapping[str, Any]] = ()
    """For each request: its id, the server's date, host, status and the number of retries."""

    def value(self) -> Sequence[Any]:
        """Return the pages. Raises Absent and Unreadable."""
        if self.unreadable:
            raise Unreadable(self.unreadable)
        if self.absent:
            raise Absent(self.absent)
        answer: Sequence[Any] = revive(self.pages)
        return answer

    def to_json(self) -> dict[str, Any]:
        """Return the record as JSON values, without service and region."""
        given = {"pages": self.pages} if self.pages else {"absent": self.absent, "unreadable": self.unreadable}
        fields = {**given, "words": self.words, "requests": self.requests}
        return {
            "operation": self.call.operation,
            "parameters": to_plain(self.call.parameters),
            "whole": self.call.whole,
            **{name: value for name, value in fields.items() if value},
        }


@dataclass(frozen=True, slots=True)
class Recording:
    """The records of one observation; threads may add to it."""

    records: dict[str, Record] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, record: Record) -> None:
        """Keep a record."""
        with self._lock:
            self.records[record.call.key] = record

    def by_place(self) -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
        """Yield (service, region, records as JSON values), in an order that depends only on the calls."""
        places: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        for _, record in sorted(self.records.items()):
            places[record.call.service, record.call.region].append(record.to_json())
        yield from ((service, region, records) for (service, region), records in sorted(places.items()))

    def pages(
        self, service: str, operation: str, region: str, parameters: Mapping[str, Any], *, whole: bool
    ) -> Sequence[Any]:
        """Answer as AWS did when the records were made. Raises Absent and Unreadable."""
        call = Call(service=service, operation=operation, region=region, parameters=parameters, whole=whole)
        if (record := self.records.get(call.key)) is None:
            raise Unreadable(f"{service} {operation} in {region}: was not asked in that run; observe again")
        return record.value()


def recall(stored: Iterable[Mapping[str, Any]]) -> Recording:
    """Return the recording of an earlier run, from ``{"service": …, "region": …, "calls": [records]}``."""
    recording = Recording()
    for place in stored:
        for record in place["calls"]:
            recording.add(_parse_record(place["service"], place["region"], record))
    return recording


def _parse_record(service: str, region: str, stored: Mapping[str, Any]) -> Record:
    call = Call(
        service=service,
        operation=stored["operation"],
        region=region,
        parameters=revive(stored["parameters"]),
        whole=stored["whole"],
    )
    rest = {name: stored[name] for name in ("pages", "absent", "unreadable", "words", "requests") if name in stored}
    return Record(call=call, **rest)
