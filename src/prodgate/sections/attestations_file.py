"""Reading a record of what a person says of one criterion: validated whole, every mistake one line of the message."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from ..criteria import UsageError
from ..semantics.names import fold, mixes_scripts, says_nothing
from .attested import is_inside
from .toml_text import TomlError, parse_toml, render_mistakes
from .validation import is_text_list, key_mistakes

#: What stands in place of a time in a record that is as old as the rehearsal that reads it.
REHEARSAL: Final = "rehearsal"
#: How far the clock of whoever wrote a record may be ahead of the one that reads it.
_SKEW: Final = timedelta(minutes=5)
#: Years in which somebody can have looked at something, and until which it can hold.
_YEARS: Final = range(2000, 2200)
#: Letters of the shortest statement that says something.
_LEAST_SAID: Final = 3
_REQUIRED: Final = ("criterion", "statement", "when", "valid_until", "by")
_KEYS: Final = (*_REQUIRED, "second", "documents", "runs", "links", REHEARSAL)
_RUN: Final = re.compile(r"\d{4}-\d\d-\d\dT\d{6}Z-[0-9a-f]{7}")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_LINK: Final = re.compile(r"https?://[^\s<>\"']+")
#: Most documents, runs or links of a record.
_MOST: Final = 50


class AttestationError(UsageError):
    """A record cannot be used; each line of the message is one mistake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who stands for what a record says."""

    name: str
    role: str

    def __str__(self) -> str:
        return f"{self.name} ({self.role})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What a person says of a criterion, and on what grounds."""

    criterion: str
    statement: str
    by: Person
    second: Person | None = None
    when: datetime | None
    """None for a record that is as old as the rehearsal that reads it."""
    valid_until: datetime | None
    """None for as long as that rehearsal takes."""
    documents: Mapping[str, str]
    """SHA-256, in hex, of each document that was looked at, by its path from the project's folder."""
    runs: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    rehearsal: bool = False
    """Made for rehearsals, so that it says nothing of a real system."""


def parse_attestation(text: str, path: Path | str, now: datetime) -> Record:
    """Validate the text of a record as it is read at ``now``; ``path`` is only named. Raises AttestationError."""
    try:
        data = parse_toml(text)
    except TomlError as error:
        raise AttestationError(f"{path}: {error}") from None
    if mistakes := list(_mistakes(data, now)):
        raise AttestationError(render_mistakes(f"{path}: {mistake}" for mistake in mistakes))
    return Record(
        criterion=data["criterion"],
        statement=data["statement"],
        by=Person(**data["by"]),
        second=Person(**data["second"]) if "second" in data else None,
        when=_parse_moment(data["when"]),
        valid_until=_parse_moment(data["valid_until"]),
        documents={each["path"]: each["sha256"] for each in data.get("documents", [])},
        runs=tuple(data.get("runs", ())),
        links=tuple(data.get("links", ())),
        rehearsal=data.get(REHEARSAL, False),
    )


def _parse_moment(value: Any) -> datetime | None:
    return value.astimezone(UTC) if isinstance(value, datetime) else None


def _mistakes(data: Mapping[str, Any], now: datetime) -> Iterator[str]:
    for key in (each for each in _REQUIRED if each not in data):
        yield f"{key}: is missing; every record states {', '.join(_REQUIRED)}"
    for key in data:
        if key not in _KEYS:
            yield from (each.removeprefix(".") for each in key_mistakes("", (key,), _KEYS))
        else:
            yield from _FINDERS[key](key, data[key])
    if not isinstance(data.get(REHEARSAL, False), bool):
        yield f"{REHEARSAL}: is {data[REHEARSAL]!r}; write true or false"
    if "when" in data and "valid_until" in data:
        yield from _time_mistakes(data, now)


def _time_mistakes(data: Mapping[str, Any], now: datetime) -> Iterator[str]:
    """Say what is wrong with when a record was made and how long it holds, both taken together."""
    when, until = data["when"], data["valid_until"]
    if REHEARSAL in (when, until):
        if when != until:
            yield f'valid_until: is {until!r} and when is {when!r}; write "{REHEARSAL}" for both, or a time for both'
        if data.get(REHEARSAL) is not True:
            yield f'when: is "{REHEARSAL}", in a record that counts elsewhere, too; write {REHEARSAL} = true, or a time'
    elif _is_moment(when) and _is_moment(until):
        if when > now + _SKEW:
            yield f"when: is {when}, which is still to come at {now:%Y-%m-%dT%H:%M:%SZ}; write when it was looked at"
        if until <= when:
            yield f"valid_until: is {until}, which is not after when; write a later time"


