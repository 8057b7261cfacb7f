"""The terms of criteria for people's records, the section [attested], and the records themselves."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any, Final

from ..criteria import LAYERS, Criterion, UsageError, suggest
from ..quantities import Quantity, UnitError
from ..semantics.names import fold, mixes_scripts, says_nothing
from .fields import Key, Kind, flag, is_text_list, key, keys_of, many, plain, quantity, quote, table, text
from .toml_text import TomlError, parse_toml, render_mistakes

#: Keys of a criterion that speak of records, with their types.
TERM_KEYS: Final[Mapping[str, tuple[type, ...]]] = {"attested_by": (int,), "document": (dict,), "shown_by": (str,)}
#: A path below the project, as every system writes it.
_PATH: Final = re.compile(r"[\w.-][\w. -]*(/[\w.-][\w. -]*)*")


def is_inside(path: Any) -> bool:
    """Whether a value is the path of something below a folder, written the one way in which it can be."""
    return (
        isinstance(path, str)
        and _PATH.fullmatch(path) is not None
        and str(PurePosixPath(path)) == path
        and not {".", ".."} & set(PurePosixPath(path).parts)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestedSection:
    """Where the records of what people say are, and how long before its end one is called due."""

    folder: str = key(
        text('a folder of the project, e.g. folder = "attestations"', is_inside),
        "Where the records are; relative to the criteria file.",
        "attestations",
    )
    due: Quantity = key(quantity("time", "30 d"), "How long before its end a record is called due.", "30 d")


ATTESTED: Final = table(AttestedSection, '[attested] with folder = "attestations"', keys_of(AttestedSection))


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The terms of a criterion for a record."""

    attested_by: int
    """How many people must stand for it."""
    document: str
    """Path of the document that they must have looked at, which says something under each of the ``sections``."""
    sections: tuple[str, ...]
    shown_by: str
    """Layer that a gate run must have judged for them to cite it."""


def read_terms(criterion: Criterion) -> Terms:
    """Return what a criterion asks of a record."""
    stated = criterion.layer_keys
    document = stated.get("document", {})
    return Terms(
        attested_by=stated.get("attested_by", 1),
        document=document.get("path", ""),
        sections=tuple(document.get("sections", ())),
        shown_by=stated.get("shown_by", ""),
    )


def terms_mistakes(where: str, table: Mapping[str, Any]) -> Iterator[str]:
    """Say what is wrong with what a criterion asks of records; the types of its keys are known to be right."""
    layers = table["layers"] if is_text_list(table["layers"]) else []
    if "attested" not in layers:
        for name in (each for each in TERM_KEYS if each in table):
            yield f"{where}.{name}: speaks of a record, and 'attested' is not among the layers; add it, or drop this"
        return
    yield from _bound_mistakes(where, table.get("require", "<= 1 d"))
    if (layer := table.get("shown_by", "load")) not in LAYERS or layer == "attested":
        hint = suggest(layer, LAYERS) or f"; write one of {', '.join(each for each in LAYERS if each != 'attested')}"
        yield f"{where}.shown_by: {layer!r} is no layer that a run judges{hint}"
    if "document" in table:
        yield from DOCUMENT.find(f"{where}.document", table["document"])


def _bound_mistakes(where: str, require: str) -> Iterator[str]:
    """Yield the mistake that the bound of a record is not one on its age."""
    match = re.fullmatch(r"\s*(<=|>=|==|<|>)\s*(.+)", require, re.DOTALL)
    try:
        timely = match is not None and "{" not in require and Quantity.parse(match[2]).dimension == "time"
    except UnitError:
        timely = False
    if match is None or match[1] not in ("<", "<=") or not timely:
        wrong = "bounds no age, and a record has nothing else to compare"
        yield f"{where}.require: is {require!r}, which {wrong}; write e.g. '<= 90 d', or a criterion for each layer"


_DOCUMENT: Final = '{ path = "docs/operations/runbook.md", sections = ["Who is called"] }'
DOCUMENT: Final = table(
    dict[str, Any],
    _DOCUMENT,
    {
        "path": Key(
            kind=text(f"the path of a file of the project, e.g. {_DOCUMENT}", is_inside),
            meaning="The file.",
            example='"docs/operations/runbook.md"',
        ),
        "sections": Key(
            kind=plain(
                lambda value: is_text_list(value) and not any(map(says_nothing, value)) and len({*value}) == len(value),
                f"the headings that it must have, each once, e.g. {_DOCUMENT}",
            ),
            meaning="Headings under which it must say something.",
            usual=[],
        ),
    },
)


# ── A record of what a person says of a criterion

#: What stands in place of a time in a record that is as old as the rehearsal that reads it.
REHEARSAL: Final = "rehearsal"
#: How far the clock of whoever wrote a record may be ahead of the one that reads it.
_SKEW: Final = timedelta(minutes=5)
#: Years in which somebody can have looked at something, and until which it can hold.
_YEARS: Final = range(2000, 2200)
#: Letters of the shortest statement that says something.
_LEAST_SAID: Final = 3
_RUN: Final = re.compile(r"\d{4}-\d\d-\d\dT\d{6}Z-[0-9a-f]{7}")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_LINK: Final = re.compile(r"https?://[^\s<>\"']+")
#: Most documents, runs or links of a record.
_MOST: Final = 50


class AttestationError(UsageError):
    """A record cannot be used; each line of the message is one mistake."""


