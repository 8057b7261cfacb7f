"""The record of calls: kept as evidence while an account is observed, and replayed when it is judged again."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .answers import Absent, Unreadable
from .plain_json import canonical_json, revive, to_plain


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
        for (service, region), records in sorted(places.items()):
            yield service, region, records

    def pages(
        self, service: str, operation: str, region: str, parameters: Mapping[str, Any], *, whole: bool
    ) -> Sequence[Any]:
        """Answer as AWS did when the records were made. Raises Absent and Unreadable."""
        call = Call(service=service, operation=operation, region=region, parameters=parameters, whole=whole)
        record = self.records.get(call.key)
        if record is None:
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