def _is_moment(value: Any) -> bool:
    return isinstance(value, datetime) and value.tzinfo is not None and value.year in _YEARS


def _find_moment(key: str, value: Any) -> Iterator[str]:
    if value == REHEARSAL or _is_moment(value):
        return
    zoned = isinstance(value, datetime) and value.tzinfo is not None
    named = f"is {value}" if zoned else "has no zone" if isinstance(value, datetime) else f"is {value!r}"
    yield f"{key}: {named}; write a time with its zone, without quotes, e.g. {key} = 2026-11-27T09:30:00+09:00"


def _find_criterion(key: str, value: Any) -> Iterator[str]:
    if not isinstance(value, str) or not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", value):
        yield f"{key}: is {value!r}; write the id of a criterion, e.g. {key} = 'runbook'"


def _find_statement(key: str, value: Any) -> Iterator[str]:
    if not isinstance(value, str) or says_nothing(value) or len(set(fold(value))) < _LEAST_SAID:
        yield f"{key}: is {value!r}; write what was looked at and found"


def _find_person(key: str, value: Any) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{key}: is {value!r}; write [{key}] with name and role"
        return
    yield from key_mistakes(key, value, ("name", "role"))
    for word in ("name", "role"):
        said = value.get(word, "")
        if not isinstance(said, str) or says_nothing(said):
            yield f'{key}.{word}: is {said!r}; write e.g. {word} = "{_EXAMPLES[word]}"'
        elif mixes_scripts(said):
            yield f"{key}.{word}: {said!r} mixes letters of several scripts that look alike; write it in one"


_EXAMPLES: Final = {"name": "Ana Souza <ana@example.com>", "role": "Site reliability engineer"}


def _find_documents(key: str, value: Any) -> Iterator[str]:
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value) or len(value) > _MOST:
        yield f'{key}: is no list of tables; write [[{key}]] with path = "docs/runbook.md" and sha256 = "…"'
        return
    for place, each in enumerate(value, start=1):
        where = f"{key}.{place}"
        yield from key_mistakes(where, each, ("path", "sha256"))
        if not is_inside(each.get("path")):
            yield f"{where}.path: is {each.get('path')!r}; write the path of a file inside the project, without .."
        if not isinstance(each.get("sha256"), str) or not _DIGEST.fullmatch(each["sha256"]):
            yield f"{where}.sha256: is {each.get('sha256')!r}; write the 64 digits that sha256sum prints"
    paths = [str(each.get("path")) for each in value]
    if twice := sorted({path for path in paths if paths.count(path) > 1}):
        yield f"{key}: names {twice[0]!r} twice; write each once"


def _find_texts(pattern: re.Pattern[str], example: str) -> Callable[[str, Any], Iterator[str]]:
    def find(key: str, value: Any) -> Iterator[str]:
        if not is_text_list(value) or len(value) > _MOST:
            yield f"{key}: is {value!r}; write a list of texts, e.g. {key} = ['{example}']"
            return
        yield from (f"{key}: {each!r} is none; write e.g. '{example}'" for each in value if not pattern.fullmatch(each))
        if twice := sorted({each for each in value if value.count(each) > 1}):
            yield f"{key}: names {twice[0]!r} twice; write each once"

    return find


def _find_nothing(_key: str, _value: Any) -> Iterator[str]:
    return iter(())


_FINDERS: Final[Mapping[str, Callable[[str, Any], Iterator[str]]]] = {
    "criterion": _find_criterion,
    "statement": _find_statement,
    "when": _find_moment,
    "valid_until": _find_moment,
    "by": _find_person,
    "second": _find_person,
    "documents": _find_documents,
    "runs": _find_texts(_RUN, "2026-11-24T130000Z-3f2a9c1"),
    "links": _find_texts(_LINK, "https://example.com/tickets/17"),
    REHEARSAL: _find_nothing,
}