def _word(meaning: str, example: str) -> Any:
    def find(where: str, value: Any) -> Iterator[str]:
        if not isinstance(value, str) or says_nothing(value):
            yield f"{where}: is {value!r}; write e.g. {where.rpartition('.')[2]} = {example}"
        elif mixes_scripts(value):
            yield f"{where}: {value!r} mixes letters of several scripts that look alike; write it in one"

    return key(Kind(find=find, read=str, schema={"type": "string"}), meaning, example=example)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who stands for what a record says."""

    name: str = _word("Who it is.", '"Ana Souza <ana@example.com>"')
    role: str = _word("In which role.", '"Site reliability engineer"')

    def __str__(self) -> str:
        return f"{self.name} ({self.role})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A person's statement on a criterion, with its grounds."""

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
    if mistakes := [each.removeprefix(".") for each in (*RECORD.find("", data), *_time_mistakes(data, now))]:
        raise AttestationError(render_mistakes(f"{path}: {mistake}" for mistake in mistakes))
    return RECORD.read(data)


def _time_mistakes(data: Mapping[str, Any], now: datetime) -> Iterator[str]:
    """Say what is wrong with when a record was made and how long it holds, both taken together."""
    when, until = data.get("when"), data.get("valid_until")
    if when is None or until is None:
        return
    if REHEARSAL in (when, until):
        if when != until:
            both = f"is {quote(until)} and when is {quote(when)}"
            yield f'valid_until: {both}; write "{REHEARSAL}" for both, or a time for both'
        if data.get(REHEARSAL) is not True:
            yield f'when: is "{REHEARSAL}", in a record that counts elsewhere, too; write {REHEARSAL} = true, or a time'
    elif _is_moment(when) and _is_moment(until):
        if when > now + _SKEW:
            yield f"when: is {when}, which is still to come at {now:%Y-%m-%dT%H:%M:%SZ}; write when it was looked at"
        if until <= when:
            yield f"valid_until: is {until}, which is not after when; write a later time"


def _is_moment(value: Any) -> bool:
    return isinstance(value, datetime) and value.tzinfo is not None and value.year in _YEARS


def _find_moment(where: str, value: Any) -> Iterator[str]:
    if value == REHEARSAL or _is_moment(value):
        return
    wrong = "has no zone" if isinstance(value, datetime) and value.tzinfo is None else f"is {quote(value)}"
    name = where.rpartition(".")[2]
    yield f"{where}: {wrong}; write a time with its zone, without quotes, e.g. {name} = 2026-11-27T09:30:00+09:00"


def _find_doubles(where: str, _: Mapping[str, Any], sound: Mapping[str, Any]) -> Iterator[str]:
    named = {**sound, "documents": [each["path"] for each in sound.get("documents", ())]}
    for name in ("documents", "runs", "links"):
        if twice := sorted(each for each, times in Counter(named.get(name, ())).items() if times > 1):
            yield f"{where}.{name}: names {twice[0]!r} twice; write each once"


def _names_of(form: re.Pattern[str], example: str) -> Kind[Any]:
    return many(
        text(f"e.g. '{example}'", form.fullmatch, "{} is none"), f"a list of texts, e.g. ['{example}']", most=_MOST
    )


def _key(kind: Kind[Any], meaning: str, example: str = "") -> Key:
    return Key(kind=kind, meaning=meaning, example=example) if example else Key(kind=kind, meaning=meaning, usual=None)


_TIME: Final = Kind(
    find=_find_moment,
    read=lambda value: value.astimezone(UTC) if isinstance(value, datetime) else None,
    schema={"type": "string"},
)
_FILE: Final = table(
    dict[str, str],
    '{ path = "docs/runbook.md", sha256 = "…" }',
    {
        "path": _key(text("the path of a file inside the project, without ..", is_inside), "The file.", '"docs/a.md"'),
        "sha256": _key(text("the 64 digits that sha256sum prints", _DIGEST.fullmatch), "Its digest.", '"…"'),
    },
)
RECORD: Final = table(
    lambda documents=(), **stated: Record(documents={each["path"]: each["sha256"] for each in documents}, **stated),
    "a record",
    {
        "criterion": _key(
            text("the id of a criterion, e.g. criterion = 'runbook'", re.compile(r"[a-z0-9]+(-[a-z0-9]+)*").fullmatch),
            "The criterion that it speaks of.",
            "'runbook'",
        ),
        "statement": _key(
            text(
                "what was looked at and found",
                lambda said: not says_nothing(said) and len(set(fold(said))) >= _LEAST_SAID,
            ),
            "What was looked at and found.",
            "'…'",
        ),
        "when": _key(_TIME, "When that was.", "2026-11-27T09:30:00+09:00"),
        "valid_until": _key(_TIME, "How long it holds.", "2026-11-27T09:30:00+09:00"),
        "by": _key(
            table(Person, "[by] with name and role", keys_of(Person)),
            "Who stands for it.",
            '{ name = "…", role = "…" }',
        ),
        "second": _key(table(Person, "[second] with name and role", keys_of(Person)), "Who else does."),
        "documents": _key(
            many(_FILE, '[[documents]] with path = "docs/runbook.md" and sha256 = "…"', most=_MOST, place=".{}"),
            "The documents that were looked at.",
        ),
        "runs": _key(_names_of(_RUN, "2026-11-24T130000Z-3f2a9c1"), "Runs of the gate that show it."),
        "links": _key(_names_of(_LINK, "https://example.com/tickets/17"), "Where more is to be read."),
        REHEARSAL: _key(flag(), "Whether it is made for rehearsals, so that it says nothing of a real system."),
    },
    _find_doubles,
)
